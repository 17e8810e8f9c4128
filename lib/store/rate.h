/*
 * store/rate.h - how often an account may do something that costs others: so many times in any
 * window of time, counted in Redis for all workers.
 *
 * Errors:    503 when Redis fails
 */
#ifndef STORE_RATE_H
#define STORE_RATE_H

#include "store/redis.h"

struct rate {
	const char *what;   /* "fetch" */
	uint64_t calls_max; /* at least 1 */
	uint64_t window_ms;
};

/* Whether the account may do it now: 1, and it is counted; 0, and *wait_ms tells how long; -1. */
int rate_take(struct redis *r, struct arena *a, const char *account, const struct rate *rate,
	uint64_t *wait_ms, struct error *err) __attribute__((warn_unused_result));

#endif
