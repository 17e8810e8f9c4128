/* Borrowed runs of bytes. */
#include "base/slice.h"

#include <strings.h>

struct slice slice_view(const char *s)
{
	return (struct slice){s, s ? strlen(s) : 0};
}

struct slice slice_of(const void *p, size_t n)
{
	return (struct slice){p, n};
}

struct slice slice_from(struct slice s, size_t from)
{
	if (from >= s.n) {
		return (struct slice){s.p ? s.p + s.n : NULL, 0};
	}
	return (struct slice){s.p + from, s.n - from};
}

struct slice slice_head(struct slice s, size_t n)
{
	return (struct slice){s.p, n < s.n ? n : s.n};
}

bool slice_equal(struct slice a, struct slice b)
{
	return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

bool slice_equal_str(struct slice a, const char *b)
{
	return slice_equal(a, slice_view(b));
}

bool slice_equal_nocase(struct slice a, const char *b)
{
	return a.n == strlen(b) && (a.n == 0 || strncasecmp(a.p, b, a.n) == 0);
}

bool slice_starts(struct slice s, const char *prefix)
{
	size_t n = strlen(prefix);
	return s.n >= n && (n == 0 || memcmp(s.p, prefix, n) == 0);
}

size_t slice_find(struct slice s, char c)
{
	const char *hit = s.n ? memchr(s.p, c, s.n) : NULL;
	return hit ? (size_t)(hit - s.p) : s.n;
}

size_t slice_find_last(struct slice s, char c)
{
	const char *hit = s.n ? memrchr(s.p, c, s.n) : NULL;
	return hit ? (size_t)(hit - s.p) : s.n;
}

bool slice_has_control(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];
		if (c < 0x20 || c == 0x7f) {
			return true;
		}
	}
	return false;
}

struct slice slice_cut(struct slice *rest, char c)
{
	size_t at = slice_find(*rest, c);
	struct slice head = slice_head(*rest, at);
	*rest = at < rest->n ? slice_from(*rest, at + 1) : (struct slice){NULL, 0};
	return head;
}

struct slice slice_trim(struct slice s)
{
	while (s.n && (*s.p == ' ' || *s.p == '\t')) {
		s = slice_from(s, 1);
	}
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t')) {
		s.n--;
	}
	return s;
}
