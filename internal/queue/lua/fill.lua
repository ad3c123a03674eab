-- Fills the logs anew from what the database knows was sent, unless somebody
-- has done it or Redis was lost once more.
-- KEYS: what is known of this life of Redis, then the logs. ARGV: the moment at
-- which it began; how long a log is kept, in milliseconds; for each log a list
-- of ids and for how long each has counted, less than nothing while it is sent.
local life = redis.call('HMGET', KEYS[1], 'since', 'ready')
if life[1] ~= ARGV[1] or life[2] == '1' then return 0 end
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])
for i = 2, #KEYS do
  redis.call('DEL', KEYS[i])
  for _, sent in ipairs(cjson.decode(ARGV[i + 1])) do
    redis.call('ZADD', KEYS[i], string.format('%.0f', now - sent[2]), sent[1])
  end
  redis.call('PEXPIRE', KEYS[i], ARGV[2])
end
redis.call('HSET', KEYS[1], 'ready', '1')
return 1
