-- Appends one record with a plan for each of many subjects, and remembers each of them: all, or
-- none where somebody else planned for one of them since it was looked at.
--
-- KEYS[1]  journal, stream; appended to
-- KEYS[2]  seq, string; last position; written
-- ARGV[1]  prefix of the partition's keys; from it is built (same hash slot):
--            plans:<month>  hash: subject -> "<count> <place> <stamp ms> <plans>"; months of 31 days:
--                           what is read is the latest of three; written here
-- ARGV[2]  payload of the record
-- ARGV[3]  its subjects, 16 bytes each
-- ARGV[4]  MessagePack of a list with, for each decision: subject, how many plans it had when it was
--          looked at, the plans that it has now, the latest first
-- Returns  {position, stamp ms}; {0, for each that was planned for meanwhile its number, from 1}
local rows = cmsgpack.unpack(ARGV[4])
local subjects = {}
for i = 1, #rows, 3 do
  subjects[#subjects + 1] = rows[i]
end
local time = redis.call('TIME')
local month = math.floor(time[1] / 2678400)
local before = {}
for back = 0, 2 do
  local found = redis.call('HMGET', ARGV[1] .. 'plans:' .. string.format('%.0f', month - back), unpack(subjects))
  for i = 1, #subjects do
    before[i] = before[i] or found[i]
  end
end
local behind = {}
for i = 1, #subjects do
  local count = before[i] and tonumber(string.match(before[i], '^%d+')) or 0
  if count ~= rows[3 * i - 1] then
    behind[#behind + 1] = i
  end
end
if #behind > 0 then
  return {0, unpack(behind)}
end
local stamp = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local position = redis.call('INCR', KEYS[2])
local place = string.format('%.0f', position)
redis.call('XADD', KEYS[1], place .. '-0', 't', stamp, 's', ARGV[3], 'r', ARGV[2])
local fields = {}
for i = 1, #subjects do
  local at = i == 1 and place or place .. '.' .. (i - 1)
  fields[2 * i - 1] = subjects[i]
  fields[2 * i] = (rows[3 * i - 1] + 1) .. ' ' .. at .. ' ' .. stamp .. ' ' .. rows[3 * i]
end
local key = ARGV[1] .. 'plans:' .. string.format('%.0f', month)
redis.call('HSET', key, unpack(fields))
redis.call('EXPIRE', key, 3 * 2678400)
return {position, tonumber(stamp)}
