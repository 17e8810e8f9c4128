/*
 * store/blob.h - one file's bytes on their way in: counted, hashed, written, the first ones kept.
 *
 * Sequence:  blob_init once a request, then for each file
 *            blob_begin -> blob_write* -> blob_finish -> blob_take
 * Owns:      the file it writes, without a name yet, until blob_take; what was not taken goes with the
 *            next blob_begin or at the arena's reset
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
	struct volume_file *file; /* NULL: the bytes are only counted and hashed */
	char *buffers[BLOB_BUFFERS], *leading_copy;
	size_t filling, buffered; /* which buffer, and how far */
	bool flushed;
	uint64_t size;
	struct slice leading; /* once finished: the first bytes, at most BLOB_LEADING */
	unsigned char sha256[SHA256_BYTES]; /* once finished */
};

/* Take the buffers from the arena. `b` lives as long as the arena's contents, `hash` longer. */
int blob_init(struct blob *b, const struct volume_root *root, struct arena *a, struct sha256 *hash,
	struct error *err) __attribute__((warn_unused_result));

/* A file starts. With `keep` unset its bytes are counted and hashed, and written nowhere. */
int blob_begin(struct blob *b, bool keep, struct error *err) __attribute__((warn_unused_result));

/*
 * More of it. After a failure, here or at the beginning, the file is not kept, and what follows is
 * still counted and hashed.
 */
int blob_write(struct blob *b, struct slice bytes, struct error *err)
	__attribute__((warn_unused_result));

/* Forget what was written, and write no more of this file; it is still counted and hashed. */
void blob_drop(struct blob *b);

/* No more bytes: fill in digest and leading bytes, and make the bytes durable, still without a
 * name. */
int blob_finish(struct blob *b, struct error *err) __attribute__((warn_unused_result));

/* The finished file, to be linked or discarded; NULL when it was not kept. */
struct volume_file *blob_take(struct blob *b);

#endif
