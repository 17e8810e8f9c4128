/*
 * http/path.h - what a request names: its path, its query, and fields sent in the same form.
 *
 * Everything is decoded once and here only. A path that was accepted can be compared and split
 * at '/' without a second thought: no other part of the program looks at escapes.
 *
 * Sequence:  path_parse once a request; query_get and query_collect on its query or on a form
 * Borrows:   results live in the arena, or view the input where nothing was to be decoded
 * Errors:    400 for what a client must not send, 500 when the arena is full
 */
#ifndef HTTP_PATH_H
#define HTTP_PATH_H

#include "base/arena.h"
#include "base/error.h"

enum { PATH_TARGET_MAX = 8 * 1024 };

/*
 * Split a raw request target (RFC 9112 section 3.2, origin-form or absolute-form) and decode its
 * path. `path` starts with '/'; `query` is what follows the first '?', raw, with p = NULL when
 * there was none. Scheme and authority of the absolute-form are dropped.
 *
 * Refused with 400: a target above PATH_TARGET_MAX or with a control character; in the path a bad
 * escape, a control character, '\', '#', an encoded '/', "//", a segment "." or "..", and bytes
 * that are not UTF-8. A '/' at the end is kept.
 */
int path_parse(struct arena *a, struct slice target, struct slice *path, struct slice *query,
	struct error *err) __attribute__((warn_unused_result));

/*
 * The first value of `name` (written decoded, as in "ids[]") in a query or in a body that is
 * application/x-www-form-urlencoded, decoded, '+' as space; empty for a pair without '='. 1 when
 * found, 0 when not, -1 with 400 for a bad escape or a NUL in the value. Other pairs are not judged.
 * A name above 64 bytes, as it was sent, is never found.
 */
int query_get(struct arena *a, struct slice query, const char *name, struct slice *value,
	struct error *err) __attribute__((warn_unused_result));

/*
 * Every value of `name` that is not empty, behind the *count that are in `out`; beyond `max` they are
 * only counted. Else as query_get.
 */
int query_collect(struct arena *a, struct slice query, const char *name, struct slice *out,
	size_t max, size_t *count, struct error *err) __attribute__((warn_unused_result));

enum path_plus { PATH_PLUS_IS_PLUS, PATH_PLUS_IS_SPACE };

/*
 * Undo percent-encoding into `out`, which has room for raw.n bytes and may be raw.p itself. Returns
 * -1 when a '%' does not start two hexadecimal digits.
 */
int path_decode(struct slice raw, enum path_plus plus, char *out, size_t *n)
	__attribute__((warn_unused_result));

#endif
