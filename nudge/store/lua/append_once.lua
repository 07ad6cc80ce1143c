-- Appends records of one partition, each once: opens the vault entry of its visitor, drops an id
-- that the visitor sent in the last 7 days, appends.
--
-- KEYS[1]  journal, stream; appended to
-- KEYS[2]  seq, string; last position
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot):
--            vault:<visitor hash>  hash, read; made if absent
--            seen:<subject>        zset of digests by stamp, written
-- ARGV[2]  partition
-- ARGV[3]  "1": closes the visitors to later claims
-- ARGV[4]  milliseconds that an id is remembered
-- ARGV[5...]  for each record: visitor hash ("" = the subject is known), subject (to use if new),
--          digest of its id, payload
-- Returns  for each record: position, or 0 for a duplicate, or "<partition> <subject>" (text) where
--          the visitor's journal is in another partition
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stamp = string.format('%.0f', now)
local memory = tonumber(ARGV[4])
local answers = {}
for i = 5, #ARGV, 4 do
  local hash, subject, digest, payload = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local home = ARGV[2]
  if hash ~= '' then
    local key = ARGV[1] .. 'vault:' .. hash
    local entry = redis.call('HMGET', key, 's', 'p')
    if entry[1] then
      subject, home = entry[1], entry[2]
    else
      redis.call('HSET', key, 's', subject, 'p', home)
    end
    if ARGV[3] == '1' then
      redis.call('HSETNX', key, 'c', '1')
    end
  end
  if home ~= ARGV[2] then
    answers[#answers + 1] = home .. ' ' .. subject
  else
    local seen = ARGV[1] .. 'seen:' .. subject
    if redis.call('ZADD', seen, 'NX', stamp, digest) == 0
        and now - tonumber(redis.call('ZSCORE', seen, digest)) < memory then
      answers[#answers + 1] = 0
    else
      redis.call('ZADD', seen, stamp, digest)
      redis.call('ZREMRANGEBYSCORE', seen, '-inf', string.format('%.0f', now - memory))
      redis.call('PEXPIRE', seen, ARGV[4])
      local position = redis.call('INCR', KEYS[2])
      redis.call('XADD', KEYS[1], string.format('%.0f-0', position), 't', stamp, 's', subject, 'r', payload)
      answers[#answers + 1] = position
    end
  end
end
return answers
