-- Says of many subjects of one partition into whom they turned out to be, as `link.lua` says of one.
--
-- KEYS[1]  journal, stream; appended to
-- KEYS[2]  seq, string; last position; written
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot):
--            person:<subject>   hash (at, into = "<partition> <subject>"); written
--            seen:<subject>     zset of digests by stamp, written
--            numbers:<subject>, texts:<subject>   hashes, read
-- ARGV[2]  milliseconds that an id is remembered
-- ARGV[3]  MessagePack of a list with, for each: subject, "<partition> <subject>" of the other one,
--          digest of the event's id, payload of the event
-- Returns  for each: "1" where it was linked now, "0" where it must be done one by one: it is linked
--          already, or has books that the other one takes over
local prefix = ARGV[1]
local time = redis.call('TIME')
local stamp = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local list = cmsgpack.unpack(ARGV[3])
local answers = {}
for i = 1, #list, 4 do
  local subject = list[i]
  local person = prefix .. 'person:' .. subject
  local books = redis.call('EXISTS', prefix .. 'numbers:' .. subject, prefix .. 'texts:' .. subject)
  if books > 0 or redis.call('HSETNX', person, 'into', list[i + 1]) == 0 then
    answers[#answers + 1] = '0'
  else
    redis.call('HSETNX', person, 'at', time[1])
    local seen = prefix .. 'seen:' .. subject
    redis.call('ZADD', seen, stamp, list[i + 2])
    redis.call('PEXPIRE', seen, ARGV[2])
    local position = redis.call('INCR', KEYS[2])
    redis.call('XADD', KEYS[1], string.format('%.0f-0', position), 't', stamp, 's', subject, 'r', list[i + 3])
    answers[#answers + 1] = '1'
  end
end
return answers
