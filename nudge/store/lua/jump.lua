-- Lets a partition's positions go on behind a number, so that none is given twice.
--
-- KEYS[1]  seq, string; last position; written
-- ARGV[1]  number
-- Returns  the last position from now on
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then
  redis.call('SET', KEYS[1], ARGV[1])
end
return tonumber(redis.call('GET', KEYS[1]))
