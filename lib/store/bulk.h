/*
 * store/bulk.h - many files at once: made durable together at the end, and walked over.
 *
 * Sequence:  bulk_open -> any writing by bulk.root -> bulk_sync; bulk_walk stands alone
 * Owns:      a bulk's descriptors are closed at the arena's reset
 * Errors:    503 not mounted, or something that was written in between may be lost; 500
 */
#ifndef STORE_BULK_H
#define STORE_BULK_H

#include "store/volume.h"

struct bulk {
	struct volume volume; /* which syncs nothing by itself */
	struct volume_root root;
	int fd; /* what bulk_sync asks; -1 where nothing is to be durable */
};

/* Open the store for much work. `b` stays where it is until the arena's reset. */
int bulk_open(struct bulk *b, const struct volume *v, struct arena *a, struct error *err)
	__attribute__((warn_unused_result));

/*
 * Make all of it durable: one syncfs(2) of the whole filesystem in place of several fsync a file. A
 * write that failed since bulk_open is told here (Linux 5.8); that failure is final.
 */
int bulk_sync(struct bulk *b, struct error *err) __attribute__((warn_unused_result));

/* Return 0 to go on, -1 with *err to end the walk. */
typedef int bulk_visit(void *context, const char *id, struct error *err);

/*
 * Visit every name of a kind that ends in ".<ext>", without that: `length` characters, digits a to f
 * and '-'. What else lies there is passed over, a shard that is a symbolic link among it.
 */
int bulk_walk(const struct volume_root *root, enum volume_kind kind, const char *ext, size_t length,
	bulk_visit *visit, void *context, struct error *err) __attribute__((warn_unused_result));

#endif
