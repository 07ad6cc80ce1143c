-- Gives an erased person's id to a subject of its own of which nothing is known but what the person
-- had refused, and appends that. Idempotent: an id that leads elsewhere by now is left alone.
--
-- KEYS[1]  journal, stream; appended to
-- KEYS[2]  seq, string; last position; written
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot):
--            vault:<id>        hash (s, p, c as in open.lua); written
--            person:<subject>  hash (at, h:<vault id>, suppressed); written; that of a forgotten
--                              subject is removed
-- ARGV[2]  partition
-- ARGV[3]  the id of the vault entry
-- ARGV[4]  the new subject
-- ARGV[5]  subject whose list of ids is removed in the same step, or ""
-- ARGV[6]  MessagePack of two lists: the person's subjects, payloads of the records
-- Returns  1, or 0 where the id leads to none of the person's subjects
local vault = ARGV[1] .. 'vault:' .. ARGV[3]
local subject = redis.call('HGET', vault, 's')
local given = cmsgpack.unpack(ARGV[6])
local mine = false
for _, one in ipairs(given[1]) do
  mine = mine or one == subject
end
if not mine then
  return 0
end
local time = redis.call('TIME')
local stamp = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
redis.call('DEL', vault)
redis.call('HSET', vault, 's', ARGV[4], 'p', ARGV[2])
redis.call('HSET', ARGV[1] .. 'person:' .. ARGV[4], 'at', time[1], 'h:' .. ARGV[3], '1', 'suppressed', '1')
for _, payload in ipairs(given[2]) do
  local position = redis.call('INCR', KEYS[2])
  redis.call('XADD', KEYS[1], string.format('%.0f-0', position), 't', stamp, 's', ARGV[4], 'r', payload)
end
if ARGV[5] ~= '' then
  redis.call('DEL', ARGV[1] .. 'person:' .. ARGV[5])
end
return 1
