-- Removes proofs of consent that were kept long enough from a book. Idempotent; changes nothing where
-- the book has another number of proofs than was read: somebody wrote to it since.
--
-- KEYS[1]  proofs or past_proofs, hash; written: proofs are removed
-- KEYS[2]  proof_ends, zset; written: the score of the book is set, or removed
-- ARGV[1]  name of the book behind its partition's prefix
-- ARGV[2]  number of proofs that were read
-- ARGV[3]  seconds, the first end of those that stay; "" where none has ended
-- ARGV[4...]  names of the proofs to remove
-- Returns  how many were removed; -1 where the book has changed
if redis.call('HLEN', KEYS[1]) ~= tonumber(ARGV[2]) then
  return -1
end
if ARGV[3] == '' then
  redis.call('ZREM', KEYS[2], ARGV[1])
else
  redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
end
local removed = 0
for i = 4, #ARGV do
  removed = removed + redis.call('HDEL', KEYS[1], ARGV[i])
end
return removed
