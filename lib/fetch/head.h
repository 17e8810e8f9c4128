/*
 * fetch/head.h - what matters of an answer's header lines, as libcurl hands them on one by one: where
 * it redirects to and how long its body is. Stricter than libcurl, which takes a length that is none,
 * the last of several, and drops it beside any transfer coding.
 *
 * Sequence:  head_init -> head_take*
 * Owns:      the buffer is the arena's
 */
#ifndef FETCH_HEAD_H
#define FETCH_HEAD_H

#include <stdint.h>

#include "base/buf.h"

enum {
	HEAD_MAX = 64 * 1024, /* bytes of all lines, those of 1xx answers among them */
	HEAD_LOCATION_MAX = 8 * 1024,
};

struct head {
	bool inside;     /* of a head; else its lines are a body's trailers */
	bool has_length; /* of the last head */
	uint64_t length;
	size_t bytes;
	struct buf location;
	const char *fault; /* for the log; NULL: none */
};

enum head_state {
	HEAD_MORE,
	HEAD_COMPLETE, /* that was the empty line */
	HEAD_BAD,      /* `fault` says why */
};

/* -1 when the arena is full. */
int head_init(struct head *h, struct arena *a) __attribute__((warn_unused_result));

/* One line, with its end. A status line begins a head: what the one before said is forgotten. */
enum head_state head_take(struct head *h, struct slice line);

/* The last head's Location, as long as it is at hand; NULL when it had none, or one too long. */
const char *head_location(const struct head *h);

#endif
