/*
 * crypto/digest.h - SHA-256; its .c is the only home of libcrypto.
 *
 * Sequence:  sha256_new once, then sha256_begin -> (sha256_add | sha256_post)* -> sha256_end as often
 *            as wanted
 * Owns:      a struct sha256 owns its context, and a thread once sha256_post was used, until
 *            sha256_free
 */
#ifndef CRYPTO_DIGEST_H
#define CRYPTO_DIGEST_H

#include "base/slice.h"

enum { SHA256_BYTES = 32, SHA256_HEX_SIZE = 65, SHA256_POSTED_MAX = 2 };

struct sha256;

/* NULL when there is no memory or libcrypto has no SHA-256. */
struct sha256 *sha256_new(void);
void sha256_free(struct sha256 *h);

/* Each returns -1 only when libcrypto fails. */
int sha256_begin(struct sha256 *h) __attribute__((warn_unused_result));
int sha256_add(struct sha256 *h, struct slice bytes) __attribute__((warn_unused_result));

/*
 * The same as sha256_add, in a thread beside the caller's, for large pieces: `bytes` must stay as
 * they are until SHA256_POSTED_MAX more were posted, or any other call for h has returned. Without a
 * thread to be had, it is done at once.
 */
int sha256_post(struct sha256 *h, struct slice bytes) __attribute__((warn_unused_result));

/* Wait until no posted bytes are looked at any more. */
void sha256_settle(struct sha256 *h);

int sha256_end(struct sha256 *h, unsigned char out[SHA256_BYTES])
	__attribute__((warn_unused_result));

/* The digest of one text as 64 lower-case hexadecimal digits. */
int sha256_hex(struct sha256 *h, struct slice text, char out[SHA256_HEX_SIZE])
	__attribute__((warn_unused_result));

#endif
