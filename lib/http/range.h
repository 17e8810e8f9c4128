/*
 * http/range.h - the Range header (RFC 9110 section 14).
 *
 * One range is honoured. Of several, those that do not fit the file fall away; if two or more are
 * left the whole file is the answer, which section 14.2 allows and which asks for no multipart
 * body.
 *
 * Units:     bytes
 */
#ifndef HTTP_RANGE_H
#define HTTP_RANGE_H

#include <stdint.h>

#include "base/slice.h"

enum range_kind {
	RANGE_WHOLE,         /* 200: no header, another unit, malformed, or several ranges */
	RANGE_PART,          /* 206 with *out */
	RANGE_UNSATISFIABLE, /* 416 with Content-Range: bytes and "*" */
};

struct byte_range {
	uint64_t offset, length;
};

/*
 * Read the header for a file of `size` bytes. *out is the part for RANGE_PART, and the whole file
 * otherwise. A number too large for 64 bits is larger than any file. Of an empty file every first
 * position is unsatisfiable, while a suffix asks for all of it.
 */
enum range_kind range_parse(struct slice header, uint64_t size, struct byte_range *out);

#endif
