-- Gives permits, each only if every window of every subject has room for it.
--
-- A subject is a mail server or a domain, and has three sorted sets: the log of
-- its permits by the moment from which each counts, which lies ahead while it may
-- still be used, and the messages that wait by themselves, the urgent and the
-- others, by the moment at which they were told to ask again.
--
-- KEYS: what is known of this life of Redis, then three for each subject.
-- ARGV: the plan, see plan in permits.go. Times are microseconds of this clock.
local plan = cjson.decode(ARGV[1])
local function whole(n) return string.format('%.0f', n) end
local clock = redis.call('TIME')
local now = tonumber(clock[1]) * 1000000 + tonumber(clock[2])

-- Which Redis this is: after a restart or a failover the last permits may be
-- missing although the rest is there.
local run = 'embedded'
if not plan.embedded then
  local info = redis.pcall('INFO', 'server')
  run = type(info) == 'string' and string.match(info, 'run_id:(%w+)') or 'unknown'
end
local life = redis.call('HMGET', KEYS[1], 'run', 'rules', 'since', 'ready')
local since = tonumber(life[3] or '')
local set_back = since and since > now and life[4] ~= '1'
if life[1] ~= run or plan.first and life[2] ~= plan.rules or not since or set_back then
  redis.call('HSET', KEYS[1], 'run', run, 'rules', plan.rules, 'since', whole(now), 'ready', '0')
  since, life[4] = now, '0'
end
if life[4] ~= '1' then
  local rest = since + plan.rest - now
  if rest > 0 then return {'cold', whole(rest)} end
  return {'fill', whole(since)}
end

local function log_of(s) return KEYS[3 * s - 1] end
local function line_of(s, urgent) return KEYS[3 * s + (urgent and 0 or 1)] end

for s, windows in ipairs(plan.subjects) do
  local longest = 0
  for _, w in ipairs(windows) do longest = math.max(longest, w[3]) end
  redis.call('ZREMRANGEBYSCORE', log_of(s), '-inf', whole(now - longest))
  for _, urgent in ipairs({true, false}) do
    redis.call('ZREMRANGEBYSCORE', line_of(s, urgent), '-inf', whole(now - plan.patience))
  end
end

-- How many of one line go before a message.
local function before(s, urgent, message)
  local line = line_of(s, urgent)
  local place = message ~= '' and redis.call('ZRANK', line, message)
  return place or redis.call('ZCARD', line)
end

-- How long a message waits for one window when so many go before it.
local function wait(s, window, urgent, ahead)
  local most, long = window[1], window[3]
  if not urgent then most = most - window[2] end
  local used = redis.call('ZCOUNT', log_of(s), '(' .. whole(now - long), '+inf')
  if ahead < most - used then return 0 end
  local rounds = math.floor(ahead / most)
  local nth = most - 1 - (ahead - rounds * most)
  local entry = redis.call('ZREVRANGE', log_of(s), nth, nth, 'WITHSCORES')
  local free = now
  if entry[2] then free = math.max(now, math.min(now, tonumber(entry[2])) + long) end
  return math.max(1000, free + rounds * long - now)
end

local answer = {'ok'}
for _, ask in ipairs(plan.asks) do
  local longest, refusing = 0, {}
  for _, s in ipairs(ask.on) do
    local ahead = before(s, true, ask.urgent and ask.message or '')
    if not ask.urgent then ahead = ahead + before(s, false, ask.message) end
    local here = 0
    for _, w in ipairs(plan.subjects[s]) do here = math.max(here, wait(s, w, ask.urgent, ahead)) end
    if here > 0 then
      refusing[#refusing + 1] = s
      longest = math.max(longest, here)
    end
  end
  for _, s in ipairs(ask.on) do
    if longest == 0 then
      redis.call('ZADD', log_of(s), whole(now + plan.lease), ask.id)
      redis.call('PEXPIRE', log_of(s), plan.keep)
    end
    if ask.message ~= '' then redis.call('ZREM', line_of(s, ask.urgent), ask.message) end
  end
  if longest > 0 and ask.message ~= '' then
    for _, s in ipairs(refusing) do
      redis.call('ZADD', line_of(s, ask.urgent), whole(now + longest), ask.message)
      redis.call('PEXPIRE', line_of(s, ask.urgent), plan.keep)
    end
  end
  answer[#answer + 1] = whole(longest)
end
return answer
