-- Appends what a person did about a case, unless another action was appended since it was read.
--
-- KEYS[1]  journal, stream; appended to
-- KEYS[2]  seq, string; last position; written
-- KEYS[3]  acting, string "<actions> <id of the last one>" of the case; written
-- KEYS[4]  texts, hash of the visitor; a note is written, of at most 200 fields
-- ARGV[1]  number of actions that the caller saw
-- ARGV[2]  id of the action
-- ARGV[3]  milliseconds that KEYS[3] is kept: by then the fold has read the record
-- ARGV[4]  subject
-- ARGV[5]  payload
-- ARGV[6]  name of the note in KEYS[4], if there is one
-- ARGV[7]  the note, sealed
-- Returns  1 where the action is in the journal, 0 where another one came between
local now = redis.call('GET', KEYS[3])
if now then
  local actions, last = string.match(now, '^(%d+) (.*)$')
  if last == ARGV[2] then
    return 1
  end
  -- Fewer: the fold has read it, and its key was not read before an older one was written.
  if tonumber(actions) > tonumber(ARGV[1]) then
    return 0
  end
end
local time = redis.call('TIME')
local stamp = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local position = redis.call('INCR', KEYS[2])
redis.call('XADD', KEYS[1], string.format('%.0f-0', position), 't', stamp, 's', ARGV[4], 'r', ARGV[5])
redis.call('SET', KEYS[3], string.format('%d %s', ARGV[1] + 1, ARGV[2]), 'PX', ARGV[3])
if ARGV[6] and redis.call('HLEN', KEYS[4]) < 200 then
  redis.call('HSET', KEYS[4], ARGV[6], ARGV[7])
end
return 1
