-- Reads texts that a visitor wrote.
--
-- KEYS[1]  texts:<subject>, hash (name of an event's text = cipher); read
-- ARGV     names of texts
-- Returns  the ciphers, in order, false for each that is not there (any more)
return redis.call('HMGET', KEYS[1], unpack(ARGV))
