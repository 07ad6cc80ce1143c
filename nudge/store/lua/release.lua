-- Gives units of stock back to a partition's quota that pages took and nobody said to have been shown.
--
-- KEYS[1]  quota, hash (<slot>:<variant>:got, :taken, :back); taken is written
-- KEYS[2]  reserved, zset of "<ms> <position> <subject> <slot>:<variant>" by position; written
-- KEYS[3]  returned, zset of the same; written
-- ARGV[1]  milliseconds that a unit is kept for its visitor
-- ARGV[2]  milliseconds that a returned one is remembered, for who says so late
-- ARGV[3]  most units of one call
-- ARGV[4]  prefix of the partition's keys; from it is built (same hash slot):
--            assigned:<subject>  hash: unit -> "<period> <place> <stamp ms> <payload>"; written: what
--                  nobody saw does not stick
--            offered:<subject>  hash: group of benefits -> "<until ms> <benefit> <unit>"; written: what that
--                  decision alone offered goes
-- Returns  how many units came back
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function older(key, age)
  local found = {}
  -- Positions rise with time.
  for _, held in ipairs(redis.call('ZRANGE', key, 0, ARGV[3] - 1)) do
    if now - tonumber(string.match(held, '^%d+')) < tonumber(age) then
      break
    end
    found[#found + 1] = held
  end
  return found
end
local function withdraw(offered, unit)
  local kept = redis.call('HGETALL', offered)
  for i = 1, #kept, 2 do
    if string.match(kept[i + 1], '^%S+ %S+ (.*)$') == unit then
      redis.call('HDEL', offered, kept[i])
    end
  end
end
local function let_go(subject, position)
  local assigned = ARGV[4] .. 'assigned:' .. subject
  local kept = redis.call('HGETALL', assigned)
  for i = 1, #kept, 2 do
    if string.match(kept[i + 1], '^%S+ (%S+) ') == position then
      redis.call('HDEL', assigned, kept[i])
      withdraw(ARGV[4] .. 'offered:' .. subject, kept[i])
    end
  end
end
local due = older(KEYS[2], ARGV[1])
for _, held in ipairs(due) do
  local position, subject, name = string.match(held, '^%d+ (%d+) (%x+) (.*)$')
  redis.call('ZREM', KEYS[2], held)
  redis.call('ZADD', KEYS[3], position, held)
  redis.call('HINCRBY', KEYS[1], name .. ':taken', -1)
  let_go(subject, position)
end
for _, held in ipairs(older(KEYS[3], ARGV[2])) do
  redis.call('ZREM', KEYS[3], held)
end
return #due
