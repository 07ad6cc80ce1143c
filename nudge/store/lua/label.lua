-- Finds or makes the vault entry of a number, or of a visitor of whom a server speaks: no device
-- can claim it from then on.
--
-- KEYS[1]  vault:<id>, hash (s, p, c as in open.lua); written
-- ARGV[1]  prefix of the partition's keys; from it is built (same hash slot):
--            person:<subject>  hash (claims as in open.lua); written
-- ARGV[2]  partition
-- ARGV[3]  the id of the vault entry, as person:<subject> lists it
-- ARGV[4]  subject to use if the number is new
-- ARGV[5]  what becomes of what devices claimed: "closed", "kept", or "" for what it was
-- Returns  the number's subject
local entry = redis.call('HMGET', KEYS[1], 's', 'c')
local subject, by = entry[1], entry[2]
if subject then
  if not by then
    redis.call('HSET', KEYS[1], 'c', 's')
  elseif by ~= 's' and ARGV[5] ~= '' then
    redis.call('HSETNX', ARGV[1] .. 'person:' .. subject, 'claims', ARGV[5])
  end
  return subject
end
redis.call('HSET', KEYS[1], 's', ARGV[4], 'p', ARGV[2], 'c', 's')
redis.call('HSET', ARGV[1] .. 'person:' .. ARGV[4], 'at', redis.call('TIME')[1], 'h:' .. ARGV[3], '1')
return ARGV[4]
