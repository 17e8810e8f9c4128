/*
 * store/names.h - the names of keys in Redis. All of an account share the tag {<account id>}, so
 * that a cluster keeps them together.
 *
 * Each returns a string in the arena, or NULL when it is full (which redis_add_str takes as empty,
 * and the arena's overflow mark tells).
 */
#ifndef STORE_NAMES_H
#define STORE_NAMES_H

#include "base/arena.h"

static inline const char *name_account(struct arena *a, const char *id)
{
	return arena_printf(a, "cdn:{%s}", id);
}

static inline const char *name_account_keys(struct arena *a, const char *id)
{
	return arena_printf(a, "cdn:{%s}:keys", id);
}

static inline const char *name_account_files(struct arena *a, const char *id)
{
	return arena_printf(a, "cdn:{%s}:files", id);
}

static inline const char *name_account_records(struct arena *a, const char *id)
{
	return arena_printf(a, "cdn:{%s}:records", id);
}

static inline const char *name_account_names(struct arena *a, const char *id)
{
	return arena_printf(a, "cdn:{%s}:names", id);
}

static inline const char *name_account_rate(struct arena *a, const char *id, const char *what)
{
	return arena_printf(a, "cdn:{%s}:rate:%s", id, what);
}

static inline const char *name_account_replay(
	struct arena *a, const char *id, const char *key_digest)
{
	return arena_printf(a, "cdn:{%s}:idem:%s", id, key_digest);
}

static inline const char *name_account_replays(struct arena *a, const char *id)
{
	return arena_printf(a, "cdn:{%s}:idems", id);
}

static inline const char *name_key(struct arena *a, const char *digest)
{
	return arena_printf(a, "cdn:key:%s", digest);
}

#endif
