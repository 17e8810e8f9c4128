/*
 * base/slice.h - a borrowed run of bytes: pointer and length, never terminated.
 *
 * Borrows:   a slice owns nothing; it lives as long as what it points into
 * Units:     lengths in bytes
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>

struct slice {
	const char *p;
	size_t n;
};

/* A view of a terminated string, without its terminator; NULL gives an empty slice. */
struct slice slice_view(const char *s);

/* A view of n bytes. */
struct slice slice_of(const void *p, size_t n);

/* The part from offset `from` on; empty when `from` lies past the end. */
struct slice slice_from(struct slice s, size_t from);

/* The first n bytes, or all of it when there are fewer. */
struct slice slice_head(struct slice s, size_t n);

/* Byte for byte, and with ASCII letters folded. */
bool slice_equal(struct slice a, struct slice b);
bool slice_equal_str(struct slice a, const char *b);
bool slice_equal_nocase(struct slice a, const char *b);
bool slice_starts(struct slice s, const char *prefix);

/* The offset of the first (or last) c; s.n when there is none. */
size_t slice_find(struct slice s, char c);
size_t slice_find_last(struct slice s, char c);

/* Whether an ASCII control character, DEL among them, is in it. */
bool slice_has_control(struct slice s);

/*
 * Cut `*rest` at the first `c`: the part before it is returned, `*rest` becomes the part after it,
 * empty with p = NULL when there was no `c` left. Loop while rest.p is set.
 */
struct slice slice_cut(struct slice *rest, char c);

/* Without spaces and horizontal tabs at both ends (OWS, RFC 9110 section 5.6.3). */
struct slice slice_trim(struct slice s);

#endif
