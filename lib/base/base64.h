/*
 * base/base64.h - base64 (RFC 4648 section 4), both ways, strictly.
 *
 * Units:     n is always the number of bytes that stand behind the text
 */
#ifndef BASE_BASE64_H
#define BASE_BASE64_H

#include "base/slice.h"

/* How many characters n bytes become, padding among them. */
size_t base64_length(size_t n);

/* Write base64_length(n) characters and a terminator to out. */
void base64_encode(const unsigned char *bytes, size_t n, char *out);

/*
 * Read n bytes from the one text that stands for them. Returns -1 when s is anything else: another
 * length, a character outside of the alphabet, padding that is missing or misplaced, bits behind the
 * last byte that are not zero.
 */
int base64_decode(struct slice s, unsigned char *out, size_t n) __attribute__((warn_unused_result));

#endif
