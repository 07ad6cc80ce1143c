-- Reads the first cases of many queues: one call costs a fraction of a command for each.
--
-- KEYS[1...]  case_queue, zset; read
-- ARGV[1]  most cases of each queue
-- ARGV[2...]  for each queue: lower and upper bound, as ZRANGEBYSCORE takes them
-- Returns  for each queue: cases with their times, in turn
local found = {}
for i = 1, #KEYS do
  found[i] = redis.call('ZRANGEBYSCORE', KEYS[i], ARGV[2 * i], ARGV[2 * i + 1],
    'WITHSCORES', 'LIMIT', 0, ARGV[1])
end
return found
