-- Opens a visitor: finds or makes the vault entry and reads what is known, in one step.
--
-- KEYS[1]  vault:<id>, hash (s = subject, p = partition, c = claimed); written here
-- KEYS[2]  fold:attribute, hash (generation of the visitors' states); read
-- KEYS[3]  quota, hash; read
-- ARGV[1]  prefix of the partition's keys; the subject's keys are built from it (same hash slot):
--            visitor[@<generation>]:<subject>  string, read
--            assigned:<subject>                hash, read
--            numbers:<subject>                 hash, read; its life is written here
--            texts:<subject>                   hash; its life is written here
--            person:<subject>                  hash (at = when it was made, h:<vault id> = an id of
--                                              it, into = whom it turned out to be); written here
-- ARGV[2]  partition
-- ARGV[3]  the id of the vault entry, as person:<subject> lists it
-- ARGV[4]  subject to use if the visitor is new
-- ARGV[5]  "1": a device, which may claim whom nobody claimed; "0": a server, which closes them
-- ARGV[6]  "1": the partition's quotas are wanted
-- ARGV[7]  "1": the visitor's numbers are wanted
-- ARGV[8...]  subjects that the device's token names
-- Of whom only pages speak, the vault's keys expire; a server's word makes them last for good.
-- Returns  {standing, subject, into or false, visitor state or false, assignments, quotas, numbers}
--          standing: 'new' (made or claimed by this call), 'known' (asked by a server, or by a
--          device that may see it), 'other' (somebody else's, of whom the caller may know nothing)
local page_life = 8467200 -- seconds: `PAGE_LIFE` in store/vault/lives.py
local entry = redis.call('HMGET', KEYS[1], 's', 'c')
local subject, standing = entry[1], 'known'
if not subject then
  subject, standing = ARGV[4], 'new'
  redis.call('HSET', KEYS[1], 's', subject, 'p', ARGV[2], 'c', '1')
  local at = redis.call('TIME')[1]
  redis.call('HSET', ARGV[1] .. 'person:' .. subject, 'at', at, 'h:' .. ARGV[3], '1')
  if ARGV[5] == '1' then
    redis.call('EXPIRE', KEYS[1], page_life)
    redis.call('EXPIRE', ARGV[1] .. 'person:' .. subject, page_life)
  end
elseif not entry[2] then
  redis.call('HSET', KEYS[1], 'c', '1')
  standing = ARGV[5] == '1' and 'new' or 'known'
elseif ARGV[5] == '1' then
  standing = 'other'
  for i = 8, #ARGV do
    if ARGV[i] == subject then
      standing = 'known'
    end
  end
end
if ARGV[5] ~= '1' and redis.call('TTL', KEYS[1]) >= 0 then
  redis.call('PERSIST', KEYS[1])
  for _, family in ipairs({'person:', 'numbers:', 'texts:'}) do
    redis.call('PERSIST', ARGV[1] .. family .. subject)
  end
end
local into = redis.call('HGET', ARGV[1] .. 'person:' .. subject, 'into')
local generation = redis.call('HGET', KEYS[2], 'generation') or '0'
local state = generation == '0' and 'visitor:' or 'visitor@' .. generation .. ':'
return {
  standing, subject, into,
  redis.call('GET', ARGV[1] .. state .. subject),
  redis.call('HGETALL', ARGV[1] .. 'assigned:' .. subject),
  ARGV[6] == '1' and redis.call('HGETALL', KEYS[3]) or {},
  ARGV[7] == '1' and redis.call('HGETALL', ARGV[1] .. 'numbers:' .. subject) or {},
}
