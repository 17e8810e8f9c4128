/*
 * http/mediatype.h - Content-Type values (RFC 9110 section 8.3.1) and their parameters.
 *
 * Sequence:  mediatype_parse -> mediatype_is -> mediatype_boundary
 * Borrows:   everything views the header value; an unescaped text lives in the arena
 * Errors:    415 for what is no type at all, 400 for bad parameters, 500 when the arena is full
 */
#ifndef HTTP_MEDIATYPE_H
#define HTTP_MEDIATYPE_H

#include "base/arena.h"
#include "base/error.h"

enum { MEDIATYPE_BOUNDARY_MAX = 70 }; /* RFC 2046 section 5.1.1 */

struct mediatype {
	struct slice type;       /* "multipart/form-data", as it was sent */
	struct slice parameters; /* the rest, from the first ';' on */
};

/* One name=value. The value stands between its quotes, escapes untouched. */
struct parameter {
	struct slice name, value;
	bool quoted;
};

/* Read the type; parameters are judged only by those who ask for them. -1 with 415. */
int mediatype_parse(struct slice value, struct mediatype *out, struct error *err)
	__attribute__((warn_unused_result));

/* Whether it is this type, given in lower case; parameters do not matter. */
bool mediatype_is(const struct mediatype *m, const char *type);

/*
 * The next of *( OWS ";" OWS [ name "=" value ] ), from Content-Type or Content-Disposition;
 * `*rest` moves on. Returns 1, 0 at the end, -1 with 400. A value without quotes ends at ';' and
 * may hold what RFC 9110 allows only in quotes, because clients write it so.
 */
int mediatype_next_parameter(struct slice *rest, struct parameter *out, struct error *err)
	__attribute__((warn_unused_result));

/* Whether s is a token (RFC 9110 section 5.6.2): one character or more, no separators. */
bool mediatype_is_token(struct slice s);

/*
 * The boundary of a multipart type, without quotes and escapes: 1 to MEDIATYPE_BOUNDARY_MAX
 * characters of RFC 2046 section 5.1.1, spaces only in quotes and not at the end. Missing, given
 * twice or anything else: 400.
 */
int mediatype_boundary(struct arena *a, const struct mediatype *m, struct slice *boundary,
	struct error *err) __attribute__((warn_unused_result));

#endif
