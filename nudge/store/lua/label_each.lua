-- Finds or makes many vault entries of one partition for a server, as `label.lua` makes one, and
-- reads what a merging has to know of each.
--
-- KEYS[1]  seq, string; not touched: it names the hash slot
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot):
--            vault:<id>         hash (s, p, c as in open.lua); written
--            person:<subject>   hash (at, h:<vault id>, into); written if the entry is new
--            seen:<subject>     zset of digests by stamp, read
--            numbers:<subject>  hash, written where a note is given and the subject is not merged
--            texts:<subject>    hash, read; its life is written
-- ARGV[2]  partition
-- ARGV[3]  MessagePack of a list with, for each: the id of the vault entry, subject to use if it is
--          new, digest of the event, cipher of the number to note as the subject's own, or ""
-- Returns  for each: subject, "1" where the event was seen, into or false, number of fields of
--          person, "1" where it has books
local prefix = ARGV[1]
local at = redis.call('TIME')[1]
local list = cmsgpack.unpack(ARGV[3])
local answers = {}
for i = 1, #list, 4 do
  local vault = prefix .. 'vault:' .. list[i]
  local subject = redis.call('HGET', vault, 's')
  if subject then
    redis.call('HSETNX', vault, 'c', '1')
  else
    subject = list[i + 1]
    redis.call('HSET', vault, 's', subject, 'p', ARGV[2], 'c', '1')
    redis.call('HSET', prefix .. 'person:' .. subject, 'at', at, 'h:' .. list[i], '1')
  end
  if redis.call('TTL', vault) >= 0 then
    -- Pages alone spoke of them so far: from now on they are kept for good.
    redis.call('PERSIST', vault)
    for _, family in ipairs({'person:', 'numbers:', 'texts:'}) do
      redis.call('PERSIST', prefix .. family .. subject)
    end
  end
  local into = redis.call('HGET', prefix .. 'person:' .. subject, 'into')
  local numbers = prefix .. 'numbers:' .. subject
  local books = list[i + 3] == '' and redis.call('EXISTS', numbers, prefix .. 'texts:' .. subject) > 0
  if list[i + 3] ~= '' and not into then
    redis.call('HSET', numbers, 'own:' .. subject, list[i + 3])
  end
  answers[#answers + 1] = subject
  answers[#answers + 1] = redis.call('ZSCORE', prefix .. 'seen:' .. subject, list[i + 2]) and '1' or '0'
  answers[#answers + 1] = into
  answers[#answers + 1] = redis.call('HLEN', prefix .. 'person:' .. subject)
  answers[#answers + 1] = books and '1' or '0'
end
return answers
