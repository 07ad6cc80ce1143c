-- Appends a heartbeat where a partition is silent and something in it waits for time to pass: an
-- open exposure, or a record that stays open for a while behind its arrival. Another one follows a
-- minute later, so that the archive knows that the first was read. Where something was due for a
-- watch since the last record, one comes after a few seconds. Any number of callers may ask: what
-- one appended is no silence for the next.
--
-- KEYS[1]  journal, stream; appended to, and read backwards
-- KEYS[2]  seq, string; last position; written
-- KEYS[3]  open, zset by seconds; read
-- KEYS[4]  watch_due, zset by seconds; read
-- ARGV[1]  payload of a heartbeat that another one follows
-- ARGV[2]  payload of one that none follows
-- ARGV[3]  milliseconds of silence before any
-- ARGV[4]  milliseconds behind its arrival at which no record is open for that alone
-- ARGV[5]  milliseconds of silence before one in any case, while records are among the last
-- ARGV[6]  how many of the last entries those are
-- ARGV[7]  milliseconds of silence before one where something was due for a watch
-- Returns  the position, or 0 where none is due
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
-- The last record that is no heartbeat among so many entries: its stamp, or nil.
local function last_record(most)
  for _, row in ipairs(redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', most)) do
    if row[2][6] ~= ARGV[1] and row[2][6] ~= ARGV[2] then
      return tonumber(row[2][2])
    end
  end
end
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
local silence = last and now - tonumber(last[2][2]) or 0
if silence < tonumber(ARGV[7]) then
  return 0
end
local function seconds(milli)
  return string.format('%.3f', milli / 1000)
end
local waits = redis.call('ZRANGEBYSCORE', KEYS[4], seconds(now - silence), '(' .. seconds(now),
  'LIMIT', 0, 1)[1]
local silent = silence >= tonumber(ARGV[3])
if not silent and not waits then
  return 0
end
local function closed_meanwhile(at)
  return at and at <= now and now - silence < at
end
local payload
local follows = last[2][6] == ARGV[1]
if follows and silent then
  payload = ARGV[2]
else
  local first = redis.call('ZRANGE', KEYS[3], 0, 0, 'WITHSCORES')[2]
  local record = last_record(12) or last_record(tonumber(ARGV[6]))
  -- What a watch asks for takes no heartbeat away that another one has to follow.
  if follows or first and tonumber(first) * 1000 + 2000 <= now
      or closed_meanwhile(record and record + tonumber(ARGV[4])) then
    payload = ARGV[1]
  elseif waits or silence >= tonumber(ARGV[5]) and record then
    payload = ARGV[2]
  end
end
if not payload then
  return 0
end
local position = redis.call('INCR', KEYS[2])
redis.call('XADD', KEYS[1], string.format('%.0f-0', position),
  't', string.format('%.0f', now), 's', '', 'r', payload)
return position
