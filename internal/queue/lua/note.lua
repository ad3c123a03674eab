-- Notes that a permit is still being used, was used, or was not.
-- KEYS: the logs it counts in. ARGV: held, used or back; its id; the id of its
-- message in a log that was filled anew; how long it counts on while held, or
-- how long ago it was used; how long a log is kept, in milliseconds.
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
local from = now - tonumber(ARGV[4])
if ARGV[1] == 'held' then from = now + tonumber(ARGV[4]) end
for _, log in ipairs(KEYS) do
  if ARGV[1] ~= 'held' then redis.call('ZREM', log, ARGV[2], ARGV[3]) end
  if ARGV[1] ~= 'back' then
    redis.call('ZADD', log, string.format('%.0f', from), ARGV[2])
    redis.call('PEXPIRE', log, ARGV[5])
  end
end
return 1
