-- Stores an API key, if nobody else changed it meanwhile, and tells the web processes.
--
-- KEYS[1]  api_keys, hash: key id -> JSON; written
-- KEYS[2]  versions, hash: what changed last (field `keys`); written
-- ARGV[1]  key id
-- ARGV[2]  the JSON that the caller believes current ("" = none)
-- ARGV[3]  new JSON
-- Returns  1, or 0 where the current one is another
if (redis.call('HGET', KEYS[1], ARGV[1]) or '') ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
redis.call('HINCRBY', KEYS[2], 'keys', 1)
return 1
