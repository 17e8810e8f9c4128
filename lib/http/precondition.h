/*
 * http/precondition.h - conditional requests for a file (RFC 9110 section 13).
 *
 * Sequence:  precondition_failed first: true is 412; then precondition_not_modified: true is 304,
 *            whatever Range says; then precondition_if_range: false means that Range is to be
 *            ignored (section 13.2.2)
 * Borrows:   headers and validators; a header that was not sent has p = NULL
 * Units:     times in milliseconds, compared as whole seconds
 *
 * Dates are IMF-fixdate; the two obsolete forms are taken for no date, so that they lead to 200.
 */
#ifndef HTTP_PRECONDITION_H
#define HTTP_PRECONDITION_H

#include <stdint.h>

#include "base/slice.h"

struct validators {
	struct slice etag; /* as in the header: with its quotes, and W/ if it is weak */
	int64_t last_modified_ms;
};

/*
 * Whether the file is not the one the client means: If-Match neither has its ETag (strong
 * comparison) nor is "*"; If-Unmodified-Since is looked at only if no If-Match was sent.
 */
bool precondition_failed(
	struct slice if_match, struct slice if_unmodified_since, const struct validators *v);

/*
 * Whether the client's copy is still good: If-None-Match names the ETag (weak comparison) or is
 * "*"; If-Modified-Since is looked at only if no If-None-Match was sent. For GET and HEAD.
 */
bool precondition_not_modified(
	struct slice if_none_match, struct slice if_modified_since, const struct validators *v);

/*
 * Whether Range may be honoured: no If-Range, the very ETag (strong comparison), or the very date.
 */
bool precondition_if_range(struct slice if_range, const struct validators *v);

#endif
