/*
 * base/number.h - numbers and hexadecimal from text, strictly.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <stdint.h>

#include "base/slice.h"

/* One or more ASCII digits and nothing else, at most UINT64_MAX. Returns -1 otherwise. */
int number_parse(struct slice s, uint64_t *out) __attribute__((warn_unused_result));

/* The value of a hexadecimal digit, either case, or -1. */
int number_hex_digit(char c);

/* Write 2 * n lower-case hexadecimal digits and a terminator to out. */
void number_hex(const unsigned char *bytes, size_t n, char *out);

/* Read n bytes from 2 * n lower-case hexadecimal digits. Returns -1 when s is anything else. */
int number_unhex(struct slice s, unsigned char *out, size_t n) __attribute__((warn_unused_result));

#endif
