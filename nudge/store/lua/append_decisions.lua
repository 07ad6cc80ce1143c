-- Appends a page's decisions and remembers those that stick. Where another call was first, its
-- decision stands: two calls that race get the same answer.
--
-- KEYS[1]  journal, stream; appended to
-- KEYS[2]  seq, string; last position; written
-- KEYS[3]  assigned:<subject>, hash: unit -> "<period> <place> <stamp ms> <payload>"; written
-- KEYS[4]  quota, hash (<slot>:<variant>:got, :taken, :back); read, taken is written
-- ARGV[1]  subject
-- ARGV[2]  seconds that the assignments are kept
-- ARGV[3...]  for each decision: unit ("" = not remembered), period, place of the decision that
--          it supersedes ("" = none), payload, <slot>:<variant> of which it takes one ("" = none)
-- Returns  for each decision: {1, place, stamp ms} where it was appended, {0, place, stamp ms,
--          payload} of an earlier one that stands; false where there is none left of what it takes
local time = redis.call('TIME')
local stamp = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local answers = {}
local remembered = false
local function taken(name)
  local counts = redis.call('HMGET', KEYS[4], name .. ':got', name .. ':taken', name .. ':back')
  if tonumber(counts[1] or '0') <= tonumber(counts[2] or '0') + tonumber(counts[3] or '0') then
    return false
  end
  redis.call('HINCRBY', KEYS[4], name .. ':taken', 1)
  return true
end
for i = 3, #ARGV, 5 do
  local unit, period, superseded, payload = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local first
  if unit ~= '' then
    local kept = redis.call('HGET', KEYS[3], unit)
    if kept then
      local p, n, t, rest = string.match(kept, '^(%S+) (%S+) (%S+) (.*)$')
      if p == period and n ~= superseded then
        first = {0, n, tonumber(t), rest}
      end
    end
  end
  if not first and (ARGV[i + 4] == '' or taken(ARGV[i + 4])) then
    local position = redis.call('INCR', KEYS[2])
    redis.call('XADD', KEYS[1], string.format('%.0f-0', position), 't', stamp, 's', ARGV[1], 'r', payload)
    if unit ~= '' then
      redis.call('HSET', KEYS[3], unit,
        period .. ' ' .. string.format('%.0f', position) .. ' ' .. stamp .. ' ' .. payload)
      remembered = true
    end
    first = {1, string.format('%.0f', position), tonumber(stamp)}
  end
  answers[#answers + 1] = first or false
end
if remembered and redis.call('TTL', KEYS[3]) < tonumber(ARGV[2]) then
  redis.call('EXPIRE', KEYS[3], ARGV[2])
end
return answers
