-- Adds a job, unless it is there already; one that failed is begun again.
--
-- KEYS[1]  jobs:<kind>, zset: job id, by the ms from which it may be taken; written
-- KEYS[2]  job:<id>, hash (kind, question, about, state, tries, token, asked, ...); written
-- ARGV[1]  id
-- ARGV[2]  kind
-- ARGV[3]  question, JSON
-- ARGV[4]  about: digest of the question alone, by which the newest answer is found
-- ARGV[5]  most jobs of the kind that may wait
-- ARGV[6]  ms that the job is remembered
-- Returns  its state: waiting, running, done; `full` where too many wait
local state = redis.call('HGET', KEYS[2], 'state')
if state and state ~= 'failed' then
  return state
end
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[5]) then
  return 'full'
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'kind', ARGV[2], 'question', ARGV[3], 'about', ARGV[4],
  'state', 'waiting', 'tries', '0', 'token', '0', 'progress', '0',
  'asked', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[2], ARGV[6])
redis.call('ZADD', KEYS[1], string.format('%.0f', now), ARGV[1])
return 'waiting'
