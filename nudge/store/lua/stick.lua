-- Remembers a decision that was made while the store was away, from now on: unless another one of
-- its period, or of a later one, stands already.
--
-- KEYS[1]  assigned:<subject>, hash: unit -> "<period> <place> <stamp ms> <payload>"; written
-- KEYS[2]  person:<subject>, hash; read: nothing is remembered of somebody forgotten
-- ARGV[1]  unit
-- ARGV[2]  period
-- ARGV[3]  value of the field
-- ARGV[4]  seconds that it is kept
-- Returns  1 where it stands now, 0 where another one does, or nobody is there
if redis.call('EXISTS', KEYS[2]) == 0 then
  return 0
end
local kept = redis.call('HGET', KEYS[1], ARGV[1])
if kept and tonumber(string.match(kept, '^(%S+) ')) >= tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
if redis.call('TTL', KEYS[1]) < tonumber(ARGV[4]) then
  redis.call('EXPIRE', KEYS[1], ARGV[4])
end
return 1
