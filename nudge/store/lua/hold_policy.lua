-- Holds a slot's policy at a version, or lets it go, if the slot has the revision that the caller saw.
--
-- KEYS[1]  slots, hash: slot -> current revision as JSON; read
-- KEYS[2]  holds, hash: slot -> JSON of version, who, when, why; written
-- KEYS[3]  hold_edits:<slot>, list: the changes as JSON, the newest first, at most 100; written
-- KEYS[4]  versions, hash: what changed last (field `holds`); written
-- ARGV[1]  slot
-- ARGV[2]  revision of the slot that the caller believes current
-- ARGV[3]  the hold as JSON; empty lets go
-- ARGV[4]  the change as JSON
-- Returns  1, or 0 where the slot has another revision
local current = redis.call('HGET', KEYS[1], ARGV[1])
local revision = current and cjson.decode(current)['revision'] or 0
if revision ~= tonumber(ARGV[2]) then
  return 0
end
if ARGV[3] == '' then
  redis.call('HDEL', KEYS[2], ARGV[1])
else
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
end
redis.call('LPUSH', KEYS[3], ARGV[4])
redis.call('LTRIM', KEYS[3], 0, 99)
redis.call('HINCRBY', KEYS[4], 'holds', 1)
return 1
