-- Hands units of a stock out to a partition, never more than there are.
--
-- KEYS[1]  stock:<slot>, hash (<variant>:<partition>:given, ...:back; counters that only rise);
--          written
-- ARGV[1]  variant
-- ARGV[2]  units that may ever be given
-- ARGV[3]  partition
-- ARGV[4]  units that the partition says to have given back, ever
-- ARGV[5]  units wanted; 0 only notes what came back
-- Returns  {units ever given to this partition, units that nobody has}
local name = ARGV[1] .. ':' .. ARGV[3]
local back = tonumber(redis.call('HGET', KEYS[1], name .. ':back') or '0')
if tonumber(ARGV[4]) > back then
  redis.call('HSET', KEYS[1], name .. ':back', ARGV[4])
end
local free = tonumber(ARGV[2])
local all = redis.call('HGETALL', KEYS[1])
for i = 1, #all, 2 do
  local variant, kind = string.match(all[i], '^(.*):%d+:(%a+)$')
  if variant == ARGV[1] then
    free = free + (kind == 'back' and 1 or -1) * tonumber(all[i + 1])
  end
end
local given = tonumber(redis.call('HGET', KEYS[1], name .. ':given') or '0')
local more = math.min(tonumber(ARGV[5]), free)
if more > 0 then
  given = redis.call('HINCRBY', KEYS[1], name .. ':given', string.format('%.0f', more))
  free = free - more
end
return {given, free}
