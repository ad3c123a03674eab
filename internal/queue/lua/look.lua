-- Returns the time, and for each log how many urgent messages and how many others
-- wait, and the moments from which its permits count, the newest first.
-- KEYS: three for each subject, as in take.lua. ARGV: for each, how many moments.
local clock = redis.call('TIME')
local answer = {clock[1], clock[2]}
for i = 1, #ARGV do
  local at = {}
  local log = redis.call('ZREVRANGE', KEYS[3 * i - 2], 0, tonumber(ARGV[i]) - 1, 'WITHSCORES')
  for j = 2, #log, 2 do at[#at + 1] = log[j] end
  answer[#answer + 1] = redis.call('ZCARD', KEYS[3 * i - 1])
  answer[#answer + 1] = redis.call('ZCARD', KEYS[3 * i])
  answer[#answer + 1] = at
end
return answer
