-- ARGV: id, time in ms, size, limit, filename, record; then, of a call with an Idempotency-Key, its
-- hash, who holds it, its fingerprint and the place of the file in it. A record that is there was
-- counted when it was written.
if redis.call('HEXISTS', KEYS[3], ARGV[1]) == 1 then return 'stored' end
if ARGV[7] and redis.call('HGET', ARGV[7], 'holder') ~= ARGV[8] then return 'overtaken' end
local used = redis.call('HGET', KEYS[1], 'bytes')
if not used then return 'no account' end
if tonumber(used) + tonumber(ARGV[3]) > tonumber(ARGV[4]) then return 'no room' end
redis.call('HSET', KEYS[3], ARGV[1], ARGV[6])
redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])
redis.call('ZADD', KEYS[4], 0, member(ARGV[5], ARGV[1]))
redis.call('HINCRBY', KEYS[1], 'bytes', ARGV[3])
redis.call('HINCRBY', KEYS[1], 'files', 1)
if ARGV[7] then
  redis.call('HSET', ARGV[7], 'fingerprint', ARGV[9], 'file:' .. ARGV[10], ARGV[1])
end
return 'stored'
