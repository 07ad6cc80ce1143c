-- Opens a visitor: finds or makes the vault entry and reads what is known, in one step.
--
-- KEYS[1]  vault:<id>, hash (s = subject, p = partition, c = claimed: "d" by a device, "s" by a
--          server, "1" by either, as the version before wrote it); written here
-- KEYS[2]  fold:attribute, hash (generation of the visitors' states); read
-- KEYS[3]  quota, hash; read
-- ARGV[1]  prefix of the partition's keys; the subject's keys are built from it (same hash slot):
--            visitor[@<generation>]:<subject>  string, read
--            assigned:<subject>                hash, read
--            offered:<subject>                 hash, read
--            numbers:<subject>                 hash, read; its life is written here
--            texts:<subject>                   hash; its life is written here
--            person:<subject>                  hash (at = when it was made, h:<vault id> = an id of
--                                              it, into = whom it turned out to be, claims =
--                                              "closed": what devices claimed by themselves counts
--                                              no more; "kept": it counts for good); written here
-- ARGV[2]  partition
-- ARGV[3]  the id of the vault entry, as person:<subject> lists it
-- ARGV[4]  subject to use if the visitor is new
-- ARGV[5]  "1": a device, which may claim whom nobody claimed; "0": a server, which closes them
-- ARGV[6]  "1": the partition's quotas are wanted
-- ARGV[7]  "1": the visitor's numbers are wanted
-- ARGV[8]  "1": the server says who the visitor is: what devices claimed ends
-- ARGV[9...]  subjects that the device's token names; those that it claimed by itself begin with "?"
-- Of whom only pages speak, the vault's keys expire; a server's word makes them last for good.
-- Returns  {standing, subject, into or false, visitor state or false, assignments, quotas, numbers}
--          assignments: also the offers, each as "~<group>"
--          standing: 'new' (made or claimed by this call), 'known' (asked by a server, or by a
--          device for which one spoke), 'claimed' (asked by the device that claimed it), 'other'
--          (somebody else's, of whom the caller may know nothing)
local page_life = 8467200 -- seconds: `PAGE_LIFE` in store/vault/lives.py
local entry = redis.call('HMGET', KEYS[1], 's', 'c')
local subject, standing = entry[1], 'known'
local by = ARGV[5] == '1' and 'd' or 's'
local person = ARGV[1] .. 'person:' .. (subject or ARGV[4])
if not subject then
  subject, standing = ARGV[4], 'new'
  redis.call('HSET', KEYS[1], 's', subject, 'p', ARGV[2], 'c', by)
  local at = redis.call('TIME')[1]
  redis.call('HSET', person, 'at', at, 'h:' .. ARGV[3], '1')
  if by == 'd' then
    redis.call('EXPIRE', KEYS[1], page_life)
    redis.call('EXPIRE', person, page_life)
  end
elseif not entry[2] then
  redis.call('HSET', KEYS[1], 'c', by)
  standing = by == 'd' and 'new' or 'known'
elseif ARGV[8] == '1' and entry[2] ~= 's' then
  redis.call('HSETNX', person, 'claims', 'closed')
end
local about = redis.call('HMGET', person, 'into', 'claims')
local into = about[1]
if by == 'd' and standing == 'known' then
  standing = 'other'
  for i = 9, #ARGV do
    if ARGV[i] == subject then
      standing = 'known'
    elseif ARGV[i] == '?' .. subject and about[2] ~= 'closed' then
      standing = 'claimed'
    end
  end
end
if by == 's' and redis.call('TTL', KEYS[1]) >= 0 then
  redis.call('PERSIST', KEYS[1])
  for _, family in ipairs({'person:', 'numbers:', 'texts:'}) do
    redis.call('PERSIST', ARGV[1] .. family .. subject)
  end
end
local generation = redis.call('HGET', KEYS[2], 'generation') or '0'
local state = generation == '0' and 'visitor:' or 'visitor@' .. generation .. ':'
local assigned = redis.call('HGETALL', ARGV[1] .. 'assigned:' .. subject)
local offers = redis.call('HGETALL', ARGV[1] .. 'offered:' .. subject)
if standing == 'other' then
  local public = {} -- units that end with `PUBLIC` of domain/choosing/choice.py
  for i = 1, #assigned, 2 do
    if string.sub(assigned[i], -2) == '|?' then
      public[#public + 1] = assigned[i]
      public[#public + 1] = assigned[i + 1]
    end
  end
  assigned, offers = public, {}
end
for i = 1, #offers, 2 do
  assigned[#assigned + 1] = '~' .. offers[i]
  assigned[#assigned + 1] = offers[i + 1]
end
-- The state of the subject that was only proposed is none: as much is looked up.
return {
  standing, subject, into,
  redis.call('GET', ARGV[1] .. state .. (standing == 'other' and ARGV[4] or subject)),
  assigned,
  ARGV[6] == '1' and redis.call('HGETALL', KEYS[3]) or {},
  ARGV[7] == '1' and redis.call('HGETALL', ARGV[1] .. 'numbers:' .. subject) or {},
}
