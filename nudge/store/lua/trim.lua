-- Removes the journal's oldest entries: those that are old enough, and as many as the memory that it
-- may take asks for; never past a bound. At most some thousand at a time, so that nobody waits.
--
-- KEYS[1]  journal, stream; trimmed
-- ARGV[1]  the last position that may go
-- ARGV[2]  milliseconds that an entry is kept
-- ARGV[3]  bytes that the journal may take; 0 is any number
-- ARGV[4]  most entries to remove
-- Returns  {entries removed, entries of these that were not old enough, "1" if more may go}
local function entry(from)
  return redis.call('XRANGE', KEYS[1], from, '+', 'COUNT', 1)[1]
end
local function position(row)
  return tonumber(string.match(row[1], '^(%d+)'))
end
local function stamp(row)
  for i = 1, #row[2], 2 do
    if row[2][i] == 't' then
      return tonumber(row[2][i + 1])
    end
  end
  return 0
end
local function id(number)
  return string.format('%.0f-0', number)
end

local first = entry('-')
if not first then
  return {0, 0, '0'}
end
local start, bound = position(first), tonumber(ARGV[1])
if start > bound then
  return {0, 0, '0'}
end
local time = redis.call('TIME')
local cutoff = time[1] * 1000 + math.floor(time[2] / 1000) - tonumber(ARGV[2])
-- The first position in [low, high) that stays by its age: stamps rise with positions.
local low, high = start, bound + 1
while low < high do
  local middle = math.floor((low + high) / 2)
  local row = entry(id(middle))
  if row and position(row) <= bound and stamp(row) < cutoff then
    low = position(row) + 1
  else
    high = middle
  end
end
local by_age, keep_from = low, low
local most = tonumber(ARGV[3])
local used = most > 0 and redis.call('MEMORY', 'USAGE', KEYS[1]) or 0
if used > most then
  local surplus = math.ceil(redis.call('XLEN', KEYS[1]) * (1 - most / used))
  keep_from = math.max(keep_from, start + surplus)
end
keep_from = math.min(keep_from, bound + 1)
local now = math.min(keep_from, start + tonumber(ARGV[4]))
local removed = redis.call('XTRIM', KEYS[1], 'MINID', id(now))
return {removed, math.max(0, now - math.max(by_age, start)), now < keep_from and '1' or '0'}
