/*
 * http/body.h - a request's body, read once, in whatever pieces it arrives.
 *
 * Sequence:  body_next until it returns 0 (complete) or -1
 * Borrows:   a chunk lives until the next call
 * Errors:    400 shorter or longer than its Content-Length, 413 above the ceiling,
 *            and whatever the source says: 408 too slow, 400 the client left
 */
#ifndef HTTP_BODY_H
#define HTTP_BODY_H

#include <stdint.h>

#include "base/error.h"

/*
 * Where bytes come from. next() returns 1 with a chunk of one byte or more, 0 at a clean end, -1.
 */
struct body_source {
	int (*next)(void *context, struct slice *chunk, struct error *err);
	void *context;
};

struct body {
	struct body_source source;
	bool length_known;
	uint64_t length;   /* when known */
	uint64_t received; /* bytes handed out so far */
	uint64_t ceiling;  /* most bytes that may be handed out */
	bool ended;        /* a clean end was seen */
};

/* The next chunk: 1, or 0 once at the end of a complete body, or -1. */
int body_next(struct body *b, struct slice *chunk, struct error *err)
	__attribute__((warn_unused_result));

/* 413: more than the ceiling. */
int body_refuse_size(const struct body *b, struct error *err);

#endif
