/*
 * base/uuid.h - UUIDv7 (RFC 9562 section 5.7): 48 bits of milliseconds, then random bits.
 *
 * Always lower case. The last digits are random, so they spread files over folders.
 */
#ifndef BASE_UUID_H
#define BASE_UUID_H

#include <stdint.h>

#include "base/slice.h"

enum { UUID_SIZE = 37, UUID_LENGTH = 36, UUID_RANDOM = 10 };

/* Write the UUID of this time and these random bytes, terminated. */
void uuid_format(int64_t ms, const unsigned char random[UUID_RANDOM], char out[UUID_SIZE]);

/* A lower-case UUID of version 7 and nothing else. */
bool uuid_is_valid(struct slice s);

/* The time in a valid UUID, in milliseconds since the epoch. */
int64_t uuid_time_ms(struct slice s);

#endif
