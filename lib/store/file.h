/*
 * store/file.h - file records in Redis, under their owner's account: "not yours" and "not there"
 * are one answer by construction.
 *
 * All records of an account are one hash, from id to the record as one text (file_read): a key a
 * file, with a field a value, would take twice the memory.
 *
 * Errors:    503 when Redis fails; 402 quota_exceeded and 401 invalid_auth as said below
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "store/record.h"
#include "store/redis.h"
#include "store/replay.h"

/* What a file is noted under, of a call with an Idempotency-Key. */
struct file_attempt {
	const struct replay *replay; /* NULL: the call has none */
	const char *fingerprint;
	size_t place; /* of the file in the call */
};

/*
 * Write record, listing and counters at once, if the account has room for it under limit_bytes: 402
 * when it has not, 401 when the account is gone, 409 when another call holds the attempt's key by
 * now. Repeating it with the same id is harmless.
 */
int file_commit(struct redis *r, struct arena *a, const struct record *record, uint64_t limit_bytes,
	const struct file_attempt *attempt, struct error *err) __attribute__((warn_unused_result));

/* The record of one account's file: 1 found, 0 not there, -1. */
int file_find(struct redis *r, struct arena *a, const char *account, const char *id,
	struct record *out, struct error *err) __attribute__((warn_unused_result));

/*
 * The record in a text that Redis gave: filename, size, content type, ext, provenance, original URL
 * and SHA-256, each but the last with a NUL behind it, and then, once renamed, renamed_ms. *out
 * borrows from account, id and text; 500 when it is anything else.
 */
int file_read(struct arena *a, const char *account, const char *id, struct slice text,
	struct record *out, struct error *err) __attribute__((warn_unused_result));

/*
 * What every script about files begins with: keys of its account, see store/lua/common.lua. The caller
 * adds its arguments.
 */
void file_query(
	struct redis_query *q, struct arena *a, enum redis_script script, const char *account);

/*
 * Put `record`, as a rename left it on disk, in the place of the one that is there. 1; 0 when none is
 * there; -1, which is 503 too when that has a later renamed_ms. Repeating it is harmless.
 */
int file_rename(struct redis *r, struct arena *a, const struct record *record, struct error *err)
	__attribute__((warn_unused_result));

/* Take record, listing and counters away at once. Repeating it is harmless. */
int file_remove(struct redis *r, struct arena *a, const char *account, const char *id,
	struct error *err) __attribute__((warn_unused_result));

#endif
