"""Files that an account lists, by the thousand and without bytes, and the service's own scripts on them."""
import os

LUA = os.path.join(os.path.dirname(__file__), "..", "..", "lib", "store", "lua")

# The keys and members that lib/store/lua/commit.lua writes.
FILL = """
for i = 2, #ARGV, 2 do
    local id, name = ARGV[i], ARGV[i + 1]
    redis.call('HSET', KEYS[1] .. ':records', id, name .. '\\0' .. ARGV[1])
    redis.call('ZADD', KEYS[1] .. ':files', tonumber(string.sub(id, 1, 8) .. string.sub(id, 10, 13), 16), id)
    redis.call('ZADD', KEYS[1] .. ':names', 0, string.lower(name) .. '\\0' .. id)
end
redis.call('HINCRBY', KEYS[1], 'files', (#ARGV - 1) / 2)"""

# What follows a name in a record.
REST = "1000\0image/jpeg\0jpg\0upload\0\0" + "x" * 32


def make_id(i):
    """Of a time long ago, three files a millisecond: later ones are greater."""
    ms = 1700000000000 + i // 3
    return f"{ms >> 16:08x}-{ms & 0xffff:04x}-7000-8000-{i:012x}"


def fill(redis, account, names):
    """names: of the files, oldest first."""
    for at in range(0, len(names), 1000):
        words = [word for i, name in enumerate(names[at:at + 1000]) for word in (make_id(at + i), name)]
        redis.command("EVAL", FILL, "1", account, REST, *words)


def run(redis, account, script, *words):
    """One of lib/store/lua about files, as it is."""
    texts = []
    for name in ("common", script):
        with open(os.path.join(LUA, name + ".lua"), encoding="ascii") as file:
            texts.append(file.read())
    keys = [account, account + ":files", account + ":records", account + ":names"]
    return redis.command("EVAL", "".join(texts), "4", *keys, *words)


def upload(redis, account, name, file_id):
    return run(redis, account, "commit", file_id, int(file_id[:8] + file_id[9:13], 16), 1000, 10 ** 15, name, f"{name}\0{REST}")


def rename(redis, account, file_id, name):
    return run(redis, account, "rename", file_id, name, f"{name}\0{REST}1", 1)


def remove(redis, account, file_id):
    return run(redis, account, "remove", file_id)
