/*
 * base/utf8.h - characters in bytes (RFC 3629): no overlong forms, no surrogates, nothing above
 * U+10FFFF.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdint.h>

#include "base/slice.h"

/*
 * The first character of s, which is not empty; *length is its length in bytes. False when the
 * bytes are none: *point is then U+FFFD and *length what it stands for, the longest beginning of a
 * character, as browsers count.
 */
bool utf8_read(struct slice s, uint32_t *point, size_t *length);

/* Whether all of s is UTF-8. */
bool utf8_is_valid(struct slice s);

#endif
