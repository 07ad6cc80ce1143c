-- Says of decisions that they were shown: the units of stock that they took are their visitors' own.
--
-- KEYS[1]  seq, string; not touched: it names the hash slot
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot):
--            reserved: zset of "<ms> <position> <subject> <slot>:<variant>" by position; written
--            returned: zset of the same; written
--            quota: hash (<slot>:<variant>:taken); written
-- ARGV[2...]  positions
local function confirm(position)
  for _, family in ipairs({'reserved', 'returned'}) do
    local key = ARGV[1] .. family
    for _, held in ipairs(redis.call('ZRANGEBYSCORE', key, position, position)) do
      redis.call('ZREM', key, held)
      if family == 'returned' then
        -- It was seen: it counts, though another visitor may have got the unit meanwhile.
        local name = string.match(held, '^%d+ %d+ %x+ (.*)$')
        redis.call('HINCRBY', ARGV[1] .. 'quota', name .. ':taken', 1)
      end
    end
  end
end
for i = 2, #ARGV do
  confirm(ARGV[i])
end
