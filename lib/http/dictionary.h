/*
 * http/dictionary.h - header values that are dictionaries of structured fields (RFC 8941 section
 * 3.2), as in `sha-256=:AbC=:;a=1, b=(1 2), c`.
 *
 * Sequence:  dictionary_next until it returns 0 (all of the value was a dictionary) or -1
 * Borrows:   everything views the header value
 *
 * All syntax is checked, and only byte sequences are kept: so far nobody asks for the rest.
 */
#ifndef HTTP_DICTIONARY_H
#define HTTP_DICTIONARY_H

#include "base/slice.h"

struct dictionary_member {
	struct slice key;
	/* Of a byte sequence, between its colons; only the alphabet is checked. p is NULL: no such. */
	struct slice base64;
};

/*
 * The next member, its parameters passed over; `*rest` is the value at first, and moves on. Returns
 * 1, 0 at the end, -1 when this is no dictionary. Of members with the same key the last counts: that
 * is the caller's to heed.
 */
int dictionary_next(struct slice *rest, struct dictionary_member *out)
	__attribute__((warn_unused_result));

#endif
