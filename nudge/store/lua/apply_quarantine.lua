-- Writes a revision of a quarantine, if the revision before it is the current one.
--
-- KEYS[1]  quarantines, hash: id -> JSON (and `told:<id>`, which is not touched here); written
-- KEYS[2]  versions, hash: what changed last (field `quarantines`); written
-- ARGV[1]  id
-- ARGV[2]  new revision
-- ARGV[3]  new JSON
-- Returns  1, or 0 where the current revision is another
local current = redis.call('HGET', KEYS[1], ARGV[1])
local revision = current and cjson.decode(current)['revision'] or 0
if revision + 1 ~= tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HINCRBY', KEYS[2], 'quarantines', 1)
return 1
