/*
 * http/oldurl.h - addresses of hosts that died: which text is one, and how a request names it.
 *
 * Pages name it mostly unencoded, /rescue?url=https://old.example/a?b&c, which no parser of queries
 * would read as meant. Old URLs are compared byte for byte and never taken apart, so nothing here
 * changes one: not its case, not its escapes.
 *
 * Borrows:   results view the query, or live in the arena where they had to be decoded
 * Errors:    400 for what is no old URL, 500 when the arena is full
 */
#ifndef HTTP_OLDURL_H
#define HTTP_OLDURL_H

#include "base/arena.h"
#include "base/error.h"

enum { OLDURL_MAX = 4096 };

/*
 * The old URL of a raw query: 1, 0 when no parameter `url` has a value, -1. The first parameter that
 * is written "url=" counts. What follows it begins with http:// or https:// (in any case): then it
 * is the old URL as it stands, '&', '?' and escapes among it, up to the query's end. Else its value
 * ends at the next '&', is percent-decoded ('+' stays), must then begin so, and hold no control
 * character.
 */
int oldurl_find(struct arena *a, struct slice query, struct slice *url, struct error *err)
	__attribute__((warn_unused_result));

/*
 * Whether it may be claimed: http or https with something behind, of ASCII without blanks and control
 * characters, at most OLDURL_MAX bytes. What may not, nobody has claimed: browsers percent-encode
 * whatever is beyond ASCII, and so would never ask for it.
 */
bool oldurl_is_claimable(struct slice url);

/* Whether its path, which ends before any '?' or '#', ends in .png, .jpg or .jpeg in any case. */
bool oldurl_is_picture(struct slice url);

#endif
