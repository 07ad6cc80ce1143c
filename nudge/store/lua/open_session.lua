-- Writes a new session, and lists it among its user's; those of the list that are over go.
--
-- KEYS[1]  session:<digest>, string: JSON; written
-- KEYS[2]  user_sessions:<user>, zset: digests by the second of their beginning; written
-- ARGV[1]  digest
-- ARGV[2]  JSON
-- ARGV[3]  seconds, now
-- ARGV[4]  most seconds of a session
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[4])
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', ARGV[3] - ARGV[4])
redis.call('ZADD', KEYS[2], ARGV[3], ARGV[1])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
