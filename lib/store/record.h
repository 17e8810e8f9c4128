/*
 * store/record.h - what is known of a file, as it lies beside its bytes: records/f12/<id>.json.
 *
 * The record is enough to serve the file and to rebuild Redis: a file's life never hangs on the
 * database.
 *
 * Borrows:   strings belong to the arena of the request
 */
#ifndef STORE_RECORD_H
#define STORE_RECORD_H

#include "store/volume.h"

enum { RECORD_MAX = 16 * 1024 };

struct record {
	const char *id;
	const char *owner; /* an account id */
	const char *filename;
	uint64_t size;
	const char *content_type;
	const char *ext;    /* of the bytes on disk, without a dot */
	const char *sha256; /* 64 hexadecimal digits */
	int64_t created_ms;
	const char *provenance;   /* "upload" or "url" */
	const char *original_url; /* "" when there is none */
	int64_t renamed_ms;       /* grows with every rename; 0 before the first */
};

/* Write the record durably. On failure nothing is there. */
int record_publish(const struct volume_root *root, struct arena *a, const struct record *r,
	struct error *err) __attribute__((warn_unused_result));

/*
 * Put a new record in the place of the old one, durably and at once, by whoever holds the lock on
 * that (store/alter.h). The new one is locked as well until volume_discard(*out) or the arena's
 * reset. Failures are those of volume_replace.
 */
int record_replace(const struct volume_root *root, struct arena *a, const struct record *r,
	struct volume_file **out, struct error *err) __attribute__((warn_unused_result));

/* Read a record: 1 found, 0 not there, -1 (a damaged one among it). */
int record_read(const struct volume_root *root, struct arena *a, const char *id, struct record *out,
	struct error *err) __attribute__((warn_unused_result));

/* Take a record away, durably. One that is not there is a success. */
int record_remove(const struct volume_root *root, const char *id, struct error *err)
	__attribute__((warn_unused_result));

#endif
