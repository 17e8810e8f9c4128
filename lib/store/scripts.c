/* The Lua scripts, built in from lua/ beside this file. */
#include "store/scripts.h"

extern const struct slice lua_common, lua_commit, lua_find, lua_remove, lua_rename, lua_list,
	lua_list_names, lua_close, lua_rate_begin, lua_rate_end, lua_key_revoke, lua_key_use,
	lua_replay_begin, lua_replay_renew, lua_replay_end;

static const struct slice *const texts[SCRIPT__COUNT] = {
	[SCRIPT_COMMIT] = &lua_commit,
	[SCRIPT_FIND] = &lua_find,
	[SCRIPT_REMOVE] = &lua_remove,
	[SCRIPT_RENAME] = &lua_rename,
	[SCRIPT_LIST] = &lua_list,
	[SCRIPT_LIST_NAMES] = &lua_list_names,
	[SCRIPT_CLOSE] = &lua_close,
	[SCRIPT_RATE_BEGIN] = &lua_rate_begin,
	[SCRIPT_RATE_END] = &lua_rate_end,
	[SCRIPT_KEY_REVOKE] = &lua_key_revoke,
	[SCRIPT_KEY_USE] = &lua_key_use,
	[SCRIPT_REPLAY_BEGIN] = &lua_replay_begin,
	[SCRIPT_REPLAY_RENEW] = &lua_replay_renew,
	[SCRIPT_REPLAY_END] = &lua_replay_end,
};

void script_text(enum redis_script script, struct buf *out)
{
	buf_put(out, lua_common);
	buf_put(out, *texts[script]);
}
