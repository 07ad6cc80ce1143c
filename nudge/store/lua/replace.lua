-- Puts another cipher in the place of one, unless somebody else changed or removed it.
--
-- KEYS[1]  numbers:<subject> or texts:<subject>, hash, a book of the vault; written
-- ARGV[1]  field
-- ARGV[2]  the cipher that is expected there
-- ARGV[3]  the cipher to put there
-- Returns  1 if it was put
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then
  return 0
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[3])
return 1
