-- Makes a new revision of a configuration document current, with its audit entry, if nobody else did
-- meanwhile.
--
-- KEYS[1]  documents, hash: name -> current revision as JSON; written
-- KEYS[2]  kept:<document>, hash: revision -> JSON; written
-- KEYS[3]  edits:<document>, hash: revision -> JSON of who, when, why and what; written
-- KEYS[4]  versions, hash: what changed last (field `documents`); written
-- ARGV[1]  name
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
redis.call('HINCRBY', KEYS[4], 'documents', 1)
return 1
