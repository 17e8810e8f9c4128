/*
 * store/redis.h - one connection to Redis; its .c is the only home of hiredis.
 *
 * Connects when first asked and again after any error. A question whose connection broke is asked
 * once more on a new one: every command here can be repeated without harm. What timed out is not,
 * unless told so.
 *
 * Owns:      a struct redis owns its connection; replies are released with the arena
 * Errors:    503 for everything that Redis or the way to it can do wrong
 */
#ifndef STORE_REDIS_H
#define STORE_REDIS_H

#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"

struct redis;
struct redisReply;

/* Scripts are known by name, loaded once a connection and again when the server forgot them. */
enum redis_script {
	SCRIPT_COMMIT,
	SCRIPT_FIND,
	SCRIPT_REMOVE,
	SCRIPT_RENAME,
	SCRIPT_LIST,
	SCRIPT_LIST_NAMES,
	SCRIPT_CLOSE,
	SCRIPT_RATE_BEGIN,
	SCRIPT_RATE_END,
	SCRIPT_KEY_REVOKE,
	SCRIPT_KEY_USE,
	SCRIPT_REPLAY_BEGIN,
	SCRIPT_REPLAY_RENEW,
	SCRIPT_REPLAY_END,
	SCRIPT__COUNT
};

enum { REDIS_ARGS_MAX = 32 };

struct redis_query {
	struct slice args[REDIS_ARGS_MAX];
	size_t count;
	enum redis_script script; /* SCRIPT__COUNT for a plain command */
	bool again_after_timeout; /* ask once more even when the answer was only late */
};

/*
 * For the server that the settings name. Does not connect yet; 500 for a URL that cannot be understood.
 */
int redis_new(const struct config *config, struct redis **out, struct error *err)
	__attribute__((warn_unused_result));
void redis_free(struct redis *r);

/*
 * Connect now, unless connected. Returns -1 with 503 when Redis cannot be reached or must not be
 * used; redis_must_not_be_used then tells the second: a policy that evicts keys would lose files.
 */
int redis_connect(struct redis *r, struct error *err) __attribute__((warn_unused_result));
bool redis_must_not_be_used(const struct redis *r);
bool redis_has_append_only_file(const struct redis *r);

/*
 * Build a query. A command of plain strings at once, the last of them followed by NULL; or a script
 * and the number of its keys, then its arguments one by one.
 */
void redis_query(struct redis_query *q, const char *const *words);
void redis_query_script(struct redis_query *q, enum redis_script script, const char *key_count);
void redis_add(struct redis_query *q, struct slice arg);
void redis_add_str(struct redis_query *q, const char *arg);

/* Ask, and wait for the answer. Error replies of the server are -1. */
int redis_ask(struct redis *r, struct arena *a, const struct redis_query *q,
	const struct redisReply **out, struct error *err) __attribute__((warn_unused_result));

/*
 * The same for several queries in one round trip, each with its reply; an error reply to any is -1.
 */
enum { REDIS_QUERIES_MAX = 4 };
int redis_ask_all(struct redis *r, struct arena *a, const struct redis_query *queries, size_t count,
	const struct redisReply **out, struct error *err) __attribute__((warn_unused_result));

/* The same for one command of plain strings, the last of them followed by NULL. */
int redis_call(struct redis *r, struct arena *a, const char *const *words,
	const struct redisReply **out, struct error *err) __attribute__((warn_unused_result));

/*
 * Whether the last question may have been carried out although it failed: it was sent, and no
 * answer came. What Redis refused, or never received, was not carried out.
 */
bool redis_outcome_unknown(const struct redis *r);

/* A number as an argument, in the arena; NULL when that is full. */
const char *redis_number(struct arena *a, int64_t number);

/* Reading a reply: a nil, or an element that is not there, is an empty slice with p = NULL. */
struct slice redis_text(const struct redisReply *reply);
int64_t redis_integer(const struct redisReply *reply);
size_t redis_length(const struct redisReply *reply);
const struct redisReply *redis_at(const struct redisReply *reply, size_t i);
struct slice redis_text_at(const struct redisReply *reply, size_t i);

#endif
