-- In front of every script. What a script returns is read in the .c file that names it. Repeating any
-- of them is harmless, and each touches keys of one account only.
--
-- The keys of every script about files are the account, its listing, its records and its index of
-- names. A record is packed as store/file.c says, filename and size first. Once each was a hash of
-- its own, which is still read, and removed with its file, but not written any more. Only
-- string.lower decides what letter case is: in Redis it folds ASCII and nothing else.

-- Redis's own clock, as those of the workers' machines differ; in ms.
local function now_ms()
  local time = redis.call('TIME')
  return time[1] * 1000 + math.floor(time[2] / 1000)
end

-- The record of a file, or false.
local function find(id)
  local record = redis.call('HGET', KEYS[3], id)
  if record then return record end
  local old = redis.call('HMGET', KEYS[1] .. ':file:' .. id, 'filename', 'size',
    'content_type', 'ext', 'provenance', 'original_url', 'sha256')
  if not old[1] then return false end
  for i = 1, 7 do old[i] = old[i] or '' end
  return table.concat(old, '\0')
end

-- A file in the index of names, and the range of those whose names begin so.
local function member(name, id) return string.lower(name) .. '\0' .. id end
local function range(prefix) return '[' .. prefix, '(' .. prefix .. '\255' end
