/*
 * http/content_digest.h - Content-Digest and Repr-Digest (RFC 9530), of SHA-256 alone.
 *
 * Borrows:   what is printed lives in the arena
 * Errors:    400 for a value that is no dictionary of digests, or a sha-256 that is none: whoever
 *            asks for a check must not be told that all is well
 */
#ifndef HTTP_CONTENT_DIGEST_H
#define HTTP_CONTENT_DIGEST_H

#include "base/arena.h"
#include "base/error.h"

enum { CONTENT_DIGEST_BYTES = 32 };

/*
 * The sha-256 of a header value: 1 with *out, 0 when there is none, -1. Digests of other algorithms
 * are passed over, as section 2 allows; of several sha-256 the last counts.
 */
int content_digest_parse(struct slice value, unsigned char out[CONTENT_DIGEST_BYTES],
	struct error *err) __attribute__((warn_unused_result));

/* A header value with this sha-256, for either field. NULL when the arena is full. */
const char *content_digest_print(struct arena *a, const unsigned char digest[CONTENT_DIGEST_BYTES]);

#endif
