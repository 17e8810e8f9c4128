/*
 * store/replay.h - what became of calls with an Idempotency-Key: cdn:{usr_...}:idem:<SHA-256 of it>.
 *
 * A call holds the key by a lease, which it renews while it goes on: a worker that is killed lets go
 * of the key when the lease is over. Each file that it commits is noted at once with the commit
 * (store/file.h), so that the next call goes on where a killed one ended. The answer is kept for a
 * day, and is what every later call gets.
 *
 * Sequence:  replay_begin -> (replay_renew | file_commit)* -> replay_end
 * Borrows:   strings belong to the arena
 * Units:     milliseconds, by Redis's clock
 * Errors:    503 when Redis fails
 */
#ifndef STORE_REPLAY_H
#define STORE_REPLAY_H

#include "store/redis.h"

enum {
	REPLAY_LEASE_MS = 10 * 1000,
	REPLAY_KEEP_MS = 24 * 3600 * 1000,
	REPLAY_KEPT_MAX = 10 * 1000, /* answers of one account; the oldest go first */
};

enum replay_state {
	REPLAY_OURS,      /* nobody else carries this call out */
	REPLAY_ELSEWHERE, /* somebody does */
	REPLAY_ANSWERED
};

struct replay {
	const char *name;  /* of the hash in Redis */
	const char *kept;  /* of the account's set of answers */
	const char *token; /* tells this holder of the lease from others */
	enum replay_state state;
	int64_t wait_ms;                  /* REPLAY_ELSEWHERE: until the lease is over */
	struct slice fingerprint;         /* of what was sent at first; p is NULL: not known */
	int status;                       /* REPLAY_ANSWERED, and the two that follow */
	struct slice type, body;          /* Content-Type and bytes */
	const struct redisReply *members; /* of the hash */
};

/* Take the key, or learn who has it and what was answered. To ask again with a token is harmless. */
int replay_begin(struct redis *r, struct arena *a, const char *account, const char *key_digest,
	const char *token, struct replay *out, struct error *err)
	__attribute__((warn_unused_result));

/* The id of the file that stands at this place of the call, if an earlier attempt stored it; else
 * NULL. */
const char *replay_file(const struct replay *p, size_t place);

/* Whether an earlier attempt stored anything. */
bool replay_has_files(const struct replay *p);

/* Hold the key for another lease: 1, or 0 when another call has it now, -1. */
int replay_renew(struct redis *r, struct arena *a, const struct replay *p, struct error *err)
	__attribute__((warn_unused_result));

/*
 * Let go of the key. With an answer (status above 0) that is kept; without one the next call starts
 * where this one ended. Does nothing when another call has it now.
 */
struct replay_answer {
	const char *fingerprint;
	int status;
	struct slice type, body;
};
int replay_end(struct redis *r, struct arena *a, const struct replay *p,
	const struct replay_answer *answer, struct error *err) __attribute__((warn_unused_result));

#endif
