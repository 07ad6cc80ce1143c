-- Finds or makes the vault entry of a number, or of a visitor of whom a server speaks: no device
-- can claim it from then on.
--
-- KEYS[1]  vault:<id>, hash (s, p, c as in open.lua); written
-- ARGV[1]  prefix of the partition's keys; from it is built (same hash slot):
--            person:<subject>  hash (claims as in open.lua); written
--            numbers:<subject>, texts:<subject>   hashes; their life is written here
-- ARGV[2]  partition
-- ARGV[3]  the id of the vault entry, as person:<subject> lists it
-- ARGV[4]  subject to use if the number is new
-- ARGV[5]  "1": a server names it, and it is kept for good; "0": it was typed on a page, and is kept
--          for a time that each typing begins anew
-- ARGV[6]  what becomes of what devices claimed: "closed", "kept", or "" for what it was
-- Returns  the number's subject
local number_life = 34560000 -- seconds: `NUMBER_LIFE` in store/vault/lives.py
local entry = redis.call('HMGET', KEYS[1], 's', 'c')
local subject, by = entry[1], entry[2]
if subject then
  if not by then
    redis.call('HSET', KEYS[1], 'c', 's')
  elseif by ~= 's' and ARGV[6] ~= '' then
    redis.call('HSETNX', ARGV[1] .. 'person:' .. subject, 'claims', ARGV[6])
  end
  local left = redis.call('TTL', KEYS[1])
  for _, key in ipairs({
    KEYS[1], ARGV[1] .. 'person:' .. subject,
    ARGV[1] .. 'numbers:' .. subject, ARGV[1] .. 'texts:' .. subject,
  }) do
    if left >= 0 and ARGV[5] == '1' then
      redis.call('PERSIST', key)
    elseif left >= 0 and left < number_life - 86400 then
      redis.call('EXPIRE', key, number_life)
    end
  end
  return subject
end
redis.call('HSET', KEYS[1], 's', ARGV[4], 'p', ARGV[2], 'c', 's')
redis.call('HSET', ARGV[1] .. 'person:' .. ARGV[4], 'at', redis.call('TIME')[1], 'h:' .. ARGV[3], '1')
if ARGV[5] ~= '1' then
  redis.call('EXPIRE', KEYS[1], number_life)
  redis.call('EXPIRE', ARGV[1] .. 'person:' .. ARGV[4], number_life)
end
return ARGV[4]
