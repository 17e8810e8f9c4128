-- ARGV: id, filename, record, renamed_ms. A rename that Redis is told of and gets to after a later
-- one, because it stalled in between, must not win over that. Renames are counted for
-- list_names.lua.
local id, record = ARGV[1], find(ARGV[1])
if not record then return 'absent' end
local texts = select(2, string.find(record, string.rep('[^%z]*%z', 6)))
local last = tonumber(string.sub(record, texts + 32 + 1)) or 0
if last > tonumber(ARGV[4]) then return 'late' end
redis.call('HSET', KEYS[3], id, ARGV[3])
redis.call('DEL', KEYS[1] .. ':file:' .. id)
redis.call('ZREM', KEYS[4], member(string.match(record, '^[^%z]*'), id))
redis.call('ZADD', KEYS[4], 0, member(ARGV[2], id))
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HINCRBY', KEYS[1], 'renames', 1) end
return 'renamed'
