-- Appends one record with a plan for each of many subjects, and remembers each of them: all, or
-- none where somebody else planned for one of them since it was looked at.
--
-- KEYS[1]  journal, stream; appended to
-- KEYS[2]  seq, string; last position
-- ARGV[1]  prefix of the partition's keys; from it is built (same hash slot), for each subject:
--            assigned:<subject>  hash: unit -> "<period> <place> <stamp ms> <payload>", and "~plans",
--                                how often it was planned for; written here
-- ARGV[2]  seconds that the assignments are kept
-- ARGV[3]  payload of the record
-- ARGV[4]  its subjects, 16 bytes each
-- ARGV[5]  MessagePack of a list with, for each decision: subject, unit, value of "~plans" when it
--          was looked at, period, payload to remember; a thousand arguments cost more than one
-- Returns  {position, stamp ms}; {0, for each that was planned for meanwhile its number, from 1}
local plans = cmsgpack.unpack(ARGV[5])
local behind = {}
for i = 1, #plans, 5 do
  local now = redis.call('HGET', ARGV[1] .. 'assigned:' .. plans[i], '~plans') or '0'
  if tonumber(now) ~= plans[i + 2] then
    behind[#behind + 1] = (i - 1) / 5 + 1
  end
end
if #behind > 0 then
  return {0, unpack(behind)}
end
local time = redis.call('TIME')
local stamp = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local position = redis.call('INCR', KEYS[2])
local place = string.format('%.0f', position)
redis.call('XADD', KEYS[1], place .. '-0', 't', stamp, 's', ARGV[4], 'r', ARGV[3])
for i = 1, #plans, 5 do
  local key = ARGV[1] .. 'assigned:' .. plans[i]
  local at = i == 1 and place or place .. '.' .. (i - 1) / 5
  local seen = plans[i + 2]
  redis.call('HSET', key, plans[i + 1], plans[i + 3] .. ' ' .. at .. ' ' .. stamp .. ' ' .. plans[i + 4],
    '~plans', seen + 1)
  if seen == 0 or redis.call('TTL', key) < tonumber(ARGV[2]) then
    redis.call('EXPIRE', key, ARGV[2])
  end
end
return {position, tonumber(stamp)}
