-- Appends the record that sets a subject's state without another one's records, unless the subject
-- has a newer record than those of which the state was made.
--
-- KEYS[1]  journal, stream; appended to
-- KEYS[2]  seq, string; last position; written
-- ARGV[1]  prefix of the partition's keys; from it is built (same hash slot):
--            person:<subject>  hash; `into` is removed where the subject leaves
-- ARGV[2]  subject
-- ARGV[3]  last position that was read
-- ARGV[4]  payload of the record
-- ARGV[5]  "1": the subject leaves the one that it had turned out to be
-- ARGV[6]  most records behind the last position that are looked at
-- Returns  position of the record, or 0 where it must be made anew
local behind = redis.call('XRANGE', KEYS[1], string.format('(%s-0', ARGV[3]), '+', 'COUNT', ARGV[6])
if #behind >= tonumber(ARGV[6]) then
  return 0
end
local raw = string.gsub(ARGV[2], '%x%x', function(two) return string.char(tonumber(two, 16)) end)
for _, row in ipairs(behind) do
  local subject, payload = row[2][4], row[2][6]
  if subject == ARGV[2] then
    return 0
  end
  -- A block: 16 bytes for each of its decisions. What only looks alike costs one more try.
  if string.byte(payload) == 2 and string.find(subject, raw, 1, true) then
    return 0
  end
end
local person = ARGV[1] .. 'person:' .. ARGV[2]
if ARGV[5] == '1' and redis.call('HDEL', person, 'into') == 0 then
  return 0
end
local time = redis.call('TIME')
local stamp = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local position = redis.call('INCR', KEYS[2])
redis.call('XADD', KEYS[1], string.format('%.0f-0', position), 't', stamp, 's', ARGV[2], 'r', ARGV[4])
if ARGV[5] == '1' then
  redis.call('HSET', person, 'parted', string.format('%.0f', position))
end
return position
