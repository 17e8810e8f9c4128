-- KEYS: account. One with files stays, because their URLs would die.
local files = redis.call('HGET', KEYS[1], 'files')
if files and tonumber(files) > 0 then return 'has files' end
redis.call('DEL', KEYS[1])
return 'closed'
