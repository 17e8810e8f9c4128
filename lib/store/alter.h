/*
 * store/alter.h - whatever changes a stored file that is there: one change of a file at a time.
 *
 * A change takes a lock on the file's record on disk (flock), does its work there, then in Redis, and
 * lets go. So of two renames and a delete at once each sees what those before it left: the file is
 * gone everywhere, or has one name, the same on disk and in Redis; and no record comes back once its
 * bytes are gone. A worker that is killed leaves no lock behind, and what it began is finished by the
 * same call again.
 *
 * A delete takes the bytes, then the record, then what Redis knows. Cut short after the second there
 * is no record to lock, and nothing but that last step to do.
 *
 * Errors:    503 when somebody else held the lock all the while, 5 s, or a part is down; else those
 *            of store/volume.h
 */
#ifndef STORE_ALTER_H
#define STORE_ALTER_H

#include "store/file.h"

/* What a change works on; all of it is borrowed. */
struct alter {
	const struct volume_root *root;
	struct redis *redis;
	struct arena *arena; /* results live in it */
};

/*
 * Give a file of this account a name that was sent for it (http/filename.h, filename_renew): 1 with
 * *out as it is now, 0 not there, -1. 422 rename_failed when there is nothing in that name to keep.
 * After a failure of Redis the name may be the new one on disk only: the same call again mends it.
 */
int alter_rename(const struct alter *at, const char *owner, const char *id, struct slice name,
	struct record *out, struct error *err) __attribute__((warn_unused_result));

/* Delete a file of this account: 1 with *out as it was, 0 not there, -1. */
int alter_delete(const struct alter *at, const char *owner, const char *id, struct record *out,
	struct error *err) __attribute__((warn_unused_result));

/* The same for a file whose record is known, although Redis may not know it. */
int alter_delete_known(const struct alter *at, const struct record *record, struct error *err)
	__attribute__((warn_unused_result));

#endif
