-- Lets keys go, after a while: those who are reading them may finish.
--
-- KEYS[1...]  of any type; expire
-- ARGV[1]  seconds
-- Returns  1
for i = 1, #KEYS do
  redis.call('EXPIRE', KEYS[i], ARGV[1])
end
return 1
