-- Reads what is known of a subject.
--
-- KEYS[1]  fold:attribute, hash (generation of the visitors' states); read
-- KEYS[2]  quota, hash; read
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot), all of them read:
--            visitor[@<generation>]:<subject>, assigned:<subject>, offered:<subject>,
--            numbers:<subject>, person:<subject>, plans:<month>
-- ARGV[2]  subject
-- ARGV[3]  "1": the partition's quotas are wanted
-- ARGV[4]  "1": the visitor's numbers are wanted
-- Returns  {into or false, visitor state or false, assignments (also the offers, each as "~<group>"),
--          quotas, numbers, plans or false,
--          claims or false: what person:<subject> says of what devices claimed}
local generation = redis.call('HGET', KEYS[1], 'generation') or '0'
local state = generation == '0' and 'visitor:' or 'visitor@' .. generation .. ':'
local month = math.floor(redis.call('TIME')[1] / 2678400)
local plans = false
for back = 0, 2 do
  plans = plans or redis.call('HGET', ARGV[1] .. 'plans:' .. string.format('%.0f', month - back), ARGV[2])
end
local about = redis.call('HMGET', ARGV[1] .. 'person:' .. ARGV[2], 'into', 'claims')
local assigned = redis.call('HGETALL', ARGV[1] .. 'assigned:' .. ARGV[2])
local offers = redis.call('HGETALL', ARGV[1] .. 'offered:' .. ARGV[2])
for i = 1, #offers, 2 do
  assigned[#assigned + 1] = '~' .. offers[i]
  assigned[#assigned + 1] = offers[i + 1]
end
return {
  about[1],
  redis.call('GET', ARGV[1] .. state .. ARGV[2]),
  assigned,
  ARGV[3] == '1' and redis.call('HGETALL', KEYS[2]) or {},
  ARGV[4] == '1' and redis.call('HGETALL', ARGV[1] .. 'numbers:' .. ARGV[2]) or {},
  plans, about[2],
}
