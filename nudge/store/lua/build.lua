-- Begins a generation of a fold's state: forgets what the last builder left, and names the new one
-- by the builder's fencing token, so that no two builders ever write to the same keys.
--
-- KEYS[1]  fold:<name>-rebuild, hash; checked and written
-- ARGV[1]  fencing token of the builder
-- ARGV[2...]  fields that describe the state
-- Returns  1
-- Errors   FENCED where another builder took over
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return redis.error_reply('FENCED another rebuild of this fold has begun')
end
redis.call('HDEL', KEYS[1], 'position', 'broken')
for i = 2, #ARGV do
  redis.call('HDEL', KEYS[1], ARGV[i])
end
redis.call('HSET', KEYS[1], 'generation', ARGV[1])
return 1
