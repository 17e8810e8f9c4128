/*
 * store/rate.h - how often an account may do something that costs others: a call counts for a while
 * after its start, and as long as it goes on. Kept in Redis for all workers.
 *
 * Sequence:  rate_begin -> rate_end
 * Errors:    503 when Redis fails
 */
#ifndef STORE_RATE_H
#define STORE_RATE_H

#include "store/redis.h"

struct rate {
	const char *what;   /* "fetch" */
	uint64_t calls_max; /* that count at one time, at least 1 */
	uint64_t window_ms; /* after its start */
	uint64_t hold_ms;   /* a call of which no end was heard counts so much longer */
};

/*
 * Whether the account may begin a call: 1, and it counts; 0, and *wait_ms tells when to ask again;
 * -1. `id` tells the call from all others; to ask again about the same one is harmless.
 */
int rate_begin(struct redis *r, struct arena *a, const char *account, const char *id,
	const struct rate *rate, uint64_t *wait_ms, struct error *err)
	__attribute__((warn_unused_result));

/* The call has ended: it counts for what is left of the window only. */
int rate_end(struct redis *r, struct arena *a, const char *account, const char *id,
	const struct rate *rate, struct error *err) __attribute__((warn_unused_result));

#endif
