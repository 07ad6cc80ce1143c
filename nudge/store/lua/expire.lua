-- Lets keys go, after a while: those who are reading them may finish.
--
-- KEYS[1...]  visitor, open, counts, blocks, totals, minutes, trace, shares,
--             watch, watch_due, case, case_times, cases_open, case_queue, case_queues,
--             member, member_due, members, member_days, of any type; written: they expire
-- ARGV[1]  seconds
-- Returns  1
for i = 1, #KEYS do
  redis.call('EXPIRE', KEYS[i], ARGV[1])
end
return 1
