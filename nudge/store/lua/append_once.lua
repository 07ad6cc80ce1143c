-- Appends records of one partition, each once: opens the vault entry of its visitor, drops an id
-- that the visitor sent in the last 7 days, appends, and keeps what only the vault may hold.
--
-- KEYS[1]  journal, stream; appended to, and read for the decisions that events name
-- KEYS[2]  seq, string; last position; written
-- ARGV[1]  prefix of the partition's keys; from it are built (same hash slot):
--            vault:<visitor hash>  hash, read; written if absent, its life always
--            person:<subject>      hash (at, h:<visitor hash>, into); written if absent
--            seen:<subject>        zset of digests by stamp, written
--            numbers:<subject>, texts:<subject>   hashes of at most 100 fields, 200 with those that
--                  servers add, and of 64 KiB; written
-- ARGV[2]  partition
-- ARGV[3]  "1": a server sends them: closes the visitors to later claims, and has room for notes that
--          pages cannot fill; "3": as "1", but what is sent are decisions that pages asked for. Of
--          whom only pages speak, the vault's keys expire; a server's word makes them last for good
-- ARGV[4]  milliseconds that an id is remembered
-- ARGV[5...]  for each record: visitor hash ("" = the subject is known), subject (to use if new),
--          place of the decision whose subject it is ("" = not by decision), digest of its id, its
--          digest of the version before ("" = none), payload, number of notes, then for each note:
--          family, field, value
-- Returns  for each record: position, or 0 for a duplicate, or "<partition> <subject> <as>" (text)
--          where the visitor, here known as the last, turned out to be one whose journal is
--          elsewhere, or "? <stamp> <subject>" where the version before took the id then, perhaps of another type or sender: the record
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
local function by_hash(hash, subject)
  local key = ARGV[1] .. 'vault:' .. hash
  local known = redis.call('HGET', key, 's')
  if not known then
    redis.call('HSET', key, 's', subject, 'p', ARGV[2])
    if not by_server then
      redis.call('EXPIRE', key, page_life)
    end
  end
  redis.call('HSETNX', ARGV[1] .. 'person:' .. (known or subject), 'h:' .. hash, '1')
  if not known and not by_server then
    redis.call('EXPIRE', ARGV[1] .. 'person:' .. subject, page_life)
  end
  if ARGV[3] ~= '0' then
    redis.call('HSETNX', key, 'c', '1')
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
local function note(subject, at)
  local key, field = ARGV[1] .. ARGV[at] .. ':' .. subject, ARGV[at + 1]
  local fits = redis.call('HLEN', key) < most
  if fits and ARGV[at] == 'texts' then
    local bytes = string.len(ARGV[at + 2])
    for _, text in ipairs(redis.call('HVALS', key)) do
      bytes = bytes + string.len(text)
    end
    fits = bytes <= most_bytes
  end
  if fits or redis.call('HEXISTS', key, field) == 1 then
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
  local notes = tonumber(ARGV[i + 6])
  local known = place ~= '' and by_decision(place)
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
    answers[#answers + 1] = before or into .. ' ' .. subject
  else
    -- Nothing is noted of somebody forgotten: no id would lead there any more.
    if notes > 0 and redis.call('EXISTS', ARGV[1] .. 'person:' .. subject) == 1 then
      for n = 1, notes do
        note(subject, i + 4 + 3 * n)
      end
    end
    answers[#answers + 1] = append(subject, digest, payload)
  end
  i = i + 7 + 3 * notes
end
return answers
