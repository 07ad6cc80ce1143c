-- Writes users with the audit's entry, if nobody else changed any user meanwhile.
--
-- KEYS[1]  users, hash: name -> JSON; written
-- KEYS[2]  user_edits, string: number of changes; checked and written
-- KEYS[3]  actions, stream of the audit: `entry` is JSON; written
-- ARGV[1]  number of changes that the caller saw
-- ARGV[2]  entry of the audit
-- ARGV[3]  most entries of the audit
-- ARGV[4.. ]  name and JSON of each user; "" removes the user
-- Returns  1, or 0 where another change came first
if tonumber(redis.call('GET', KEYS[2]) or '0') ~= tonumber(ARGV[1]) then
  return 0
end
for i = 4, #ARGV, 2 do
  if ARGV[i + 1] == '' then
    redis.call('HDEL', KEYS[1], ARGV[i])
  else
    redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 1])
  end
end
redis.call('INCR', KEYS[2])
redis.call('XADD', KEYS[3], 'MAXLEN', '~', ARGV[3], '*', 'entry', ARGV[2])
return 1
