-- Lists plans that are withdrawn, each once, and removes what was listed long ago.
--
-- KEYS[1]  withdrawn, zset: place of a plan by microsecond; written
-- KEYS[2]  withdrawals, hash: place of a plan -> what is told of it; written
-- ARGV[1]  seconds that a withdrawal stays listed
-- ARGV[2...]  for each plan: its place, what is told of it
-- Returns  how many were new
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
-- Times are unique, so that a page of the list ends between two of them.
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
local at, fresh = math.max(now, last and tonumber(last) + 1 or 0), 0
for i = 2, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[2], ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('ZADD', KEYS[1], string.format('%.0f', at), ARGV[i])
    at, fresh = at + 1, fresh + 1
  end
end
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[1] * 1000000), 'LIMIT', 0, 100)
if #old > 0 then
  redis.call('HDEL', KEYS[2], unpack(old))
  redis.call('ZREM', KEYS[1], unpack(old))
end
return fresh
