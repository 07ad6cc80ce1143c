-- Writes a delivery of a notice, unless somebody else began a try since the caller looked.
--
-- KEYS[1]  notices, hash: id -> delivery as JSON; checked and written
-- ARGV[1]  id of the notice
-- ARGV[2]  tries that the caller believes begun; 0 where there is no delivery yet
-- ARGV[3]  JSON
-- Returns  1 if it was written
local before = redis.call('HGET', KEYS[1], ARGV[1])
local attempts = before and cjson.decode(before)['attempts'] or 0
if attempts ~= tonumber(ARGV[2]) then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
