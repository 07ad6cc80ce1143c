-- Writes the plans of a subject anew and lists those that are withdrawn, in one step, unless somebody
-- planned for the subject since it was looked at. Idempotent by its cause.
--
-- KEYS[1]  withdrawn, zset: place of a plan by microsecond; written
-- KEYS[2]  withdrawals, hash: place of a plan -> what is told of it; written
-- KEYS[3]  moved:<cause>, string: header of the book whose plans were taken over; written
-- ARGV[1]  prefix of the partition's keys; from it is built (same hash slot):
--            plans:<month>  hash: subject -> plans, as append_block.lua has them; written
-- ARGV[2]  subject
-- ARGV[3]  how many plans it had when it was looked at
-- ARGV[4]  "<place> <stamp ms>" of the latest plan that it has now
-- ARGV[5]  MessagePack of the plans that it has now
-- ARGV[6]  header of the book whose plans were taken over; empty where there is none
-- ARGV[7]  seconds that a withdrawal stays listed
-- ARGV[8...]  for each plan that is withdrawn: its place, what is told of it
-- Returns  {'done'}; {'again'}: somebody planned meanwhile; {'before', header}: it was done before
local done = ARGV[6] ~= '' and redis.call('GET', KEYS[3])
if done then
  return {'before', done}
end
local time = redis.call('TIME')
local month = math.floor(time[1] / 2678400)
local before = false
for back = 0, 2 do
  before = before or redis.call('HGET', ARGV[1] .. 'plans:' .. string.format('%.0f', month - back), ARGV[2])
end
local count = before and tonumber(string.match(before, '^%d+')) or 0
if count ~= tonumber(ARGV[3]) then
  return {'again'}
end
local key = ARGV[1] .. 'plans:' .. string.format('%.0f', month)
redis.call('HSET', key, ARGV[2], string.format('%.0f', count + 1) .. ' ' .. ARGV[4] .. ' ' .. ARGV[5])
redis.call('EXPIRE', key, 3 * 2678400)
-- Times are unique, so that a page of the list ends between two of them.
local last = redis.call('ZREVRANGE', KEYS[1], 0, 0, 'WITHSCORES')[2]
local now = time[1] * 1000000 + time[2]
local at = math.max(now, last and tonumber(last) + 1 or 0)
for i = 8, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[2], ARGV[i], ARGV[i + 1]) == 1 then
    redis.call('ZADD', KEYS[1], string.format('%.0f', at), ARGV[i])
    at = at + 1
  end
end
local old = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now - ARGV[7] * 1000000), 'LIMIT', 0, 100)
if #old > 0 then
  redis.call('HDEL', KEYS[2], unpack(old))
  redis.call('ZREM', KEYS[1], unpack(old))
end
if ARGV[6] ~= '' then
  redis.call('SET', KEYS[3], ARGV[6], 'EX', 2678400)
end
return {'done'}
