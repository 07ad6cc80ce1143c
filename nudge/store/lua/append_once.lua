-- Appends records of one partition, each once: opens the vault entry of its visitor, drops an id
-- that the visitor sent in the last 7 days, appends, and keeps what only the vault may hold.
--
-- KEYS[1]  journal, stream; appended to, and read for the decisions that events name
-- KEYS[2]  seq, string; last position; written
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot):
--            vault:<visitor hash>  hash, read; written if absent, its life always
--            person:<subject>      hash (at, h:<visitor hash>, into); written if absent
--            seen:<subject>        zset of digests by stamp, written
--            texts:<subject>       hash of at most 100 fields, 200 with those that servers add,
--                  and of 64 KiB; written
--            numbers:<subject>     hash (own:<label> and <device>:<label> = cipher, t:<device> =
--                  "<label> <ms>", t:<device>:order = "m" or "s", then the device's labels, the
--                  latest first); written. A device keeps its latest 10 numbers. "m": devices that
--                  may see the visitor, at most 10; "s": those of strangers, at most 5. The one that
--                  typed nothing for longest leaves, with its numbers
--            reserved: zset of "<ms> <position> <subject> <slot>:<variant>" by position; written
--            returned: zset of the same; written
--            quota: hash (<slot>:<variant>:taken); written
-- ARGV[2]  partition
-- ARGV[3]  "1": a server sends them: closes the visitors to later claims, and has room for notes that
--          pages cannot fill; "2": it says, too, who they are: what devices claimed before ends;
--          "3": as "1", but what is sent are decisions that pages asked for. Of whom only pages
--          speak, the vault's keys expire; a server's word makes them last for good
-- ARGV[4]  milliseconds that an id is remembered
-- ARGV[5...]  for each record: visitor hash ("" = the subject is known), subject (to use if new),
--          place of the decision whose subject it is, and which was shown ("" = not by
--          decision), digest of its id, its digest of the version before ("" = none), payload ("" = nothing is appended, the notes
--          are all), subjects that the token of its device names ("?" before what it claimed by
--          itself), number of notes, then for each note: family, field, value
-- Returns  for each record: position, or 0 for a duplicate, or "<partition> <subject> <as> <mine>"
--          (text) where the visitor, here known as the third, turned out to be one whose journal is
--          elsewhere; mine is "1" where the device may see that visitor; or "? <stamp> <subject>" where the version before took the id then, perhaps of another type or sender: the record
--          was not appended
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local stamp = string.format('%.0f', now)
local memory = tonumber(ARGV[4])
local most = ARGV[3] ~= '0' and 200 or 100
local most_bytes = 65536
local by_server = ARGV[3] ~= '0' and ARGV[3] ~= '3'
local page_life = 8467200 -- seconds: `PAGE_LIFE` in store/vault/lives.py
local answers = {}
local function by_decision(place)
  local position, index = string.match(place, '^(%d+)%.?(%d*)$')
  local found = redis.call('XRANGE', KEYS[1], position .. '-0', position .. '-0')[1]
  if not found then
    return nil
  end
  local subject, payload = found[2][4], found[2][6]
  if string.byte(payload) ~= 2 then
    return subject
  end
  -- A block: 16 bytes for each of its decisions.
  local at = 16 * (tonumber(index) or 0)
  local raw = string.sub(subject, at + 1, at + 16)
  return #raw == 16 and string.gsub(raw, '.', function(c)
    return string.format('%02x', string.byte(c))
  end) or nil
end
-- A decision that an event names was shown: the unit of stock that it took is its visitor's own.
local function confirm(position)
  for _, family in ipairs({'reserved', 'returned'}) do
    local key = ARGV[1] .. family
    for _, held in ipairs(redis.call('ZRANGEBYSCORE', key, position, position)) do
      redis.call('ZREM', key, held)
      if family == 'returned' then
        -- It was seen: it counts, though another visitor may have got the unit meanwhile.
        local name = string.match(held, '^%d+ %d+ %x+ (.*)$')
        redis.call('HINCRBY', ARGV[1] .. 'quota', name .. ':taken', 1)
      end
    end
  end
end
local function by_hash(hash, subject)
  local key = ARGV[1] .. 'vault:' .. hash
  local entry = redis.call('HMGET', key, 's', 'c')
  local known, by = entry[1], entry[2]
  if not known then
    redis.call('HSET', key, 's', subject, 'p', ARGV[2])
    if not by_server then
      redis.call('EXPIRE', key, page_life)
    end
  end
  local person = ARGV[1] .. 'person:' .. (known or subject)
  redis.call('HSETNX', person, 'h:' .. hash, '1')
  if not known and not by_server then
    redis.call('EXPIRE', person, page_life)
  end
  if ARGV[3] ~= '0' and not by then
    redis.call('HSET', key, 'c', by_server and 's' or 'd')
  elseif ARGV[3] == '2' and by ~= 's' then
    redis.call('HSETNX', person, 'claims', 'closed')
  end
  return known or subject
end
-- A record of whom only pages spoke: it lives on, or, by a server's word, for good.
local function live_on(subject)
  local person = ARGV[1] .. 'person:' .. subject
  local left = redis.call('TTL', person)
  if left < 0 or (not by_server and left >= page_life - 86400) then
    return
  end
  local keys = {person, ARGV[1] .. 'numbers:' .. subject, ARGV[1] .. 'texts:' .. subject}
  for _, field in ipairs(redis.call('HKEYS', person)) do
    if string.sub(field, 1, 2) == 'h:' then
      keys[#keys + 1] = ARGV[1] .. 'vault:' .. string.sub(field, 3)
    end
  end
  for _, key in ipairs(keys) do
    if by_server then
      redis.call('PERSIST', key)
    else
      redis.call('EXPIRE', key, page_life)
    end
  end
end
local function remembered(subject, digest)
  local at = digest ~= '' and redis.call('ZSCORE', ARGV[1] .. 'seen:' .. subject, digest)
  return at and now - tonumber(at) < memory and at
end
local function sent_before(subject, digest, earlier)
  if remembered(subject, digest) then
    return 0
  end
  local at = remembered(subject, earlier)
  return at and '? ' .. string.format('%.0f', tonumber(at)) .. ' ' .. subject
end
local function append(subject, digest, payload)
  local seen = ARGV[1] .. 'seen:' .. subject
  redis.call('ZADD', seen, stamp, digest)
  redis.call('ZREMRANGEBYSCORE', seen, '-inf', string.format('%.0f', now - memory))
  redis.call('PEXPIRE', seen, ARGV[4])
  local position = redis.call('INCR', KEYS[2])
  redis.call('XADD', KEYS[1], string.format('%.0f-0', position), 't', stamp, 's', subject, 'r', payload)
  return position
end
local function is_mine(subject, homes)
  for mark, one in string.gmatch(homes, '(%??)(%x+)') do
    local person = ARGV[1] .. 'person:' .. subject
    if one == subject and (mark == '' or redis.call('HGET', person, 'claims') ~= 'closed') then
      return true
    end
  end
  return false
end
local function labels_of(key, device, first, order)
  local there, labels = {}, {first}
  for _, field in ipairs(redis.call('HKEYS', key)) do
    if string.sub(field, 1, #device + 1) == device .. ':' then
      there[string.sub(field, #device + 2)] = true
    end
  end
  there[first] = nil
  for label in string.gmatch(order, '%x%x+') do
    if there[label] then
      there[label] = nil
      labels[#labels + 1] = label
    end
  end
  -- What the version before noted stands in no order.
  local rest = {}
  for label in pairs(there) do
    rest[#rest + 1] = label
  end
  table.sort(rest)
  for _, label in ipairs(rest) do
    labels[#labels + 1] = label
  end
  return labels
end
local function drop_device(key, device)
  for _, label in ipairs(labels_of(key, device, '', '')) do
    redis.call('HDEL', key, device .. ':' .. label)
  end
  redis.call('HDEL', key, 't:' .. device, 't:' .. device .. ':order')
end
local function drop_idle(key, class)
  local found = {}
  for _, field in ipairs(redis.call('HKEYS', key)) do
    local device = string.match(field, '^t:([^:]+)$')
    local order = device and (redis.call('HGET', key, field .. ':order') or 'm')
    if device and string.sub(order, 1, 1) == class then
      local at = string.match(redis.call('HGET', key, field), ' (%d+)$')
      found[#found + 1] = {tonumber(at) or 0, device}
    end
  end
  table.sort(found, function(a, b)
    return a[1] < b[1] or (a[1] == b[1] and a[2] < b[2])
  end)
  for i = 1, #found - (class == 'm' and 10 or 5) do
    drop_device(key, found[i][2])
  end
end
local function note_typed(key, device, value, mine)
  local last, order = unpack(redis.call('HMGET', key, 't:' .. device, 't:' .. device .. ':order'))
  local was = order and string.sub(order, 1, 1) or (last and 'm')
  local class = mine and 'm' or was or 's'
  local label, at = string.match(value, '^(%S+) (%d+)$')
  local labels = labels_of(key, device, label, order or '')
  while #labels > 10 do
    redis.call('HDEL', key, device .. ':' .. table.remove(labels))
  end
  redis.call('HSET', key, 't:' .. device .. ':order', class .. ' ' .. table.concat(labels, ' '))
  if not last or tonumber(at) >= (tonumber(string.match(last, ' (%d+)$')) or 0) then
    redis.call('HSET', key, 't:' .. device, value)
  end
  if class ~= was then
    drop_idle(key, class)
  end
end
local function note(subject, at, mine)
  local key, field = ARGV[1] .. ARGV[at] .. ':' .. subject, ARGV[at + 1]
  local device = ARGV[at] == 'numbers' and string.match(field, '^t:([^:]+)$')
  local fits = ARGV[at] == 'numbers' or redis.call('HLEN', key) < most
  if fits and ARGV[at] == 'texts' then
    local bytes = string.len(ARGV[at + 2])
    for _, text in ipairs(redis.call('HVALS', key)) do
      bytes = bytes + string.len(text)
    end
    fits = bytes <= most_bytes
  end
  if device then
    note_typed(key, device, ARGV[at + 2], mine)
  elseif fits or redis.call('HEXISTS', key, field) == 1 then
    redis.call('HSET', key, field, ARGV[at + 2])
    local left = redis.call('TTL', ARGV[1] .. 'person:' .. subject)
    if left > 0 then
      redis.call('EXPIRE', key, left)
    end
  end
end
local i = 5
while i <= #ARGV do
  local hash, subject, place = ARGV[i], ARGV[i + 1], ARGV[i + 2]
  local digest, earlier, payload = ARGV[i + 3], ARGV[i + 4], ARGV[i + 5]
  local homes, notes = ARGV[i + 6], tonumber(ARGV[i + 7])
  local known = place ~= '' and by_decision(place)
  if place ~= '' then
    confirm(string.match(place, '^%d+'))
  end
  if known then
    subject = known
  elseif hash ~= '' then
    subject = by_hash(hash, subject)
  end
  live_on(subject)
  local into = redis.call('HGET', ARGV[1] .. 'person:' .. subject, 'into')
  -- What came before the visitor turned out to be another one is not new to that one either.
  local before = sent_before(subject, digest, earlier)
  if before or into then
    local mine = is_mine(subject, homes) and '1' or '0'
    answers[#answers + 1] = before or into .. ' ' .. subject .. ' ' .. mine
  else
    -- Nothing is noted of somebody forgotten: no id would lead there any more.
    if notes > 0 and redis.call('EXISTS', ARGV[1] .. 'person:' .. subject) == 1 then
      local mine = is_mine(subject, homes)
      for n = 1, notes do
        note(subject, i + 5 + 3 * n, mine)
      end
    end
    answers[#answers + 1] = payload == '' and 0 or append(subject, digest, payload)
  end
  i = i + 8 + 3 * notes
end
return answers
