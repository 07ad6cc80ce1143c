-- Makes a new revision of a slot current, with its audit entry, if nobody else did meanwhile. Another
-- mode lets a held policy go.
--
-- KEYS[1]  slots, hash: slot -> current revision as JSON; written
-- KEYS[2]  revisions:<slot>, hash: revision -> JSON; written
-- KEYS[3]  audit:<slot>, hash: revision -> JSON of who, when, why and what; written
-- KEYS[4]  versions, hash: what changed last (fields `slots` and `holds`); written
-- KEYS[5]  holds, hash: slot -> JSON of the version that is held; written
-- ARGV[1]  slot
-- ARGV[2]  revision that the caller believes current (0 = none)
-- ARGV[3]  new revision
-- ARGV[4]  new JSON
-- ARGV[5]  audit entry
-- Returns  1, or 0 where the current one is another
local current = redis.call('HGET', KEYS[1], ARGV[1])
local revision = current and cjson.decode(current)['revision'] or 0
if revision ~= tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[4])
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
redis.call('HSET', KEYS[3], ARGV[3], ARGV[5])
redis.call('HINCRBY', KEYS[4], 'slots', 1)
if current and cjson.decode(current)['mode'] ~= cjson.decode(ARGV[4])['mode'] then
  redis.call('HDEL', KEYS[5], ARGV[1])
  redis.call('HINCRBY', KEYS[4], 'holds', 1)
end
return 1
