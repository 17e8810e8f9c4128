-- KEYS: a call. ARGV: who holds it, ms of a lease.
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
local now = now_ms()
redis.call('HSET', KEYS[1], 'until', now + ARGV[2])
return 1
