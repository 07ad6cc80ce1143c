-- Publishes a snapshot, if its maker still holds the publisher's lease.
--
-- KEYS[1]  publisher:<slot>, hash (token, position = version); checked and written
-- KEYS[2]  snapshots:<slot>, hash: version -> bytes; written
-- KEYS[3]  versions, hash (field `policy:<slot>`; `failing:<slot>` is removed); written
-- ARGV[1]  fencing token
-- ARGV[2]  slot
-- ARGV[3]  version
-- ARGV[4]  bytes
-- ARGV[5...]  versions to forget
-- Returns  1
-- Errors   FENCED where another publisher holds the lease
if redis.call('HGET', KEYS[1], 'token') ~= ARGV[1] then
  return redis.error_reply('FENCED another publisher holds the slot')
end
redis.call('HSET', KEYS[2], ARGV[3], ARGV[4])
for i = 5, #ARGV do
  redis.call('HDEL', KEYS[2], ARGV[i])
end
redis.call('HSET', KEYS[1], 'position', ARGV[3])
redis.call('HSET', KEYS[3], 'policy:' .. ARGV[2], ARGV[3])
redis.call('HDEL', KEYS[3], 'failing:' .. ARGV[2])
return 1
