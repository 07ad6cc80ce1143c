-- Makes a rebuilt state the one that counts: both stand at the same position, and nobody else holds
-- either of them.
--
-- KEYS[1]  fold:<name>, hash; checked and written (what broke it is forgotten)
-- KEYS[2]  fold:<name>-rebuild, hash; checked and read
-- ARGV[1]  fencing token of the fold
-- ARGV[2]  fencing token of the builder
-- ARGV[3]  position of both
-- ARGV[4...]  fields that describe the state
-- Returns  1
-- Errors   FENCED where one of the two is held by another or stands elsewhere
for i = 1, 2 do
  local found = redis.call('HMGET', KEYS[i], 'token', 'position')
  if found[1] ~= ARGV[i] or (found[2] or '0') ~= ARGV[3] then
    return redis.error_reply('FENCED ' .. KEYS[i] .. ' has moved on')
  end
end
local built = redis.call('HGET', KEYS[2], 'broken')
if built then
  return redis.error_reply('BROKEN the rebuilt state: ' .. built)
end
for i = 4, #ARGV do
  local value = redis.call('HGET', KEYS[2], ARGV[i])
  if value then
    redis.call('HSET', KEYS[1], ARGV[i], value)
  else
    redis.call('HDEL', KEYS[1], ARGV[i])
  end
end
redis.call('HDEL', KEYS[1], 'broken')
return 1
