-- Lists subjects with those that they turn out to be, unless these would gather too many ids.
-- Idempotent: who is listed already is not counted again.
--
-- KEYS[1]  seq, string; not touched: it names the hash slot
-- ARGV[1]  prefix of the partition's keys; from it is built (same hash slot):
--            person:<subject>  hash (s:<subject> = partition of one that turned out to be it,
--                              w = how many ids it has gathered); written
--            vault:<visitor hash>, numbers:<subject>, texts:<subject>   hashes; their life is written
-- ARGV[2]  MessagePack of a list with, for each: subject that stays, subject that leaves, its
--          partition, ids that it brings, the most that may be gathered, ids gathered so far where
--          the store has not counted them (-1: not known)
-- Returns  for each: 1, 0 where it would be too many, -1 where they must be counted first
-- Of whom only pages spoke so far, and a server speaks now.
local function last_for_good(subject)
  for _, field in ipairs(redis.call('HKEYS', ARGV[1] .. 'person:' .. subject)) do
    if string.sub(field, 1, 2) == 'h:' then
      redis.call('PERSIST', ARGV[1] .. 'vault:' .. string.sub(field, 3))
    end
  end
  for _, family in ipairs({'person:', 'numbers:', 'texts:'}) do
    redis.call('PERSIST', ARGV[1] .. family .. subject)
  end
end
local list = cmsgpack.unpack(ARGV[2])
local answers = {}
for i = 1, #list, 6 do
  local person = ARGV[1] .. 'person:' .. list[i]
  local field = 's:' .. list[i + 1]
  local answer = 1
  if redis.call('HEXISTS', person, field) == 0 then
    local gathered = tonumber(redis.call('HGET', person, 'w') or list[i + 5])
    if gathered < 0 then
      answer = -1
    elseif gathered + list[i + 3] > list[i + 4] then
      answer = 0
    else
      redis.call('HSET', person, field, list[i + 2], 'w', gathered + list[i + 3])
      if redis.call('TTL', person) >= 0 then
        last_for_good(list[i])
      end
    end
  end
  answers[#answers + 1] = answer
end
return answers
