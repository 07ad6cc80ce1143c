-- Takes over, for the person, what stuck for whoever knew the visitor's id.
--
-- KEYS[1]  assigned:<subject>, hash: unit -> the decision that it keeps; written
-- ARGV[1...]  pairs of units: from, to
-- Returns  how many were taken over
local moved = 0
for i = 1, #ARGV, 2 do
  local kept = redis.call('HGET', KEYS[1], ARGV[i])
  if kept then
    redis.call('HSET', KEYS[1], ARGV[i + 1], kept)
    redis.call('HDEL', KEYS[1], ARGV[i])
    moved = moved + 1
  end
end
return moved
