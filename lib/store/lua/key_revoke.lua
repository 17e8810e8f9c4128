-- KEYS: key. ARGV: time in ms. One that is gone must not come back as a key of this field alone.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSETNX', KEYS[1], 'revoked_at', ARGV[1])
return 1
