/* What must happen at once in Redis, as scripts. Repeating any of them is harmless. */
#include "store/scripts.h"

/*
 * The keys of every script about files are the account, its listing, its records and its index of
 * names. A record is packed as store/file.c says, filename and size first. Once each was a hash of
 * its own, which is still read, and removed with its file, but not written any more. Only
 * string.lower decides what letter case is: in Redis it folds ASCII and nothing else.
 */
const char script_prelude[] =
	"local function find(id)\n"
	"  local record = redis.call('HGET', KEYS[3], id)\n"
	"  if record then return record end\n"
	"  local old = redis.call('HMGET', KEYS[1] .. ':file:' .. id, 'filename', 'size',\n"
	"    'content_type', 'ext', 'provenance', 'original_url', 'sha256')\n"
	"  if not old[1] then return false end\n"
	"  for i = 1, 7 do old[i] = old[i] or '' end\n"
	"  return table.concat(old, '\\0')\n"
	"end\n"
	"local function member(name, id) return string.lower(name) .. '\\0' .. id end\n";

/*
 * ARGV: id, time in ms, size, limit, filename, record; then, of a call with an Idempotency-Key, its
 * hash, who holds it, its fingerprint and the place of the file in it. A record that is there was
 * counted when it was written.
 */
static const char commit[] =
	"if redis.call('HEXISTS', KEYS[3], ARGV[1]) == 1 then return 'stored' end\n"
	"if ARGV[7] and redis.call('HGET', ARGV[7], 'holder') ~= ARGV[8] then return 'overtaken' "
	"end\n"
	"local used = redis.call('HGET', KEYS[1], 'bytes')\n"
	"if not used then return 'no account' end\n"
	"if tonumber(used) + tonumber(ARGV[3]) > tonumber(ARGV[4]) then return 'no room' end\n"
	"redis.call('HSET', KEYS[3], ARGV[1], ARGV[6])\n"
	"redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])\n"
	"redis.call('ZADD', KEYS[4], 0, member(ARGV[5], ARGV[1]))\n"
	"redis.call('HINCRBY', KEYS[1], 'bytes', ARGV[3])\n"
	"redis.call('HINCRBY', KEYS[1], 'files', 1)\n"
	"if ARGV[7] then\n"
	"  redis.call('HSET', ARGV[7], 'fingerprint', ARGV[9], 'file:' .. ARGV[10], ARGV[1])\n"
	"end\n"
	"return 'stored'\n";

/* ARGV: id. The record, or nil. */
static const char find_file[] = "return find(ARGV[1])\n";

/* ARGV: id. */
static const char remove_file[] = "local id, record = ARGV[1], find(ARGV[1])\n"
				  "if not record then return 'absent' end\n"
				  "local name, size = string.match(record, '^([^%z]*)%z(%d*)')\n"
				  "redis.call('HDEL', KEYS[3], id)\n"
				  "redis.call('DEL', KEYS[1] .. ':file:' .. id)\n"
				  "redis.call('ZREM', KEYS[2], id)\n"
				  "redis.call('ZREM', KEYS[4], member(name, id))\n"
				  "if redis.call('EXISTS', KEYS[1]) == 1 then\n"
				  "  redis.call('HINCRBY', KEYS[1], 'bytes', -size)\n"
				  "  redis.call('HINCRBY', KEYS[1], 'files', -1)\n"
				  "end\n"
				  "return 'removed'\n";

/*
 * ARGV: id, filename, record, renamed_ms. A rename that Redis is told of and gets to after a later
 * one, because it stalled in between, must not win over that.
 */
static const char rename_file[] =
	"local id, record = ARGV[1], find(ARGV[1])\n"
	"if not record then return 'absent' end\n"
	"local texts = select(2, string.find(record, string.rep('[^%z]*%z', 6)))\n"
	"local last = tonumber(string.sub(record, texts + 32 + 1)) or 0\n"
	"if last > tonumber(ARGV[4]) then return 'late' end\n"
	"redis.call('HSET', KEYS[3], id, ARGV[3])\n"
	"redis.call('DEL', KEYS[1] .. ':file:' .. id)\n"
	"redis.call('ZREM', KEYS[4], member(string.match(record, '^[^%z]*'), id))\n"
	"redis.call('ZADD', KEYS[4], 0, member(ARGV[2], id))\n"
	"return 'renamed'\n";

/*
 * ARGV: the id behind which to go on, or nothing; how many files at most, how many records may be
 * looked at, and the beginning of their names, or nothing. Returns the id behind which to go on, or
 * nothing at the end, then ids and records by turns, newest first, which is the order of ids. A
 * search whose matches the index says to be few (and of which it knows every file) takes them all;
 * else it looks at records one after the other.
 */
static const char list_files[] =
	"local from, limit, steps = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])\n"
	"local prefix, total = string.lower(ARGV[4]), redis.call('ZCARD', KEYS[2])\n"
	"local page = {''}\n"
	"\n"
	"local function add(ids, first, last)\n"
	"  if first > last then return end\n"
	"  local records = redis.call('HMGET', KEYS[3], unpack(ids, first, last))\n"
	"  for i = first, last do\n"
	"    local record = records[i - first + 1] or find(ids[i])\n"
	"    if record and string.lower(string.sub(record, 1, #prefix)) == prefix then\n"
	"      page[#page + 1], page[#page + 2] = ids[i], record\n"
	"      limit = limit - 1\n"
	"      if limit == 0 then return i end\n"
	"    end\n"
	"  end\n"
	"end\n"
	"\n"
	"-- The first rank behind `from`, which may be gone.\n"
	"local function rank()\n"
	"  local low, high = 0, from == '' and 0 or total\n"
	"  while low < high do\n"
	"    local middle = math.floor((low + high) / 2)\n"
	"    if redis.call('ZREVRANGE', KEYS[2], middle, middle)[1] < from then\n"
	"      high = middle\n"
	"    else\n"
	"      low = middle + 1\n"
	"    end\n"
	"  end\n"
	"  return low\n"
	"end\n"
	"\n"
	"local function few()\n"
	"  local low, high = '[' .. prefix, '(' .. prefix .. '\\255'\n"
	"  if redis.call('ZLEXCOUNT', KEYS[4], low, high) > steps then return nil end\n"
	"  local ids = {}\n"
	"  for _, name in ipairs(redis.call('ZRANGEBYLEX', KEYS[4], low, high)) do\n"
	"    local id = string.sub(name, -36)\n"
	"    if from == '' or id < from then ids[#ids + 1] = id end\n"
	"  end\n"
	"  table.sort(ids, function(a, b) return a > b end)\n"
	"  return ids\n"
	"end\n"
	"\n"
	"if prefix ~= '' and redis.call('ZCARD', KEYS[4]) == total then\n"
	"  local ids = few()\n"
	"  if ids then\n"
	"    local last = math.min(limit, #ids)\n"
	"    add(ids, 1, last)\n"
	"    if #ids > last then page[1] = ids[last] end\n"
	"    return page\n"
	"  end\n"
	"end\n"
	"local at, count = rank(), limit\n"
	"repeat\n"
	"  local ids = redis.call('ZREVRANGE', KEYS[2], at, at + count - 1)\n"
	"  local full = add(ids, 1, #ids)\n"
	"  at, steps, count = at + (full or #ids), steps - #ids, math.min(2 * count, 500)\n"
	"  page[1] = at < total and ids[full or #ids] or ''\n"
	"until full or page[1] == '' or prefix == '' or steps <= 0\n"
	"return page\n";

/* KEYS: account. One with files stays, because their URLs would die. */
static const char close_account[] = "local files = redis.call('HGET', KEYS[1], 'files')\n"
				    "if files and tonumber(files) > 0 then return 'has files' end\n"
				    "redis.call('DEL', KEYS[1])\n"
				    "return 'closed'\n";

/*
 * KEYS: calls by the time at which they no longer count. ARGV: a call, how many may count, for how
 * many ms after its start a call does, and how many ms longer unless it is said to have ended.
 * Returns 0 when the call may begin, else after how many ms to ask again. The clock is Redis's own,
 * as those of the workers' machines differ; should it go back, calls of the future do not count.
 */
static const char rate_begin[] =
	"if redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end\n"
	"local time = redis.call('TIME')\n"
	"local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
	"local longest = now + ARGV[3] + ARGV[4]\n"
	"redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)\n"
	"redis.call('ZREMRANGEBYSCORE', KEYS[1], longest + 1, '+inf')\n"
	"if redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[2]) then\n"
	"  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')\n"
	"  return math.min(first[2] - now, tonumber(ARGV[3]))\n"
	"end\n"
	"redis.call('ZADD', KEYS[1], longest, ARGV[1])\n"
	"redis.call('PEXPIRE', KEYS[1], ARGV[3] + ARGV[4])\n"
	"return 0\n";

/*
 * KEYS as above. ARGV: a call, and the two lengths of time as above. One that counts no longer than
 * its window has been ended before.
 */
static const char rate_end[] = "local time = redis.call('TIME')\n"
			       "local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
			       "local until_ms = redis.call('ZSCORE', KEYS[1], ARGV[1])\n"
			       "if until_ms and until_ms - now > tonumber(ARGV[2]) then\n"
			       "  redis.call('ZADD', KEYS[1], until_ms - ARGV[3], ARGV[1])\n"
			       "end\n"
			       "return 0\n";

/* KEYS: key. ARGV: time in ms. One that is gone must not come back as a key of this field alone. */
static const char key_revoke[] = "if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end\n"
				 "redis.call('HSETNX', KEYS[1], 'revoked_at', ARGV[1])\n"
				 "return 1\n";

/* KEYS and ARGV as above. Once a minute (KEY_USE_MS) is enough, whoever else notes it meanwhile. */
static const char key_use[] =
	"if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end\n"
	"local last = tonumber(redis.call('HGET', KEYS[1], 'last_used_at') or 0) or 0\n"
	"if math.abs(ARGV[1] - last) >= 60000 then\n"
	"  redis.call('HSET', KEYS[1], 'last_used_at', ARGV[1])\n"
	"end\n"
	"return 1\n";

/*
 * KEYS: a call. ARGV: who asks, ms of a lease, ms that the call is known. A lease that seems longer
 * than that was given when the clock was ahead.
 */
static const char replay_begin[] =
	"if redis.call('HEXISTS', KEYS[1], 'status') == 1 then\n"
	"  return {'answered', 0, redis.call('HGETALL', KEYS[1])}\n"
	"end\n"
	"local time = redis.call('TIME')\n"
	"local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
	"local holder = redis.call('HGET', KEYS[1], 'holder')\n"
	"if holder and holder ~= ARGV[1] then\n"
	"  local wait = redis.call('HGET', KEYS[1], 'until') - now\n"
	"  if wait > 0 and wait <= tonumber(ARGV[2]) then return {'elsewhere', wait} end\n"
	"end\n"
	"redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'until', now + ARGV[2])\n"
	"redis.call('PEXPIRE', KEYS[1], ARGV[3])\n"
	"return {'ours', 0, redis.call('HGETALL', KEYS[1])}\n";

/* KEYS: a call. ARGV: who holds it, ms of a lease. */
static const char replay_renew[] =
	"if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end\n"
	"local time = redis.call('TIME')\n"
	"local now = time[1] * 1000 + math.floor(time[2] / 1000)\n"
	"redis.call('HSET', KEYS[1], 'until', now + ARGV[2])\n"
	"return 1\n";

/*
 * KEYS: a call. ARGV: who holds it; then, where there is an answer, ms that it is kept, fingerprint,
 * status, type and body. A hash without members is gone.
 */
static const char replay_end[] =
	"if redis.call('HGET', KEYS[1], 'holder') ~= ARGV[1] then return 0 end\n"
	"redis.call('HDEL', KEYS[1], 'holder', 'until')\n"
	"if ARGV[2] then\n"
	"  redis.call('HSET', KEYS[1], 'fingerprint', ARGV[3], 'status', ARGV[4], 'type', "
	"ARGV[5],\n"
	"    'body', ARGV[6])\n"
	"  redis.call('PEXPIRE', KEYS[1], ARGV[2])\n"
	"end\n"
	"return 1\n";

const char *const script_texts[SCRIPT__COUNT] = {
	[SCRIPT_COMMIT] = commit,
	[SCRIPT_FIND] = find_file,
	[SCRIPT_REMOVE] = remove_file,
	[SCRIPT_RENAME] = rename_file,
	[SCRIPT_LIST] = list_files,
	[SCRIPT_CLOSE] = close_account,
	[SCRIPT_RATE_BEGIN] = rate_begin,
	[SCRIPT_RATE_END] = rate_end,
	[SCRIPT_KEY_REVOKE] = key_revoke,
	[SCRIPT_KEY_USE] = key_use,
	[SCRIPT_REPLAY_BEGIN] = replay_begin,
	[SCRIPT_REPLAY_RENEW] = replay_renew,
	[SCRIPT_REPLAY_END] = replay_end,
};
