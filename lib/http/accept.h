/*
 * http/accept.h - which of two media types a client would rather have (RFC 9110 section 12.5.1).
 */
#ifndef HTTP_ACCEPT_H
#define HTTP_ACCEPT_H

#include "base/slice.h"

/*
 * Whether Accept puts `type` above `over`, both given in lower case as in "text/plain". Each has the
 * q of the most specific range that it falls under, 0 when there is none; a tie, as from no Accept at
 * all, is false. Elements that are malformed, their q among it, are passed over; other parameters
 * are no concern.
 */
bool accept_prefers(struct slice accept, const char *type, const char *over);

#endif
