/*
 * app/fields.h - the few values that a call takes beside its path: members of a JSON object or
 * fields of a form, whichever the client sent, or else of the query.
 *
 * Sequence:  fields_read -> (fields_text | fields_texts)*
 * Borrows:   values live as long as the request's arena
 * Errors:    400 for a body or a value that cannot be read, 413 for a body above FIELDS_MAX, 415
 *            for one that says neither application/json nor application/x-www-form-urlencoded
 */
#ifndef APP_FIELDS_H
#define APP_FIELDS_H

#include "app/inside.h"

enum { FIELDS_MAX = 64 * 1024 };

struct fields {
	struct json *document; /* NULL: no JSON was sent */
	struct slice form, query;
};

/* Read the body, if there is one. */
int fields_read(struct call *c, struct fields *out, struct error *err)
	__attribute__((warn_unused_result));

/* The text of a field: 1; 0 when there is none, or one of another type; -1. */
int fields_text(struct call *c, const struct fields *fields, const char *name, struct slice *out,
	struct error *err) __attribute__((warn_unused_result));

/*
 * The texts of a list, in the order in which they were sent: the array `name` of the JSON object, or
 * else what a form or the query say under `name` or `name[]`. 0 with *count of them, of which the
 * first `max` are in `out`, and none when it was not sent or is no list; -1, which is 400 too when
 * it holds anything but texts.
 */
int fields_texts(struct call *c, const struct fields *fields, const char *name, struct slice *out,
	size_t max, size_t *count, struct error *err) __attribute__((warn_unused_result));

#endif
