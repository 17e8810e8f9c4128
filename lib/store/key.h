/*
 * store/key.h - API keys in Redis, known only by their SHA-256: cdn:key:<digest>.
 *
 * A key's first 16 digits are its account's, the other 48 are random (192 bits). So key and account
 * can be asked for in one round trip; that the two belong together is still only what Redis says.
 *
 * Borrows:   strings belong to the arena
 */
#ifndef STORE_KEY_H
#define STORE_KEY_H

#include "crypto/digest.h"
#include "store/redis.h"
#include "store/scope.h"

enum {
	KEY_LENGTH = 71, /* "sk_cdn_" and 64 hexadecimal digits: leak scanners look for this form */
	KEY_HINT_LENGTH = 23, /* "sk_cdn_012345....abcdef" */
	KEY_ID_LENGTH = 24,   /* "key_" and the first 20 digits of the digest */
};

struct key {
	const char *id;
	const char *account;
	const char *name;
	const char *hint; /* what may be shown of it */
	unsigned scopes;  /* bits of enum scope */
	int64_t created_ms;
	int64_t expires_ms, last_used_ms, revoked_ms; /* 0: never */
};

/* By digest: 1 found, 0 not there, -1. */
int key_find(struct redis *r, struct arena *a, const char *digest, struct key *out,
	struct error *err) __attribute__((warn_unused_result));

/* The same in two steps, for a caller who asks for more in one round trip. */
void key_query(struct redis_query *q, struct arena *a, const char *digest);
int key_read(const struct redisReply *reply, struct key *out, struct error *err)
	__attribute__((warn_unused_result));

/* The id of the account that a key of the right form claims to be of, in the arena; NULL: no
 * memory. */
const char *key_claimed_account(struct arena *a, struct slice text);

/* The id of the key with this digest, in the arena; NULL: no memory. */
const char *key_id(struct arena *a, const char *digest);

/* What whoever makes a key decides about it. */
struct key_terms {
	const char *name;
	unsigned scopes;    /* one at least */
	int64_t expires_ms; /* 0: never */
};

/* Make a key for an account that is there. *text is the key itself, which is kept nowhere. */
int key_add(struct redis *r, struct sha256 *hash, struct arena *a, const char *account,
	const struct key_terms *terms, int64_t now_ms, const char **text, struct error *err)
	__attribute__((warn_unused_result));

/* The digests of an account's keys, in no order, as an array of *count strings. */
int key_list(struct redis *r, struct arena *a, const char *account, const char ***digests,
	size_t *count, struct error *err) __attribute__((warn_unused_result));

/* The digest of a key by its id: 1 found, 0 not there, -1. Walks through all of Redis. */
int key_find_id(struct redis *r, struct arena *a, const char *id, const char **digest,
	struct error *err) __attribute__((warn_unused_result));

/*
 * From the next request on the key is dead, on every worker: 1; 0 when there is no such key; -1, and
 * then it may be dead all the same. Repeating it is harmless.
 */
int key_revoke(struct redis *r, struct arena *a, const char *digest, int64_t now_ms,
	struct error *err) __attribute__((warn_unused_result));

/*
 * Note that a key is used. What was noted less than KEY_USE_MS ago stands, as then nothing is due; and
 * of several who note the same use, one writes. A key that is gone by then stays gone.
 */
enum { KEY_USE_MS = 60 * 1000 };
bool key_use_is_due(const struct key *key, int64_t now_ms);
int key_note_use(struct redis *r, struct arena *a, const char *digest, int64_t now_ms,
	struct error *err) __attribute__((warn_unused_result));

#endif
