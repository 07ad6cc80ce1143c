-- Takes hours of a gateway: as many contacts of each as are left.
--
-- KEYS[1]  capacity:<channel>, hash: hour since the epoch -> contacts that are planned; written
-- ARGV[1]  the hour that is now: older ones are forgotten
-- ARGV[2...]  for each: hour, the most contacts that may be planned in it, how many are wanted
-- Returns  for each: how many were taken
local taken = {}
for i = 2, #ARGV, 3 do
  local used = tonumber(redis.call('HGET', KEYS[1], ARGV[i]) or '0')
  local take = math.max(0, math.min(tonumber(ARGV[i + 2]), tonumber(ARGV[i + 1]) - used))
  if take > 0 then
    redis.call('HINCRBY', KEYS[1], ARGV[i], take)
  end
  taken[#taken + 1] = take
end
if redis.call('HLEN', KEYS[1]) > 2000 then
  for _, hour in ipairs(redis.call('HKEYS', KEYS[1])) do
    if tonumber(hour) < tonumber(ARGV[1]) then
      redis.call('HDEL', KEYS[1], hour)
    end
  end
end
return taken
