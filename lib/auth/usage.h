/*
 * auth/usage.h - when each key was last used, kept in Redis to the minute.
 *
 * It is nothing that a call depends on: a Redis that takes no writes is asked again only after a
 * minute, so that neither the caller's time nor the log pays for each request. Each worker has its
 * own struct usage, and so its own such pause.
 *
 * Sequence:  usage_note after each bearer_identify whose caller is let in
 */
#ifndef AUTH_USAGE_H
#define AUTH_USAGE_H

#include "auth/bearer.h"

enum { USAGE_PAUSE_MS = 60 * 1000 };

struct usage {
	int64_t failed_ms; /* 0: has not */
};

/*
 * Note it, when it is due; that costs a round trip, all else nothing. -1 with *err when it could not
 * be noted, once a pause: for the log, not for the caller.
 */
int usage_note(struct usage *usage, struct redis *r, struct arena *a, const struct identity *who,
	int64_t now_ms, struct error *err) __attribute__((warn_unused_result));

#endif
