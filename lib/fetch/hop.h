/*
 * fetch/hop.h - one origin asked for a file: one handle, one connection, one answer.
 *
 * The only place that dials for strangers. Every address is judged when it is dialled
 * (fetch/address.h), so that nothing else need be trusted: not the text of the URL, not DNS.
 *
 * Sequence:  fill in a struct hop, hop_run, look at status and head
 * Owns:      nothing beyond hop_run but what is the arena's
 * Errors:    422 upload_failed as fetch/reason.h, those of the sink, 500 when there is no memory
 */
#ifndef FETCH_HOP_H
#define FETCH_HOP_H

#include "fetch/address.h"
#include "fetch/head.h"
#include "fetch/url.h"

/* Where the bytes go. What any of these returns -1 for ends the fetch, with its error. */
struct download_sink {
	/* Whether they are still wanted; asked about once a second, also while none come. */
	int (*wanted)(void *context, struct error *err);
	/* The origin says how many bytes will come; before the first of them. */
	int (*expect)(void *context, uint64_t bytes, struct error *err);
	int (*take)(void *context, struct slice bytes, struct error *err);
	void *context;
};

struct hop {
	const struct config *config;
	const struct address_list *own; /* this machine's addresses */
	const struct download_sink *sink;
	const char *authorization; /* a whole header line; NULL: none */
	int64_t deadline_ms;       /* by clock_monotonic_ms */

	long status; /* out: of the final answer; its body was taken only if that is 200 */
	struct head head;
};

/* Ask. 0 when an answer came, a 200 with its whole body as far as HTTP can tell. */
int hop_run(struct hop *hop, struct arena *a, const struct url *url, struct error *err)
	__attribute__((warn_unused_result));

#endif
