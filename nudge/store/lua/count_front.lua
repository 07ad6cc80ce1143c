-- Tells up to which time a partition is counted: by the fold's watermark, or by the store's clock
-- where the fold has read all that there is. All in one step, so that nothing comes in between.
--
-- KEYS[1]  fold:monitor, hash (position, watermark, generation); read
-- KEYS[2]  seq, string; last position; read
-- Returns  {seconds, generation}
local fold = redis.call('HMGET', KEYS[1], 'position', 'watermark', 'generation')
local last = tonumber(redis.call('GET', KEYS[2]) or '0')
local generation = fold[3] or '0'
if tonumber(fold[1] or '0') >= last then
  local time = redis.call('TIME')
  return {time[1] .. '.' .. string.format('%06d', time[2]), generation}
end
return {fold[2] or '0', generation}
