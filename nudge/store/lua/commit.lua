-- Commits one batch of a fold: its state, its records and its position, all or nothing.
--
-- KEYS[1]  fold, hash (token, position, ...); checked and written
-- KEYS[2]  journal, stream; appended to
-- KEYS[3]  seq, string; last position; written
-- KEYS[4...]  the keys that the operations name (`FoldWrite`), all in this hash slot; written
-- ARGV[1]  fencing token
-- ARGV[2]  position that the batch started from
-- ARGV[3]  position that it ends at
-- ARGV[4]  number of records, then for each: subject, payload
-- ARGV[...] operations, each: command, number of its key in KEYS, number of arguments, arguments
-- Returns  the last position appended (or 0)
-- Errors   FENCED where another owner holds the fold, or the position is not the expected one;
--          BROKEN where an operation failed, now or before. A script is not rolled back, so the
--          fold must be rebuilt; until then nothing more is committed, or it would be doubled.
local now = redis.call('HMGET', KEYS[1], 'token', 'position', 'broken')
if now[3] then
  return redis.error_reply('BROKEN the fold must be rebuilt: ' .. now[3])
end
if now[1] ~= ARGV[1] then
  return redis.error_reply('FENCED the lease has passed to token ' .. tostring(now[1]))
end
if (now[2] or '0') ~= ARGV[2] then
  return redis.error_reply('FENCED the position is ' .. tostring(now[2]) .. ', not ' .. ARGV[2])
end
local function broken(what, done)
  local why = what .. ': ' .. done.err
  redis.call('HSET', KEYS[1], 'broken', why)
  return redis.error_reply('BROKEN the fold must be rebuilt: ' .. why)
end
local records = tonumber(ARGV[4])
local at = 5 + 2 * records
while at <= #ARGV do
  local count = tonumber(ARGV[at + 2])
  local args = {}
  for i = 1, count do
    args[i] = ARGV[at + 2 + i]
  end
  local key = KEYS[tonumber(ARGV[at + 1])]
  local done = redis.pcall(ARGV[at], key, unpack(args))
  if type(done) == 'table' and done.err then
    return broken(ARGV[at] .. ' ' .. key, done)
  end
  -- A sum that came to nothing is as if it had never been: a rebuild, in other batches, agrees.
  if done == 0 and ARGV[at] == 'HINCRBY' then
    redis.call('HDEL', key, args[1])
  end
  at = at + 3 + count
end
-- The records come last: those of a batch that broke would be written again after the rebuild.
local time = redis.call('TIME')
local stamp = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local last = 0
for i = 1, records do
  last = redis.call('INCR', KEYS[3])
  local done = redis.pcall('XADD', KEYS[2], string.format('%.0f-0', last), 't', stamp,
    's', ARGV[3 + 2 * i], 'r', ARGV[4 + 2 * i])
  if type(done) == 'table' and done.err then
    return broken('XADD ' .. KEYS[2], done)
  end
end
redis.call('HSET', KEYS[1], 'position', ARGV[3])
return last
