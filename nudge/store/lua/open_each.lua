-- Opens many visitors of one partition for a server: finds or makes each, and reads what is known.
-- A command for all costs little more than one for each, and Lua is slow at calling them.
--
-- KEYS[1]  fold:attribute, hash (generation of the visitors' states); read
-- KEYS[2]  quota, hash; read
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot):
--            vault:<id>                        hash (s, p, c as in open.lua); written here
--            person:<subject>                  hash (at, h:<vault id>); written here
--            visitor[@<generation>]:<subject>  string, read
--            plans:<month>                     hash: subject -> plans, read; months of 31 days
--            assigned:<subject>                hash, read
--            offered:<subject>                 hash, read
--            numbers:<subject>, texts:<subject>   hashes; their life is written here
-- ARGV[2]  partition
-- ARGV[3]  "1": the partition's quotas, and what sticks besides plans, are wanted
-- ARGV[4]  MessagePack of a list with, for each visitor: the id of the vault entry, subject to use if
--          the visitor is new
-- Returns  {quotas, for each: subject, for each: visitor state or false, for each: plans or false,
--          for each: assignments, also the offers, each as "~<group>"}
local prefix = ARGV[1]
local time = redis.call('TIME')
local visitors = cmsgpack.unpack(ARGV[4])
local generation = redis.call('HGET', KEYS[1], 'generation') or '0'
local state = prefix .. (generation == '0' and 'visitor:' or 'visitor@' .. generation .. ':')
local subjects, names, assigned = {}, {}, {}
for i = 1, #visitors, 2 do
  local vault = prefix .. 'vault:' .. visitors[i]
  local entry = redis.call('HMGET', vault, 's', 'c')
  local subject = entry[1]
  if not subject then
    subject = visitors[i + 1]
    redis.call('HSET', vault, 's', subject, 'p', ARGV[2], 'c', 's')
    redis.call('HSET', prefix .. 'person:' .. subject, 'at', time[1], 'h:' .. visitors[i], '1')
  elseif not entry[2] then
    redis.call('HSET', vault, 'c', 's')
  end
  if redis.call('TTL', vault) >= 0 then
    -- Pages alone spoke of them so far: from now on they are kept for good.
    redis.call('PERSIST', vault)
    for _, family in ipairs({'person:', 'numbers:', 'texts:'}) do
      redis.call('PERSIST', prefix .. family .. subject)
    end
  end
  subjects[#subjects + 1] = subject
  names[#names + 1] = state .. subject
  if ARGV[3] == '1' then
    local stuck = redis.call('HGETALL', prefix .. 'assigned:' .. subject)
    local offers = redis.call('HGETALL', prefix .. 'offered:' .. subject)
    for j = 1, #offers, 2 do
      stuck[#stuck + 1] = '~' .. offers[j]
      stuck[#stuck + 1] = offers[j + 1]
    end
    assigned[#assigned + 1] = stuck
  end
end
local plans = {}
local month = math.floor(time[1] / 2678400)
for back = 0, 2 do
  local found = redis.call('HMGET', prefix .. 'plans:' .. string.format('%.0f', month - back), unpack(subjects))
  for i = 1, #subjects do
    plans[i] = plans[i] or found[i]
  end
end
return {
  ARGV[3] == '1' and redis.call('HGETALL', KEYS[2]) or {},
  subjects, redis.call('MGET', unpack(names)), plans, assigned,
}
