-- Reads a session and its user, and notes that the session was used; one that is over is removed.
--
-- KEYS[1]  session:<digest>, string: JSON; written
-- KEYS[2]  users, hash: name -> JSON
-- ARGV[1]  seconds, now
-- ARGV[2]  seconds without a call after which a session is over
-- ARGV[3]  seconds from its beginning after which it is over
-- ARGV[4]  seconds for which a use is not noted again
-- Returns  JSON of the user and of the session, or nil
local text = redis.call('GET', KEYS[1])
if not text then
  return nil
end
local session, now = cjson.decode(text), tonumber(ARGV[1])
local told = redis.call('HGET', KEYS[2], session['user'])
local user = told and cjson.decode(told)
local over = not user or user['disabled'] or user['epoch'] ~= session['epoch']
  or now - session['seen'] > tonumber(ARGV[2]) or now - session['created'] > tonumber(ARGV[3])
if over then
  redis.call('DEL', KEYS[1])
  return nil
end
if now - session['seen'] > tonumber(ARGV[4]) then
  session['seen'] = now
  text = cjson.encode(session)
  -- A store that is full refuses it: whoever looks why must not be kept out by it.
  redis.pcall('SET', KEYS[1], text, 'KEEPTTL')
end
return {told, text}
