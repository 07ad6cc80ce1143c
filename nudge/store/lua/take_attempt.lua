-- Takes an attempt to sign in before the password is looked at, so that many at once are no more
-- than one after another; refuses it while too many have failed.
--
-- KEYS[1]  failures:<account and address>, hash: since, n, until; written
-- KEYS[2]  failures:<account>, hash: the same; written
-- KEYS[3]  familiar:<account and address>, string: the account was opened from this address before
-- ARGV[1]  seconds, now
-- ARGV[2]  seconds in which attempts count
-- ARGV[3]  attempts of an account from one address, and ARGV[4] the seconds that it then waits
-- ARGV[5]  attempts of an account from anywhere, and ARGV[6] the seconds that strangers then wait
-- Returns  {seconds to wait, 1 where a failure of this attempt locks the account for its address}
local now, span = tonumber(ARGV[1]), tonumber(ARGV[2])

local function wait_of(key)
  return math.max(0, math.ceil(tonumber(redis.call('HGET', key, 'until') or '0') - now))
end

local function count(key, most, wait)
  local since = tonumber(redis.call('HGET', key, 'since') or '0')
  if now - since > span then
    redis.call('HSET', key, 'since', ARGV[1], 'n', 0)
  end
  local locks = redis.call('HINCRBY', key, 'n', 1) >= most
  if locks then
    redis.call('HSET', key, 'until', tostring(now + wait), 'n', 0, 'since', tostring(now + wait))
  end
  redis.call('EXPIRE', key, span + wait)
  return locks and 1 or 0
end

local wait = wait_of(KEYS[1])
if wait == 0 and redis.call('EXISTS', KEYS[3]) == 0 then
  wait = wait_of(KEYS[2])
end
if wait > 0 then
  return {wait, 0}
end
count(KEYS[2], tonumber(ARGV[5]), tonumber(ARGV[6]))
return {0, count(KEYS[1], tonumber(ARGV[3]), tonumber(ARGV[4]))}
