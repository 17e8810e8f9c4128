/*
 * store/account.h - accounts in Redis: cdn:{usr_...} and cdn:email:<sha256 of email>.
 *
 * Borrows:   strings belong to the arena
 * Errors:    503 when Redis fails; what only an administrator can do wrong is 422
 */
#ifndef STORE_ACCOUNT_H
#define STORE_ACCOUNT_H

#include "config/config.h"
#include "crypto/digest.h"
#include "store/redis.h"

/* "usr_" and hexadecimal digits. An account's keys begin with the same digits (store/key.h). */
enum { ACCOUNT_DIGITS = 16, ACCOUNT_ID_LENGTH = 4 + ACCOUNT_DIGITS };

struct account {
	const char *id;
	const char *email;
	const char *name;
	enum tier tier;
	int64_t created_ms;
	uint64_t files, bytes;
};

/* By id: 1 found, 0 not there, -1. */
int account_find(struct redis *r, struct arena *a, const char *id, struct account *out,
	struct error *err) __attribute__((warn_unused_result));

/* The same in two steps, for a caller who asks for more in one round trip. `id` is kept by *out. */
void account_query(struct redis_query *q, struct arena *a, const char *id);
int account_read(const struct redisReply *reply, const char *id, struct account *out,
	struct error *err) __attribute__((warn_unused_result));

/* The id of an email's account (letter case does not count): 1 found, 0 not there, -1. */
int account_find_email(struct redis *r, struct sha256 *hash, struct arena *a, const char *email,
	const char **id, struct error *err) __attribute__((warn_unused_result));

/* Make an account; 422 when the email has one or is none. *id is the new id. */
int account_add(struct redis *r, struct sha256 *hash, struct arena *a, const char *email,
	const char *name, enum tier tier, int64_t now_ms, const char **id, struct error *err)
	__attribute__((warn_unused_result));

/* Set one field, "name" or "tier", of an account that is there. */
int account_set(struct redis *r, struct arena *a, const char *id, const char *field,
	const char *value, struct error *err) __attribute__((warn_unused_result));

/* Take away an account and its keys; 422 while it has files, because their URLs would die. */
int account_remove(struct redis *r, struct sha256 *hash, struct arena *a,
	const struct account *account, struct error *err) __attribute__((warn_unused_result));

/*
 * One step through all accounts in no order: *cursor starts as "0" and is "0" again at the end. Ids
 * go to ids[0..*count); one may come twice.
 */
enum { ACCOUNT_SCAN_MAX = 1024 };
int account_scan(struct redis *r, struct arena *a, const char **cursor,
	const char *ids[ACCOUNT_SCAN_MAX], size_t *count, struct error *err)
	__attribute__((warn_unused_result));

#endif
