-- KEYS: as in rate_begin. ARGV: a call, and the two lengths of time as there. One that counts no longer
-- than its window has been ended before.
local now = now_ms()
local until_ms = redis.call('ZSCORE', KEYS[1], ARGV[1])
if until_ms and until_ms - now > tonumber(ARGV[2]) then
  redis.call('ZADD', KEYS[1], until_ms - ARGV[3], ARGV[1])
end
return 0
