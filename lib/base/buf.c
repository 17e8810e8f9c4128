/* Bytes being built under a ceiling. */
#include "base/buf.h"

#include <stdarg.h>

void buf_init(struct buf *b, char *storage, size_t ceiling)
{
	*b = (struct buf){.p = storage, .ceiling = ceiling};
}

void buf_new(struct buf *b, struct arena *a, size_t ceiling)
{
	buf_init(b, arena_take(a, ceiling), ceiling);
	b->failed = b->p == NULL;
}

void buf_put(struct buf *b, struct slice s)
{
	if (b->failed || s.n > b->ceiling - b->n) {
		b->failed = true;
		return;
	}
	if (s.n) {
		memcpy(b->p + b->n, s.p, s.n);
		b->n += s.n;
	}
}

void buf_put_str(struct buf *b, const char *s)
{
	buf_put(b, slice_view(s));
}

void buf_put_char(struct buf *b, char c)
{
	buf_put(b, slice_of(&c, 1));
}

void buf_printf(struct buf *b, const char *format, ...)
{
	if (b->failed) {
		return;
	}
	size_t room = b->ceiling - b->n;
	va_list args;
	va_start(args, format);
	int n = vsnprintf(b->p + b->n, room, format, args);
	va_end(args);
	/* vsnprintf wants room for its terminator, so a text that fills the buffer exactly is
	 * refused. */
	if (n < 0 || (size_t)n >= room) {
		b->failed = true;
		return;
	}
	b->n += (size_t)n;
}

struct slice buf_view(const struct buf *b)
{
	return slice_of(b->p, b->n);
}
