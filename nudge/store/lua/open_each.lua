-- Opens many visitors of one partition for a server: finds or makes each, and reads what is known.
--
-- KEYS[1]  fold:attribute, hash (generation of the visitors' states); read
-- KEYS[2]  quota, hash; read
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot):
--            vault:<id>                        hash (s, p, c as in open.lua); written here
--            person:<subject>                  hash (at, h:<vault id>, into); written here
--            visitor[@<generation>]:<subject>  string, read
--            assigned:<subject>                hash, read
-- ARGV[2]  partition
-- ARGV[3]  "1": the partition's quotas are wanted
-- ARGV[4]  MessagePack of a list with, for each visitor: the id of the vault entry, subject to use if
--          the visitor is new; a thousand arguments cost more than one
-- Returns  {quotas, for each visitor: {subject, into or false, visitor state or false, assignments}}
local prefix = ARGV[1]
local generation = redis.call('HGET', KEYS[1], 'generation') or '0'
local state = prefix .. (generation == '0' and 'visitor:' or 'visitor@' .. generation .. ':')
local found = {ARGV[3] == '1' and redis.call('HGETALL', KEYS[2]) or {}}
local visitors = cmsgpack.unpack(ARGV[4])
for i = 1, #visitors, 2 do
  local vault = prefix .. 'vault:' .. visitors[i]
  local entry = redis.call('HMGET', vault, 's', 'c')
  local subject = entry[1]
  if not subject then
    subject = visitors[i + 1]
    redis.call('HSET', vault, 's', subject, 'p', ARGV[2], 'c', '1')
    local at = redis.call('TIME')[1]
    redis.call('HSET', prefix .. 'person:' .. subject, 'at', at, 'h:' .. visitors[i], '1')
  elseif not entry[2] then
    redis.call('HSET', vault, 'c', '1')
  end
  found[#found + 1] = {
    subject,
    redis.call('HGET', prefix .. 'person:' .. subject, 'into'),
    redis.call('GET', state .. subject),
    redis.call('HGETALL', prefix .. 'assigned:' .. subject),
  }
end
return found
