-- Appends records as they are (marks).
--
-- KEYS[1]  journal, stream; appended to
-- KEYS[2]  seq, string; last position; written
-- ARGV[1...]  for each record: subject, payload
-- Returns  the positions
local time = redis.call('TIME')
local stamp = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local answers = {}
for i = 1, #ARGV, 2 do
  local position = redis.call('INCR', KEYS[2])
  redis.call('XADD', KEYS[1], string.format('%.0f-0', position), 't', stamp, 's', ARGV[i], 'r', ARGV[i + 1])
  answers[#answers + 1] = position
end
return answers
