-- Adds a job, unless it is there already; one that failed a while ago may be begun again. Where an older job on
-- the same question still waits, that one will do: its answer is of the time when it is taken.
--
-- KEYS[1]  jobs:<kind>, zset: job id, by the ms from which it may be taken; written
-- KEYS[2]  job:<id>, hash (kind, question, about, state, tries, token, asked, ...); written
-- KEYS[3]  asked:<about>, string: id of the job that was added last; written
-- ARGV[1]  id
-- ARGV[2]  kind
-- ARGV[3]  question, JSON
-- ARGV[4]  about: digest of the question alone, by which the newest answer is found
-- ARGV[5]  most jobs of the kind that may wait
-- ARGV[6]  ms that the job is remembered
-- ARGV[7]  ms after which a job that failed is begun again; -1 is never
-- Returns  {id, state} of the job that answers: waiting, running, done, failed; `full` where too
--          many wait
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local known = redis.call('HMGET', KEYS[2], 'state', 'finished')
local patience = tonumber(ARGV[7])
local over = known[1] == 'failed' and patience >= 0 and tonumber(known[2]) + patience <= now
if known[1] and not over then
  return {ARGV[1], known[1]}
end
local before = redis.call('GET', KEYS[3])
local prefix = string.sub(KEYS[2], 1, #KEYS[2] - #ARGV[1])
if before and redis.call('HGET', prefix .. before, 'state') == 'waiting' then
  return {before, 'waiting'}
end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[5]) then
  return {ARGV[1], 'full'}
end
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'kind', ARGV[2], 'question', ARGV[3], 'about', ARGV[4],
  'state', 'waiting', 'tries', '0', 'token', '0', 'progress', '0',
  'asked', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[2], ARGV[6])
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[6])
return {ARGV[1], 'waiting'}
