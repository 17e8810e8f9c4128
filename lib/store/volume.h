/*
 * store/volume.h - the folders under CDN_DATA_DIR and the few ways of touching them.
 *
 *   .cdn-store            the marker: without it the store is not mounted and nothing is touched
 *   files/f12/<id>.<ext>  bytes       f12 = the last three digits of the id
 *   records/f12/<id>.json records
 *   rescue/f12/<digest>.json  claims of old URLs (store/rescue.h); made with the first of them
 *   tmp/                  unfinished files, where the filesystem has no unnamed ones
 *
 * A file is made unnamed (O_TMPFILE), or under tmp/ where that is not to be had, and linked into
 * place when it is complete: readers never see a part, and nothing is ever written over. What may
 * change, a record, is changed by putting a new file in the old one's place (volume_replace), by
 * whoever holds the lock on the old one (store/alter.h).
 *
 * Sequence:  volume_init once; then
 *            volume_open -> volume_create -> volume_write* -> volume_sync -> volume_link
 * Owns:      a volume_root and a volume_file own descriptors until the arena's reset, or until
 *            volume_link or volume_discard
 * Errors:    507 disk or quota full, 503 not mounted or the device fails, 500 the rest
 */
#ifndef STORE_VOLUME_H
#define STORE_VOLUME_H

#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/error.h"

struct volume {
	const char *data_dir;
	bool fsync;  /* false: tests and people who know better */
	int own_fds; /* /proc/self/fd, by which an unnamed file gets its name; -1 without /proc */
};

struct volume_root {
	const struct volume *volume;
	int fd;
};

enum { VOLUME_TMP_NAME_SIZE = 64, VOLUME_PATH_SIZE = 96 };

struct volume_file {
	const struct volume_root *root;
	int fd;
	char tmp_name[VOLUME_TMP_NAME_SIZE]; /* "" for an unnamed file */
};

enum volume_kind { VOLUME_FILES, VOLUME_RECORDS, VOLUME_RESCUE };

/*
 * Begin with a store that volume_make has made; nothing is looked at yet. data_dir is borrowed.
 * /proc is held open from here on, as it may be taken away from a running worker.
 */
void volume_init(struct volume *v, const char *data_dir, bool fsync);
void volume_release(struct volume *v);

/* Make the folders and, last, the marker. Harmless when they are there. */
int volume_make(const char *data_dir, struct error *err) __attribute__((warn_unused_result));

/* Open the store for one request; 503 when the marker is absent. Closed at the arena's reset. */
int volume_open(const struct volume *v, struct arena *a, struct volume_root *root,
	struct error *err) __attribute__((warn_unused_result));

/*
 * A new empty file, removed at the arena's reset unless it was linked; `file` and `root` live until
 * then.
 */
int volume_create(const struct volume_root *root, struct arena *a, struct volume_file *file,
	struct error *err) __attribute__((warn_unused_result));

/* Write all of it. */
int volume_write(struct volume_file *file, struct slice bytes, struct error *err)
	__attribute__((warn_unused_result));

/* Make the bytes durable. A failure is final: after it the kernel may have dropped them. */
int volume_sync(struct volume_file *file, struct error *err) __attribute__((warn_unused_result));

/*
 * Give the file its name, durably, and close it. On failure the name is not there. `id` is what the
 * store made up itself, of three characters at least: a UUID or a digest.
 */
int volume_link(struct volume_file *file, enum volume_kind kind, const char *id, const char *ext,
	struct error *err) __attribute__((warn_unused_result));

/*
 * Put the file in the place of another, durably: readers find the one or the other, whole. It stays
 * open, and is locked (flock) before it has the name, until volume_discard or the arena's reset. On
 * failure the old one is there; the new one only if all that failed was to make it durable.
 */
int volume_replace(struct volume_file *file, enum volume_kind kind, const char *id, const char *ext,
	struct error *err) __attribute__((warn_unused_result));

/* Close the file and remove its temporary name, if it has one; harmless afterwards. */
void volume_discard(struct volume_file *file);

/* Remove a name, durably. One that is not there is a success, and its absence durable too. */
int volume_unlink(const struct volume_root *root, enum volume_kind kind, const char *id,
	const char *ext, struct error *err) __attribute__((warn_unused_result));

/*
 * Open a file for reading: 1 with *out, 0 not there, -1. Symbolic links, FIFOs and whatever else is
 * not a regular file count as not there.
 */
struct volume_stat {
	int fd; /* the caller's to close */
	uint64_t size;
	int64_t mtime_s;
};
int volume_read(const struct volume_root *root, enum volume_kind kind, const char *id,
	const char *ext, struct volume_stat *out, struct error *err)
	__attribute__((warn_unused_result));

/*
 * The same with a descriptor that may be written to, which a lock needs on a network filesystem;
 * *fd is the caller's to close.
 */
int volume_edit(const struct volume_root *root, enum volume_kind kind, const char *id,
	const char *ext, int *fd, struct error *err) __attribute__((warn_unused_result));

/* Whether a name leads to this open file, and not to another by now, or to none. */
bool volume_leads_to(const struct volume_root *root, enum volume_kind kind, const char *id,
	const char *ext, int fd);

/* The folder of a kind, relative to the store. */
const char *volume_folder(enum volume_kind kind);

/* Bytes that may still be written. */
int volume_free_bytes(const struct volume_root *root, uint64_t *out, struct error *err)
	__attribute__((warn_unused_result));

#endif
