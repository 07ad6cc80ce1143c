-- Finds or makes the vault entry of a number, or of a visitor of whom a server speaks: no device
-- can claim it from then on.
--
-- KEYS[1]  vault:<id>, hash (s = subject, p = partition, c = claimed); written
-- ARGV[1]  prefix of the partition's keys; from it is built (same hash slot):
--            person:<subject>  hash; written if the entry is new
-- ARGV[2]  partition
-- ARGV[3]  the id of the vault entry, as person:<subject> lists it
-- ARGV[4]  subject to use if the number is new
-- Returns  the number's subject
local subject = redis.call('HGET', KEYS[1], 's')
if subject then
  redis.call('HSETNX', KEYS[1], 'c', '1')
  return subject
end
redis.call('HSET', KEYS[1], 's', ARGV[4], 'p', ARGV[2], 'c', '1')
redis.call('HSET', ARGV[1] .. 'person:' .. ARGV[4], 'at', redis.call('TIME')[1], 'h:' .. ARGV[3], '1')
return ARGV[4]
