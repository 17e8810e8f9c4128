-- KEYS: a call. ARGV: who holds it; then, where there is an answer, ms that it is kept, fingerprint,
-- status, type and body. A hash without members is gone.
if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end
redis.call('HDEL', KEYS[1], 'holder', 'until')
if ARGV[2] then
  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[3], 'status', ARGV[4], 'type', ARGV[5],
    'body', ARGV[6])
  redis.call('PEXPIRE', KEYS[1], ARGV[2])
end
return 1
