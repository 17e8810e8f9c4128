/*
 * base/arena.h - everything taken for one request, released at one place.
 *
 * One block of fixed size, made once: an arena cannot grow, so a request cannot make a worker grow.
 *
 * Sequence:  arena_init -> (arena_alloc | arena_defer)* -> arena_reset -> ... -> arena_release
 * Owns:      the block; deferred actions own whatever they release
 * Errors:    a full arena gives NULL, and stays marked as overflowed until the reset
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/slice.h"

struct arena_deferred {
	void (*run)(void *arg);
	void *arg;
	struct arena_deferred *next;
};

enum { ARENA_SPARE = 16 };

struct arena {
	char *block;
	size_t size, used;
	bool overflowed;
	struct arena_deferred *deferred;          /* newest first */
	struct arena_deferred spare[ARENA_SPARE]; /* for deferring when the block is full */
	size_t spare_used;
};

/* Take a block of `size` bytes. Returns -1 when there is no memory. */
int arena_init(struct arena *a, size_t size) __attribute__((warn_unused_result));

/* Run the deferred actions, newest first, then forget every allocation. */
void arena_reset(struct arena *a);

/*
 * Give the pages of an arena that was reset back to the system until they are used again, for a
 * process that has nothing to do.
 */
void arena_trim(struct arena *a);

/* Reset and give the block back. */
void arena_release(struct arena *a);

/* n zeroed bytes, aligned for any type, or NULL when they do not fit. */
void *arena_alloc(struct arena *a, size_t n);

/* n bytes as they come, for whatever is written before it is read; else as arena_alloc. */
void *arena_take(struct arena *a, size_t n);

/* Whether n more bytes fit, and all that was asked for so far did. */
bool arena_has(const struct arena *a, size_t n);

/* A terminated copy of s, or NULL when it does not fit. */
char *arena_dup(struct arena *a, struct slice s);

/* A terminated string in the manner of printf, or NULL when it does not fit. */
char *arena_printf(struct arena *a, const char *format, ...) __attribute__((format(printf, 2, 3)));

/*
 * Run run(arg) at the next reset; `arg` must live until then, so it is nothing on a stack. Works in
 * a full arena too, ARENA_SPARE times; beyond that it runs at once, and the arena is marked as
 * overflowed.
 */
void arena_defer(struct arena *a, void (*run)(void *arg), void *arg);

/* The same for a descriptor that is to be closed. */
void arena_defer_close(struct arena *a, int fd);

#endif
