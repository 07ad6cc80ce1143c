-- Removes the plans of a subject, if they are those that another subject took over.
--
-- KEYS[1]  seq, string; read by nobody: it says in which hash slot the rest is
-- ARGV[1]  prefix of the partition's keys; from it is built (same hash slot):
--            plans:<month>  hash: subject -> plans, as append_block.lua has them; written
-- ARGV[2]  subject
-- ARGV[3]  header of the book that was taken over, with a blank behind it
-- Returns  how many months had them
local month = math.floor(redis.call('TIME')[1] / 2678400)
local removed = 0
for back = 0, 2 do
  local key = ARGV[1] .. 'plans:' .. string.format('%.0f', month - back)
  local book = redis.call('HGET', key, ARGV[2])
  if book and string.sub(book, 1, #ARGV[3]) == ARGV[3] then
    redis.call('HDEL', key, ARGV[2])
    removed = removed + 1
  end
end
return removed
