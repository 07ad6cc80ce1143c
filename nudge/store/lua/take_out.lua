-- Takes a number out of a book, and that it was the last one typed on its device.
--
-- KEYS[1]  numbers:<subject>, hash (<device>:<label> = cipher, t:<device> = "<label> <ms>",
--          t:<device>:order = a word and labels); written
-- ARGV[1]  <device>:<label>
-- ARGV[2]  t:<device>
-- ARGV[3]  "<label> "
redis.call('HDEL', KEYS[1], ARGV[1])
local last = redis.call('HGET', KEYS[1], ARGV[2])
if last and string.sub(last, 1, #ARGV[3]) == ARGV[3] then
  redis.call('HDEL', KEYS[1], ARGV[2])
end
local order = redis.call('HGET', KEYS[1], ARGV[2] .. ':order')
if order then
  local label = string.sub(ARGV[3], 1, -2)
  redis.call('HSET', KEYS[1], ARGV[2] .. ':order', (string.gsub(order, ' ' .. label, '')))
end
