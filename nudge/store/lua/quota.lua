-- Brings a partition's quota up to what the stock gave it, and gives back what is too much.
--
-- KEYS[1]  quota, hash (<slot>:<variant>:got, :taken, :back; counters that only rise); written
-- ARGV[1]  <slot>:<variant>
-- ARGV[2]  units ever given to this partition
-- ARGV[3]  units to keep at most; -1 keeps all
-- Returns  {got, taken, back}
local name = ARGV[1]
local counts = redis.call('HMGET', KEYS[1], name .. ':got', name .. ':taken', name .. ':back')
local got, taken, back = tonumber(counts[1] or '0'), tonumber(counts[2] or '0'), tonumber(counts[3] or '0')
if tonumber(ARGV[2]) > got then
  got = tonumber(ARGV[2])
  redis.call('HSET', KEYS[1], name .. ':got', ARGV[2])
end
local extra = got - taken - back - tonumber(ARGV[3])
if tonumber(ARGV[3]) >= 0 and extra > 0 then
  back = redis.call('HINCRBY', KEYS[1], name .. ':back', string.format('%.0f', extra))
end
return {got, taken, back}
