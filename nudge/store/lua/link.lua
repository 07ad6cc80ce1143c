-- Says once into whom a subject turned out to be, and appends the event that says so.
--
-- KEYS[1]  journal, stream; appended to
-- KEYS[2]  seq, string; last position; written
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot):
--            person:<subject>   hash (at, into = "<partition> <subject>"); written
--            seen:<subject>     zset of digests by stamp, written
--            numbers:<subject>, texts:<subject>   hashes, read: what the other one takes over; their
--                  life is written
--            vault:<visitor hash>   hash, of each id of the subject; its life is written
-- ARGV[2]  subject
-- ARGV[3]  "<partition> <subject>" of the other one
-- ARGV[4]  digest of the event's id
-- ARGV[5]  payload of the event
-- ARGV[6]  milliseconds that an id is remembered
-- Returns  {into, numbers, texts}: where the subject goes now, this time or since before
local person = ARGV[1] .. 'person:' .. ARGV[2]
if redis.call('TTL', person) >= 0 then
  -- Pages alone spoke of the subject so far: from now on it is kept for good.
  for _, family in ipairs({'person:', 'numbers:', 'texts:'}) do
    redis.call('PERSIST', ARGV[1] .. family .. ARGV[2])
  end
  for _, field in ipairs(redis.call('HKEYS', person)) do
    if string.sub(field, 1, 2) == 'h:' then
      redis.call('PERSIST', ARGV[1] .. 'vault:' .. string.sub(field, 3))
    end
  end
end
local into = redis.call('HGET', person, 'into')
if not into then
  into = ARGV[3]
  local time = redis.call('TIME')
  local stamp = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
  redis.call('HSET', person, 'into', into)
  redis.call('HSETNX', person, 'at', time[1])
  local seen = ARGV[1] .. 'seen:' .. ARGV[2]
  redis.call('ZADD', seen, stamp, ARGV[4])
  redis.call('PEXPIRE', seen, ARGV[6])
  local position = redis.call('INCR', KEYS[2])
  redis.call('XADD', KEYS[1], string.format('%.0f-0', position), 't', stamp, 's', ARGV[2], 'r', ARGV[5])
end
return {
  into,
  redis.call('HGETALL', ARGV[1] .. 'numbers:' .. ARGV[2]),
  redis.call('HGETALL', ARGV[1] .. 'texts:' .. ARGV[2]),
}
