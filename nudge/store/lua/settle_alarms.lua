-- Writes alarms and, where the monitors were judged, their state with the minute reached: all of it,
-- or nothing where somebody else was first.
--
-- KEYS[1]  alarms, hash: id -> revision and alarm as JSON; checked and written
-- KEYS[2]  alarm_times, zset: ids by the second of their last step; written
-- KEYS[3]  alarms_open, zset: the same, of alarms that are not resolved; written
-- KEYS[4]  judgement, hash: `minute`, `state`, `generation` (and the lease of the loop); checked and
--          written
-- ARGV[1]  minute that the state was read at (0 = none yet); empty where only alarms change
-- ARGV[2]  minute reached
-- ARGV[3]  state
-- ARGV[4]  generation of the state that was read (0 = none yet)
-- ARGV[5]  its generation from now on
-- ARGV[6...] alarms, each: id, revision that the caller believes current (0 = none), JSON, second of
--            its last step, "1" where it is resolved
-- Returns  1, or 0 where an alarm, the minute or the generation is another
if ARGV[1] ~= '' then
  local minute = redis.call('HGET', KEYS[4], 'minute') or '0'
  local generation = redis.call('HGET', KEYS[4], 'generation') or '0'
  if minute ~= ARGV[1] or generation ~= ARGV[4] then
    return 0
  end
end
for i = 6, #ARGV, 5 do
  local current = redis.call('HGET', KEYS[1], ARGV[i])
  local revision = current and cjson.decode(current)['revision'] or 0
  if revision ~= tonumber(ARGV[i + 1]) then
    return 0
  end
end
for i = 6, #ARGV, 5 do
  redis.call('HSET', KEYS[1], ARGV[i], ARGV[i + 2])
  redis.call('ZADD', KEYS[2], ARGV[i + 3], ARGV[i])
  if ARGV[i + 4] == '0' then
    redis.call('ZADD', KEYS[3], ARGV[i + 3], ARGV[i])
  else
    redis.call('ZREM', KEYS[3], ARGV[i])
  end
end
if ARGV[1] ~= '' then
  redis.call('HSET', KEYS[4], 'minute', ARGV[2], 'state', ARGV[3], 'generation', ARGV[5])
end
return 1
