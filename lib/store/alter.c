/* One change of a stored file at a time. */
#include "store/alter.h"

#include <errno.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "http/filename.h"

enum { WAIT_MS = 5000, PAUSE_NS = 5 * 1000 * 1000 };

static int lock_until(int fd, int64_t end_ms, const char *id, struct error *err)
{
	static const struct timespec pause = {.tv_nsec = PAUSE_NS};
	while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
		if (errno != EWOULDBLOCK) {
			return error_set(
				err, 503, "unavailable", "lock of %s: %s", id, strerror(errno));
		}
		if (clock_monotonic_ms() >= end_ms) {
			return error_set(err, 503, "unavailable", "%s is locked", id);
		}
		nanosleep(&pause, NULL);
	}
	return 0;
}

/*
 * The lock on a record: 1 with *fd, which holds it until it is closed, 0 no record, -1. While this
 * one waited the name may have come to lead to another record, which is to be locked instead.
 */
static int hold(const struct alter *at, const char *id, int *fd, struct error *err)
{
	int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
	for (;;) {
		int found = volume_edit(at->root, VOLUME_RECORDS, id, "json", fd, err);
		if (found <= 0) {
			return found;
		}
		int locked = lock_until(*fd, end_ms, id, err);
		if (locked == 0 && volume_leads_to(at->root, VOLUME_RECORDS, id, "json", *fd)) {
			return 1;
		}
		close(*fd);
		if (locked != 0) {
			return -1;
		}
	}
}

/* A record whose delete was cut short is as good as gone. */
static int find_whole(const struct alter *at, const char *owner, const char *id, struct record *out,
	struct error *err)
{
	struct volume_stat bytes;
	int found = record_read(at->root, at->arena, id, out, err);
	if (found <= 0 || strcmp(out->owner, owner) != 0) {
		return found < 0 ? -1 : 0;
	}
	found = volume_read(at->root, VOLUME_FILES, id, out->ext, &bytes, err);
	if (found == 1) {
		close(bytes.fd);
	}
	return found;
}

static int choose_name(
	const struct alter *at, struct slice name, struct record *record, struct error *err)
{
	char *chosen = arena_take(at->arena, FILENAME_SIZE);
	if (!chosen) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	if (filename_renew(name, slice_view(record->filename), chosen) != 0) {
		error_set(err, 422, "rename_failed", "nothing to keep in the new name");
		err->parameter = "filename";
		return error_say(err, "Rename failed: the name has no character that can be kept");
	}
	record->filename = chosen;
	return 0;
}

/* Above the one before even where clocks differ, and above what a lost disk had. */
static int64_t next_rename_ms(const struct record *record)
{
	int64_t now_ms = clock_now_ms();
	return now_ms > record->renamed_ms ? now_ms : record->renamed_ms + 1;
}

static int rename_held(const struct alter *at, const char *owner, const char *id, struct slice name,
	struct record *out, struct error *err)
{
	struct volume_file *file = NULL;
	int found = find_whole(at, owner, id, out, err);
	if (found <= 0) {
		return found;
	}
	if (choose_name(at, name, out, err) != 0) {
		return -1;
	}
	out->renamed_ms = next_rename_ms(out);
	int status = record_replace(at->root, at->arena, out, &file, err) == 0
			     ? file_rename(at->redis, at->arena, out, err)
			     : -1;
	if (file) {
		volume_discard(file);
	}
	return status;
}

int alter_rename(const struct alter *at, const char *owner, const char *id, struct slice name,
	struct record *out, struct error *err)
{
	int fd, found = file_find(at->redis, at->arena, owner, id, out, err);
	if (found == 1) {
		found = hold(at, id, &fd, err);
	}
	if (found != 1) {
		return found;
	}
	int status = rename_held(at, owner, id, name, out, err);
	close(fd);
	return status;
}

int alter_delete(const struct alter *at, const char *owner, const char *id, struct record *out,
	struct error *err)
{
	int found = file_find(at->redis, at->arena, owner, id, out, err);
	if (found != 1) {
		return found;
	}
	return alter_delete_known(at, out, err) == 0 ? 1 : -1;
}

int alter_delete_known(const struct alter *at, const struct record *record, struct error *err)
{
	const char *id = record->id;
	int fd, held = hold(at, id, &fd, err);
	if (held < 0) {
		return -1;
	}
	int status = 0;
	if (volume_unlink(at->root, VOLUME_FILES, id, record->ext, err) != 0 ||
		record_remove(at->root, id, err) != 0 ||
		file_remove(at->redis, at->arena, record->owner, id, err) != 0) {
		status = -1;
	}
	if (held) {
		close(fd);
	}
	return status;
}
