-- Finds or makes many vault entries of one partition for a server, as `label.lua` makes one, and
-- reads what a merging has to know of each.
--
-- KEYS[1]  seq, string; not touched: it names the hash slot
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot):
--            vault:<id>         hash (s, p, c as in open.lua); written
--            person:<subject>   hash (at, h:<vault id>, into, claims as in open.lua); written
--            seen:<subject>     zset of digests by stamp, read
--            numbers:<subject>  hash, written where a note is given and the subject is not merged
--            texts:<subject>    hash, read; its life is written
-- ARGV[2]  partition
-- ARGV[3]  MessagePack of a list with, for each: the id of the vault entry, subject to use if it is
--          new, digest of the event, cipher of the number to note as the subject's own, or ""
-- Returns  for each: subject, "1" where the event was seen, into or false, number of fields of
--          person besides claims, "1" where it has books
local prefix = ARGV[1]
local at = redis.call('TIME')[1]
local list = cmsgpack.unpack(ARGV[3])
local answers = {}
for i = 1, #list, 4 do
  local vault = prefix .. 'vault:' .. list[i]
  local entry = redis.call('HMGET', vault, 's', 'c')
  local subject, by = entry[1], entry[2]
  local person = prefix .. 'person:' .. (subject or list[i + 1])
  if not subject then
    subject = list[i + 1]
    redis.call('HSET', vault, 's', subject, 'p', ARGV[2], 'c', 's')
    redis.call('HSET', person, 'at', at, 'h:' .. list[i], '1')
  elseif not by then
    redis.call('HSET', vault, 'c', 's')
  elseif by ~= 's' then
    -- A visitor whom a device claimed: a server has said now who that is.
    redis.call('HSETNX', person, 'claims', 'closed')
  end
  if redis.call('TTL', vault) >= 0 then
    -- Pages alone spoke of them so far: from now on they are kept for good.
    redis.call('PERSIST', vault)
    for _, family in ipairs({'person:', 'numbers:', 'texts:'}) do
      redis.call('PERSIST', prefix .. family .. subject)
    end
  end
  local about = redis.call('HMGET', person, 'into', 'claims')
  local into = about[1]
  local numbers = prefix .. 'numbers:' .. subject
  local books = list[i + 3] == '' and redis.call('EXISTS', numbers, prefix .. 'texts:' .. subject) > 0
  if list[i + 3] ~= '' and not into then
    redis.call('HSET', numbers, 'own:' .. subject, list[i + 3])
  end
  answers[#answers + 1] = subject
  answers[#answers + 1] = redis.call('ZSCORE', prefix .. 'seen:' .. subject, list[i + 2]) and '1' or '0'
  answers[#answers + 1] = into
  answers[#answers + 1] = redis.call('HLEN', person) - (about[2] and 1 or 0)
  answers[#answers + 1] = books and '1' or '0'
end
return answers
