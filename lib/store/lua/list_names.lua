-- A step of a pass over the index of names. ARGV: the beginning of the names; the member behind which
-- to go on, or nothing; the ids to look for are below this one, and above that one, or nothing; how
-- many names to read. Returns how many renames there have been, the member behind which to go on, or
-- nothing at the end, and the ids, without anything between; or false, when the index does not know
-- of every file. A rename during a pass may move a file from what is to be read to what has been: it
-- has to be made again then.
local prefix, behind, below, above = string.lower(ARGV[1]), ARGV[2], ARGV[3], ARGV[4]
local steps = tonumber(ARGV[5])
local low, high = range(prefix)
if redis.call('ZCARD', KEYS[4]) ~= redis.call('ZCARD', KEYS[2]) then return false end
if behind ~= '' then low = '(' .. behind end
local names, ids = redis.call('ZRANGEBYLEX', KEYS[4], low, high, 'LIMIT', 0, steps), {}
for _, name in ipairs(names) do
  local id = string.sub(name, -36)
  if id < below and id > above then ids[#ids + 1] = id end
end
return {redis.call('HGET', KEYS[1], 'renames') or '', names[steps] or '', table.concat(ids)}
