-- KEYS: calls by the time at which they no longer count. ARGV: a call, how many may count, for how
-- many ms after its start a call does, and how many ms longer unless it is said to have ended.
-- Returns 0 when the call may begin, else after how many ms to ask again. Should the clock
-- go back, calls of the future do not count.
if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end
local now = now_ms()
local longest = now + ARGV[3] + ARGV[4]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZREMRANGEBYSCORE', KEYS[1], longest + 1, '+inf')
if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return math.min(first[2] - now, tonumber(ARGV[3]))
end
redis.call('ZADD', KEYS[1], longest, ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[3] + ARGV[4])
return 0
