-- Reads texts of visitors of one partition.
--
-- KEYS[1...]  texts, hash; one for each text; read
-- ARGV[1...]  name of each text, in the same order
-- Returns  each sealed text, or false
local found = {}
for i = 1, #KEYS do
  found[i] = redis.call('HGET', KEYS[i], ARGV[i])
end
return found
