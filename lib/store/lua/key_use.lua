-- KEYS and ARGV: as in key_revoke. Once a minute (KEY_USE_MS) is enough, whoever else notes it meanwhile.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local last = tonumber(redis.call('HGET', KEYS[1], 'last_used_at') or 0) or 0
if math.abs(ARGV[1] - last) >= 60000 then
  redis.call('HSET', KEYS[1], 'last_used_at', ARGV[1])
end
return 1
