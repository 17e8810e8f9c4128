/*
 * cgi/claim_line.h - one line of the claims that cdnctl rescue import reads: an old URL and a file.
 *
 *   # a comment
 *   https://old.example/a.png <tab or spaces> 01a2036f-86e3-71f6-9d61-5422299dc9ec
 *   https://old.example/b.png,https://cdn.example.org/01a2036f-86e3-71f6-9d61-5422299dc9ec/b.png
 *
 * Borrows:   the URL views the line
 * Errors:    400 for a line that says nothing of this kind
 */
#ifndef CGI_CLAIM_LINE_H
#define CGI_CLAIM_LINE_H

#include "base/error.h"
#include "base/uuid.h"

/*
 * The id in "<id>", or in a file's URL as the service at `public_url` gives it out. Any name answers
 * under an id, so any name will do here.
 */
int claim_line_target(const char *public_url, struct slice text, char id[UUID_SIZE],
	struct error *err) __attribute__((warn_unused_result));

/*
 * Take a line apart: 1, 0 for a comment or nothing, -1. What the old URL may be is not judged. Both
 * sides may hold commas: the first one behind which an id or a file's URL stands parts them.
 */
int claim_line_read(const char *public_url, struct slice line, struct slice *url,
	char id[UUID_SIZE], struct error *err) __attribute__((warn_unused_result));

#endif
