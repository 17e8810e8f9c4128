/*
 * http/human.h - sizes for people: "10 MB", "1020 KB", "1.5 MB", "0 Bytes", "1 Byte".
 */
#ifndef HTTP_HUMAN_H
#define HTTP_HUMAN_H

#include <stdint.h>

enum { HUMAN_SIZE = 48 };

/*
 * Base 1024, three significant digits, halves rounded up, trailing zeros dropped; the units are
 * Bytes, KB, MB, GB, TB. Below 1 KB every byte counts: "1023 Bytes". From 1000 of a unit on the
 * last digit is rounded away too: 1023 KB is "1020 KB".
 */
void human_size(uint64_t bytes, char out[HUMAN_SIZE]);

#endif
