/*
 * fetch/exchange.h - one HTTP request of ours and its answer; this room is the only home of
 * libcurl.
 *
 * For the administrator's own server: it goes where it is told. It follows no redirect, uses no
 * proxy, reads no configuration of the user's.
 *
 * Owns:      the answer is in the arena
 * Errors:    503 when no answer came; the detail says why, in libcurl's words
 */
#ifndef FETCH_EXCHANGE_H
#define FETCH_EXCHANGE_H

#include "base/buf.h"
#include "base/error.h"

enum { EXCHANGE_HEADERS_MAX = 8, EXCHANGE_HEAD_CEILING = 16 * 1024 };

struct exchange {
	const char *method;
	const char *url;
	const char *headers[EXCHANGE_HEADERS_MAX]; /* "Name: value", NULL behind the last */
	struct slice body;
	long timeout_ms;

	long status;     /* of the answer */
	struct buf head; /* its header lines, each with CRLF */
	struct buf answer;
};

/* Room for an answer of at most `ceiling` bytes; one that is longer makes the exchange fail. */
void exchange_init(
	struct exchange *x, struct arena *a, const char *method, const char *url, size_t ceiling);

int exchange_run(struct exchange *x, struct error *err) __attribute__((warn_unused_result));

/* The value of the answer's header, matched without case, and how often it came; p is NULL for
 * never. */
struct slice exchange_header(const struct exchange *x, const char *name, size_t *count);

#endif
