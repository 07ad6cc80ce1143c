-- Opens a visitor: finds or makes the vault entry and reads what is known, in one step.
--
-- KEYS[1]  vault entry, hash (s = subject, p = partition of its journal, c = claimed); written here
-- KEYS[2]  fold:attribute, hash (generation of the visitors' states); read
-- KEYS[3]  quota, hash; read
-- ARGV[1]  prefix of the partition's keys; the subject's keys are built from it (same hash slot):
--            visitor[@<generation>]:<subject>  string, read
--            assigned:<subject>                hash, read
-- ARGV[2]  partition
-- ARGV[3]  subject to use if the visitor is new
-- ARGV[4]  "1": a caller who claims the visitor for a device; "0": one who only looks it up
-- ARGV[5]  "1": the partition's quotas are wanted
-- Returns  {subject, partition, claimed by this call (0/1), visitor state or false, assignments,
--          quotas} where the last three are absent if the subject lives in another partition.
local entry = redis.call('HMGET', KEYS[1], 's', 'p', 'c')
local subject, partition, claimed = entry[1], entry[2], entry[3]
if not subject then
  subject, partition = ARGV[3], ARGV[2]
  redis.call('HSET', KEYS[1], 's', subject, 'p', partition)
end
local now = 0
if ARGV[4] == '1' and not claimed then
  redis.call('HSET', KEYS[1], 'c', '1')
  now = 1
end
if partition ~= ARGV[2] then
  return {subject, partition, now}
end
local generation = redis.call('HGET', KEYS[2], 'generation') or '0'
local state = generation == '0' and 'visitor:' or 'visitor@' .. generation .. ':'
return {
  subject, partition, now,
  redis.call('GET', ARGV[1] .. state .. subject),
  redis.call('HGETALL', ARGV[1] .. 'assigned:' .. subject),
  ARGV[5] == '1' and redis.call('HGETALL', KEYS[3]) or {},
}
