-- ARGV: id.
local id, record = ARGV[1], find(ARGV[1])
if not record then return 'absent' end
local name, size = string.match(record, '^([^%z]*)%z(%d*)')
redis.call('HDEL', KEYS[3], id)
redis.call('DEL', KEYS[1] .. ':file:' .. id)
redis.call('ZREM', KEYS[2], id)
redis.call('ZREM', KEYS[4], member(name, id))
if redis.call('EXISTS', KEYS[1]) == 1 then
  redis.call('HINCRBY', KEYS[1], 'bytes', string.format('%d', -size))
  redis.call('HINCRBY', KEYS[1], 'files', -1)
end
return 'removed'
