/* Many files at once. */
#include "store/bulk.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { SHARDS = 4096, ID_MAX = 64 };

int bulk_open(struct bulk *b, const struct volume *v, struct arena *a, struct error *err)
{
	*b = (struct bulk){.volume = *v, .fd = -1};
	b->volume.fsync = false;
	if (volume_open(&b->volume, a, &b->root, err) != 0) {
		return -1;
	}
	if (!v->fsync) {
		return 0;
	}
	/* Opened before the first write: syncfs tells what failed since then. */
	b->fd = openat(b->root.fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (b->fd < 0) {
		return error_set(err, 503, "unavailable", "store: %s", strerror(errno));
	}
	arena_defer_close(a, b->fd);
	return 0;
}

int bulk_sync(struct bulk *b, struct error *err)
{
	if (b->fd >= 0 && syncfs(b->fd) != 0) {
		return error_set(err, 503, "unavailable", "syncfs: %s", strerror(errno));
	}
	return 0;
}

/* The id in "<id>.<ext>"; false for any other name. */
static bool read_name(const char *name, const char *ext, size_t length, char id[ID_MAX + 1])
{
	if (length > ID_MAX || strspn(name, "0123456789abcdef-") != length || name[length] != '.' ||
		strcmp(name + length + 1, ext) != 0) {
		return false;
	}
	memcpy(id, name, length);
	id[length] = '\0';
	return true;
}

/* 1 with *out, 0 for a shard that is not there or no folder, -1. */
static int open_shard(
	const struct volume_root *root, const char *path, DIR **out, struct error *err)
{
	int fd = openat(root->fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) {
		return 0;
	}
	*out = fd < 0 ? NULL : fdopendir(fd);
	if (*out) {
		return 1;
	}
	error_set(err, 503, "unavailable", "open %s: %s", path, strerror(errno));
	if (fd >= 0) {
		close(fd);
	}
	return -1;
}

struct walk {
	const char *ext;
	size_t length;
	bulk_visit *visit;
	void *context;
};

static int walk_shard(const struct walk *w, DIR *shard, struct error *err)
{
	const struct dirent *entry;
	char id[ID_MAX + 1];
	while (errno = 0, (entry = readdir(shard))) {
		if (read_name(entry->d_name, w->ext, w->length, id) &&
			w->visit(w->context, id, err) != 0) {
			return -1;
		}
	}
	return errno ? error_set(err, 503, "unavailable", "readdir: %s", strerror(errno)) : 0;
}

int bulk_walk(const struct volume_root *root, enum volume_kind kind, const char *ext, size_t length,
	bulk_visit *visit, void *context, struct error *err)
{
	const struct walk w = {ext, length, visit, context};
	for (unsigned i = 0; i < SHARDS; i++) {
		char path[VOLUME_PATH_SIZE];
		DIR *shard;
		snprintf(path, sizeof path, "%s/%03x", volume_folder(kind), i);
		int found = open_shard(root, path, &shard, err);
		if (found == 0) {
			continue;
		}
		if (found < 0) {
			return -1;
		}
		int status = walk_shard(&w, shard, err);
		closedir(shard);
		if (status != 0) {
			return -1;
		}
	}
	return 0;
}
