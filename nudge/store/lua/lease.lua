-- Takes, renews or gives back a lease: of a fold, of a slot's publisher or of the guard. A new owner
-- gets a new fencing token, so that whatever the old one still sends is refused.
--
-- KEYS[1]  any family that its caller names, hash (owner, until = ms, token, position, ...); written
-- ARGV[1]  owner
-- ARGV[2]  milliseconds to hold it; 0 gives it back
-- ARGV[3]  "1" takes it from whoever holds it
-- Returns  {token, position} for the owner; false for anybody else
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = redis.call('HMGET', KEYS[1], 'owner', 'until', 'token', 'position')
local held = lease[1] and lease[1] ~= '' and tonumber(lease[2]) > now
if held and lease[1] ~= ARGV[1] and ARGV[3] ~= '1' then
  return false
end
if ARGV[2] == '0' then
  if lease[1] == ARGV[1] then
    redis.call('HSET', KEYS[1], 'owner', '', 'until', '0')
  end
  return false
end
local token = tonumber(lease[3] or '0')
if not (held and lease[1] == ARGV[1]) then
  token = token + 1
end
redis.call('HSET', KEYS[1], 'owner', ARGV[1], 'token', string.format('%.0f', token),
  'until', string.format('%.0f', now + tonumber(ARGV[2])))
return {token, tonumber(lease[4] or '0')}
