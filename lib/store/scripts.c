/* What must happen at once in Redis, as scripts. */
#include "store/scripts.h"

const char *const script_texts[SCRIPT__COUNT] = {
        /*
         * KEYS: account, listing, record. ARGV: id, time in ms, size, limit, then fields and values
         * of the record. Repeating it is harmless: a record that is there was counted when it was
         * written.
         */
        [SCRIPT_COMMIT] = "if redis.call('EXISTS', KEYS[3]) == 1 then return 'stored' end\n"
                          "local used = redis.call('HGET', KEYS[1], 'bytes')\n"
                          "if not used then return 'no account' end\n"
                          "if tonumber(used) + tonumber(ARGV[3]) > tonumber(ARGV[4]) then return "
                          "'no room' end\n"
                          "redis.call('HSET', KEYS[3], unpack(ARGV, 5))\n"
                          "redis.call('ZADD', KEYS[2], ARGV[2], ARGV[1])\n"
                          "redis.call('HINCRBY', KEYS[1], 'bytes', ARGV[3])\n"
                          "redis.call('HINCRBY', KEYS[1], 'files', 1)\n"
                          "return 'stored'\n",

        /* KEYS: account, listing, record. ARGV: id. Repeating it is harmless. */
        [SCRIPT_REMOVE] = "local size = redis.call('HGET', KEYS[3], 'size')\n"
                          "if not size then return 'absent' end\n"
                          "redis.call('DEL', KEYS[3])\n"
                          "redis.call('ZREM', KEYS[2], ARGV[1])\n"
                          "redis.call('HINCRBY', KEYS[1], 'bytes', -size)\n"
                          "redis.call('HINCRBY', KEYS[1], 'files', -1)\n"
                          "return 'removed'\n",
};
