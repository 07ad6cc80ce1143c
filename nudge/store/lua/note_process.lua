-- Writes the figures of a web process, and removes those of processes that told nothing for long.
--
-- KEYS[1]  processes, hash: name -> milliseconds of the note, a blank, and its JSON; written
-- ARGV[1]  name of the process
-- ARGV[2]  JSON
-- ARGV[3]  milliseconds for which a note holds
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local notes = redis.call('HGETALL', KEYS[1])
for i = 1, #notes, 2 do
  if tonumber(string.match(notes[i + 1], '^%d+')) + tonumber(ARGV[3]) < now then
    redis.call('HDEL', KEYS[1], notes[i])
  end
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f ', now) .. ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
