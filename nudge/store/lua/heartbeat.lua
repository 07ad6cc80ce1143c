-- Notes that a worker serves a fold, and counts the workers that do.
--
-- KEYS[1]  fold (of partition 0), hash; its fields `worker:<owner>` = ms, until when; written
-- ARGV[1]  owner
-- ARGV[2]  milliseconds that the note holds; 0 withdraws it
-- Returns  number of workers whose note holds
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local mine = 'worker:' .. ARGV[1]
if ARGV[2] == '0' then
  redis.call('HDEL', KEYS[1], mine)
else
  redis.call('HSET', KEYS[1], mine, string.format('%.0f', now + tonumber(ARGV[2])))
end
local fields = redis.call('HGETALL', KEYS[1])
local alive = 0
for i = 1, #fields, 2 do
  if string.sub(fields[i], 1, 7) == 'worker:' then
    if tonumber(fields[i + 1]) > now then
      alive = alive + 1
    else
      redis.call('HDEL', KEYS[1], fields[i])
    end
  end
end
return alive
