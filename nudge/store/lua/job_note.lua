-- What becomes of a job, as the worker that holds it says.
--
-- KEYS[1]  jobs:<kind>, zset: job id, by the ms from which it may be taken; written
-- KEYS[2]  job:<id>, hash (token, state, progress, result, ...); checked and written
-- KEYS[3]  answered:<about>, string: id of the newest job that answers a question; written
-- ARGV[1]  id
-- ARGV[2]  token, of the taking
-- ARGV[3]  `going` (ARGV[4] ms more, ARGV[5] progress from 0 to 1), `done` (ARGV[4] ms that it is
--          kept, ARGV[5] result, ARGV[6] as_of) or `failed` (ARGV[4] ms, ARGV[5] code,
--          ARGV[6] message)
-- Returns  1
-- Errors   FENCED where another worker has the job, or it is forgotten
local held = redis.call('HMGET', KEYS[2], 'token', 'state')
if held[1] ~= ARGV[2] or held[2] ~= 'running' then
  return redis.error_reply('FENCED the job is another worker\'s, or none')
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if ARGV[3] == 'going' then
  local ends = string.format('%.0f', now + tonumber(ARGV[4]))
  redis.call('ZADD', KEYS[1], 'XX', ends, ARGV[1])
  redis.call('HSET', KEYS[2], 'progress', ARGV[5])
  return 1
end
redis.call('ZREM', KEYS[1], ARGV[1])
redis.call('HSET', KEYS[2], 'state', ARGV[3], 'finished', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[2], ARGV[4])
if ARGV[3] == 'done' then
  redis.call('HSET', KEYS[2], 'progress', '1', 'result', ARGV[5], 'as_of', ARGV[6])
  -- A job that was asked earlier may end later: it must not hide the newer answer.
  local before = redis.call('GET', KEYS[3])
  local prefix = string.sub(KEYS[2], 1, #KEYS[2] - #ARGV[1])
  local known = before and redis.call('HGET', prefix .. before, 'as_of')
  if not known or tonumber(known) <= tonumber(ARGV[6]) then
    redis.call('SET', KEYS[3], ARGV[1], 'PX', ARGV[4])
  end
else
  redis.call('HSET', KEYS[2], 'code', ARGV[5], 'message', ARGV[6])
end
return 1
