-- ARGV: the id behind which to go on, or nothing; how many files at most, how many records may be
-- looked at, and the beginning of their names, or nothing; then, or not at all, the only files to
-- look at, as ids without anything between. Returns the id behind which to go on, or nothing at the
-- end, then ids and records by turns, newest first, which is the order of ids. A search whose
-- matches the index says to be few (and of which it knows every file) takes them all; else it looks
-- at records one after the other.
local from, limit, steps = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local prefix, total = string.lower(ARGV[4]), redis.call('ZCARD', KEYS[2])
local page = {''}

local function add(ids, first, last)
  if first > last then return end
  local records = redis.call('HMGET', KEYS[3], unpack(ids, first, last))
  for i = first, last do
    local record = records[i - first + 1] or find(ids[i])
    if record and string.lower(string.sub(record, 1, #prefix)) == prefix then
      page[#page + 1], page[#page + 2] = ids[i], record
      limit = limit - 1
      if limit == 0 then return i end
    end
  end
end

-- The first rank behind `from`, which may be gone.
local function rank()
  local low, high = 0, from == '' and 0 or total
  while low < high do
    local middle = math.floor((low + high) / 2)
    if redis.call('ZREVRANGE', KEYS[2], middle, middle)[1] < from then
      high = middle
    else
      low = middle + 1
    end
  end
  return low
end

local function few()
  local low, high = range(prefix)
  if redis.call('ZLEXCOUNT', KEYS[4], low, high) > steps then return nil end
  local ids = {}
  for _, name in ipairs(redis.call('ZRANGEBYLEX', KEYS[4], low, high)) do
    local id = string.sub(name, -36)
    if from == '' or id < from then ids[#ids + 1] = id end
  end
  table.sort(ids, function(a, b) return a > b end)
  return ids
end

if ARGV[5] then
  local ids = {}
  for id in string.gmatch(ARGV[5], string.rep('.', 36)) do ids[#ids + 1] = id end
  add(ids, 1, #ids)
  return page
end
if prefix ~= '' and redis.call('ZCARD', KEYS[4]) == total then
  local ids = few()
  if ids then
    local last = math.min(limit, #ids)
    add(ids, 1, last)
    if #ids > last then page[1] = ids[last] end
    return page
  end
end
local at, count = rank(), limit
repeat
  local ids = redis.call('ZREVRANGE', KEYS[2], at, at + count - 1)
  local full = add(ids, 1, #ids)
  at, steps, count = at + (full or #ids), steps - #ids, math.min(2 * count, 500)
  page[1] = at < total and ids[full or #ids] or ''
until full or page[1] == '' or prefix == '' or steps <= 0
return page
