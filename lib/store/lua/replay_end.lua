-- KEYS: a call, the account's answered calls by the time of their answers. ARGV: who holds the call;
-- then, where there is an answer, ms that it is kept, how many are kept of an account, fingerprint,
-- status, type and body. A hash without members is gone.
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'holder', 'until')
if not ARGV[2] then return 1 end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[4], 'status', ARGV[5], 'type', ARGV[6], 'body', ARGV[7])
redis.call('PEXPIRE', KEYS[1], ARGV[2])

-- Nobody fills the memory that all accounts share with answers to himself.
local now = now_ms()
redis.call('ZREMRANGEBYSCORE', KEYS[2], '-inf', now - ARGV[2])
redis.call('ZADD', KEYS[2], now, KEYS[1])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
local over = redis.call('ZCARD', KEYS[2]) - ARGV[3]
if over > 0 then
  local oldest = redis.call('ZPOPMIN', KEYS[2], over)
  for i = 1, #oldest, 2 do redis.call('DEL', oldest[i]) end
end
return 1
