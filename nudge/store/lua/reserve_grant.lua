-- Reserves a group of benefits of a visitor for a case, so that no other case grants a second one.
--
-- KEYS[1]  granting:<subject>, hash: group -> id of the case; written
-- ARGV[1]  group of benefits
-- ARGV[2]  id of the case
-- ARGV[3]  id of the case that it takes over from; empty for none
-- ARGV[4]  milliseconds that the hash is kept: by then the folds have read the grant
-- Returns  the id of the case that has the group
local holder = redis.call('HGET', KEYS[1], ARGV[1])
if holder and holder ~= ARGV[2] and (ARGV[3] == '' or holder ~= ARGV[3]) then
  return holder
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return ARGV[2]
