-- KEYS: a call. ARGV: who asks, ms of a lease, ms that the call is known. A lease that seems longer
-- than that was given when the clock was ahead.
if redis.call('HEXISTS', KEYS[1], 'status') == 1 then
  return {'answered', 0, redis.call('HGETALL', KEYS[1])}
end
local now = now_ms()
local holder = redis.call('HGET', KEYS[1], 'holder')
if holder and holder ~= ARGV[1] then
  local wait = redis.call('HGET', KEYS[1], 'until') - now
  if wait > 0 and wait <= tonumber(ARGV[2]) then return {'elsewhere', wait} end
end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', now + ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'ours', 0, redis.call('HGETALL', KEYS[1])}
