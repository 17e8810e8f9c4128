/*
 * store/blob.h - one file's bytes on their way in: counted, hashed, written, the first ones kept.
 *
 * Sequence:  blob_init once a request, then blob_begin -> blob_write* -> blob_finish -> blob_publish;
 *            blob_begin again drops what was there
 * Owns:      its unnamed file until it is published; else that goes at the arena's reset
 * Units:     sizes in bytes
 * Errors:    those of store/volume.h; 500 when hashing fails
 */
#ifndef STORE_BLOB_H
#define STORE_BLOB_H

#include "crypto/digest.h"
#include "store/volume.h"

enum {
	BLOB_BUFFER = 256 * 1024, /* bodies come in pieces of 8 or 16 KiB, written in these */
	BLOB_BUFFERS = SHA256_POSTED_MAX + 1, /* one is filled while the others are hashed */
	BLOB_LEADING = 16 * 1024,             /* kept for sniffing */
};

struct blob {
	const struct volume_root *root;
	struct arena *arena;
	struct sha256 *hash;
	struct volume_file file;
	char *buffers[BLOB_BUFFERS], *leading_copy;
	size_t filling, buffered; /* which buffer, and how far */
	bool begun, flushed;
	uint64_t size;
	struct slice leading; /* once finished: the first bytes, at most BLOB_LEADING */
	unsigned char sha256[SHA256_BYTES]; /* once finished */
};

/* Take the buffers from the arena. `b` lives as long as the arena's contents, `hash` longer. */
int blob_init(struct blob *b, const struct volume_root *root, struct arena *a, struct sha256 *hash,
	struct error *err) __attribute__((warn_unused_result));

int blob_begin(struct blob *b, struct error *err) __attribute__((warn_unused_result));

int blob_write(struct blob *b, struct slice bytes, struct error *err)
	__attribute__((warn_unused_result));

/* No more bytes: fill in digest and leading bytes, and make the bytes durable, still without a
 * name. */
int blob_finish(struct blob *b, struct error *err) __attribute__((warn_unused_result));

/* Link the bytes into files/, durably. On failure nothing is there. */
int blob_publish(struct blob *b, const char *id, const char *ext, struct error *err)
	__attribute__((warn_unused_result));

/* Forget the bytes now. */
void blob_discard(struct blob *b);

#endif
