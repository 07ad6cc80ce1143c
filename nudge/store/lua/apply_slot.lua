-- Makes a new revision of a slot current, if nobody else did meanwhile.
--
-- KEYS[1]  slots, hash: slot -> current revision as JSON; written
-- KEYS[2]  revisions:<slot>, hash: revision -> JSON; written
-- KEYS[3]  versions, hash: what changed last (field `slots`); written
-- ARGV[1]  slot
-- ARGV[2]  the JSON that the caller believes current ("" = none)
-- ARGV[3]  new revision
-- ARGV[4]  new JSON
-- Returns  1, or 0 where the current one is another
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
redis.call('HINCRBY', KEYS[3], 'slots', 1)
return 1
