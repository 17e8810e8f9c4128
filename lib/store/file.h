/*
 * store/file.h - file records in Redis, under their owner's account: "not yours" and "not there"
 * are one answer by construction.
 *
 * Errors:    503 when Redis fails; 402 quota_exceeded and 401 invalid_auth as said below
 */
#ifndef STORE_FILE_H
#define STORE_FILE_H

#include "store/record.h"
#include "store/redis.h"

/*
 * Write record, listing and counters at once, if the account has room for it under limit_bytes: 402
 * when it has not, 401 when the account is gone. Repeating it with the same id is harmless.
 */
int file_commit(struct redis *r, struct arena *a, const struct record *record, uint64_t limit_bytes,
	struct error *err) __attribute__((warn_unused_result));

/* The record of one account's file: 1 found, 0 not there, -1. */
int file_find(struct redis *r, struct arena *a, const char *account, const char *id,
	struct record *out, struct error *err) __attribute__((warn_unused_result));

/* Take record, listing and counters away at once. Repeating it is harmless. */
int file_remove(struct redis *r, struct arena *a, const char *account, const char *id,
	struct error *err) __attribute__((warn_unused_result));

#endif
