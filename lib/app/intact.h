/*
 * app/intact.h - whether a body arrived as its client meant it: Content-Digest (RFC 9530).
 *
 * Digested is all of the body as it was sent: of a form its boundaries, of upload_from_url its JSON.
 *
 * Sequence:  intact_watch before the first body_next. body_next then says 0 only of a body that
 *            matches, and a handler publishes nothing before that.
 * Owns:      nothing beyond the request; the app's second digest is in use until the body ended
 * Errors:    400 for a header that cannot be read, and for a body that does not match
 */
#ifndef APP_INTACT_H
#define APP_INTACT_H

#include "app/inside.h"

/*
 * Check the call's body if its client asks for that by a sha-256. A body that is known to be empty is
 * judged at once, like any other: it is all that was sent.
 */
int intact_watch(struct call *c, struct error *err) __attribute__((warn_unused_result));

#endif
