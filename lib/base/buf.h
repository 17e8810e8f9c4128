/*
 * base/buf.h - bytes being built, with a ceiling given when the buffer is made.
 *
 * Failure is sticky: write as often as you like, ask once at the end. A failed buffer keeps what
 * fitted.
 *
 * Owns:      nothing; the storage is the caller's (buf_init) or the arena's (buf_new)
 */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/arena.h"

struct buf {
	char *p;
	size_t n, ceiling;
	bool failed;
};

/* Build into `storage`, at most `ceiling` bytes. */
void buf_init(struct buf *b, char *storage, size_t ceiling);

/* Build into the arena, at most `ceiling` bytes; failed from the start when the arena is full. */
void buf_new(struct buf *b, struct arena *a, size_t ceiling);

void buf_put(struct buf *b, struct slice s);
void buf_put_str(struct buf *b, const char *s);
void buf_put_char(struct buf *b, char c);
void buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* What was built so far; valid until the next write. */
struct slice buf_view(const struct buf *b);

#endif
