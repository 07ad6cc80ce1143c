-- Appends a page's decisions and remembers those that stick. Where another call was first, its
-- decision stands: two calls that race get the same answer.
--
-- KEYS[1]  journal, stream; appended to
-- KEYS[2]  seq, string; last position; written
-- KEYS[3]  assigned:<subject>, hash: unit -> "<period> <place> <stamp ms> <payload>"; written
--          From its beginning are built (same hash slot):
--            offered:<subject>, hash: group of benefits -> "<until ms> <benefit> <unit>", unit "*" where
--                  several made the offer; written
--            reserved: zset of "<ms> <position> <subject> <slot>:<variant>" by position; written
--            person:<subject>, vault:<visitor hash>, numbers:<subject>, texts:<subject>   hashes; of
--                  a visitor of whom only pages speak their life is written
-- KEYS[4]  quota, hash (<slot>:<variant>:got, :taken, :back); read, taken is written
-- ARGV[1]  subject
-- ARGV[2]  seconds that the assignments are kept
-- ARGV[3...]  for each decision: unit ("" = not remembered), period, place of the decision that
--          it supersedes ("" = none), payload, <slot>:<variant> of which it takes one ("" = none; behind
--          "?" it comes back unless an event says that the decision was shown), the offer that it
--          makes as "<group> <until ms> <benefit> <unit>" ("" = none)
-- Returns  for each decision: {1, place, stamp ms} where it was appended, {0, place, stamp ms,
--          payload} of an earlier one that stands; false where there is none left of what it takes;
--          {2, other offer of its group, as `offered` has it} where another unit made one
local time = redis.call('TIME')
local stamp = string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000))
local prefix = string.sub(KEYS[3], 1, -string.len('assigned:' .. ARGV[1]) - 1)
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
local offered = prefix .. 'offered:' .. ARGV[1]
local function standing_offer(offer)
  local kept = redis.call('HGET', offered, string.match(offer, '^%S+'))
  if kept and tonumber(string.match(kept, '^%d+')) > tonumber(stamp) then
    return kept
  end
  return false
end
local function contradicts(offer, kept)
  local _, benefit, unit = string.match(kept, '^(%S+) (%S+) (.*)$')
  local _, _, own, by = string.match(offer, '^(%S+) (%S+) (%S+) (.*)$')
  return benefit ~= own and unit ~= by
end
local function note_offer(offer, kept)
  local group, ends, benefit, unit = string.match(offer, '^(%S+) (%S+) (%S+) (.*)$')
  if kept then
    local until_ms, before, by = string.match(kept, '^(%S+) (%S+) (.*)$')
    if before == benefit then
      ends = tonumber(until_ms) > tonumber(ends) and until_ms or ends
      unit = by == unit and unit or '*'
    end
  end
  redis.call('HSET', offered, group, ends .. ' ' .. benefit .. ' ' .. unit)
  if redis.call('TTL', offered) < tonumber(ARGV[2]) then
    redis.call('EXPIRE', offered, ARGV[2])
  end
end
for i = 3, #ARGV, 6 do
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
  local takes, held = string.gsub(ARGV[i + 4], '^%?', '')
  local offer = ARGV[i + 5]
  local kept_offer = not first and offer ~= '' and standing_offer(offer)
  if kept_offer and contradicts(offer, kept_offer) then
    first = {2, kept_offer}
  end
  if not first and (takes == '' or taken(takes)) then
    if offer ~= '' then
      note_offer(offer, kept_offer)
    end
    local position = redis.call('INCR', KEYS[2])
    redis.call('XADD', KEYS[1], string.format('%.0f-0', position), 't', stamp, 's', ARGV[1], 'r', payload)
    if held > 0 then
      local place = string.format('%.0f', position)
      redis.call('ZADD', prefix .. 'reserved', place, stamp .. ' ' .. place .. ' ' .. ARGV[1] .. ' ' .. takes)
    end
    if unit ~= '' then
      redis.call('HSET', KEYS[3], unit,
        period .. ' ' .. string.format('%.0f', position) .. ' ' .. stamp .. ' ' .. payload)
      remembered = true
    end
    first = {1, string.format('%.0f', position), tonumber(stamp)}
  end
  answers[#answers + 1] = first or false
end
-- The vault's keys live at least as long as what sticks, and as the state.
local page_life = math.max(8467200, tonumber(ARGV[2])) -- `PAGE_LIFE` in store/vault/lives.py
local person = prefix .. 'person:' .. ARGV[1]
local left = redis.call('TTL', person)
if left >= 0 and left < page_life - 86400 then
  for _, field in ipairs(redis.call('HKEYS', person)) do
    if string.sub(field, 1, 2) == 'h:' then
      redis.call('EXPIRE', prefix .. 'vault:' .. string.sub(field, 3), page_life)
    end
  end
  for _, family in ipairs({'person:', 'numbers:', 'texts:'}) do
    redis.call('EXPIRE', prefix .. family .. ARGV[1], page_life)
  end
end
if remembered and redis.call('TTL', KEYS[3]) < tonumber(ARGV[2]) then
  redis.call('EXPIRE', KEYS[3], ARGV[2])
end
return answers
