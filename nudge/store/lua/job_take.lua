-- Takes the job that has waited longest, or one whose worker's lease ran out. Each taking has a
-- token of its own: whoever was overtaken can write nothing any more.
--
-- KEYS[1]  jobs:<kind>, zset: job id, by the ms from which it may be taken; written
-- ARGV[1]  prefix of the keys of jobs; from it are built (same hash slot):
--            job:<id>  hash; written
-- ARGV[2]  ms that the job is held
-- ARGV[3]  how often a job may be begun
-- ARGV[4]  ms that a job which was begun too often is remembered
-- Returns  {id, token, question, about}; false where nothing waits
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
while true do
  local id = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now),
    'LIMIT', 0, 1)[1]
  if not id then
    return false
  end
  local job = ARGV[1] .. id
  local question = redis.call('HGET', job, 'question')
  if not question then
    redis.call('ZREM', KEYS[1], id)
  elseif redis.call('HINCRBY', job, 'tries', 1) > tonumber(ARGV[3]) then
    redis.call('ZREM', KEYS[1], id)
    redis.call('HSET', job, 'state', 'failed', 'code', 'gave_up', 'message',
      'each worker that began it ended before it was done', 'finished',
      string.format('%.0f', now))
    redis.call('PEXPIRE', job, ARGV[4])
  else
    local token = redis.call('HINCRBY', job, 'token', 1)
    redis.call('HSET', job, 'state', 'running', 'progress', '0')
    redis.call('ZADD', KEYS[1], string.format('%.0f', now + tonumber(ARGV[2])), id)
    return {id, token, question, redis.call('HGET', job, 'about')}
  end
end
