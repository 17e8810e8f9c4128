/*
 * crypto/random.h - unguessable bytes, and identifiers made of them.
 */
#ifndef CRYPTO_RANDOM_H
#define CRYPTO_RANDOM_H

#include <stdint.h>

#include "base/uuid.h"

/* Fill out with n bytes, at most 256, from the kernel's generator. -1 when it cannot. */
int random_bytes(void *out, size_t n) __attribute__((warn_unused_result));

/* A new UUIDv7 of this time. */
int random_uuid(int64_t now_ms, char out[UUID_SIZE]) __attribute__((warn_unused_result));

/* n letters and digits (about 5.95 bits each) and a terminator. */
int random_alphanumeric(char *out, size_t n) __attribute__((warn_unused_result));

#endif
