/* The folders under CDN_DATA_DIR, and the files in them that have a name. */
#include "store/volume_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char marker[] = ".cdn-store";
static const char *const folders[] = {
	[VOLUME_FILES] = "files", [VOLUME_RECORDS] = "records", [VOLUME_RESCUE] = "rescue"};

int volume_fail(struct error *err, const char *what)
{
	switch (errno) {
	case ENOSPC:
	case EDQUOT:
		return error_set(err, 507, "storage_full", "%s: %s", what, strerror(errno));
	case EIO:
	case EROFS:
	case ESTALE:
	case ENOTCONN:
	case EMFILE:
	case ENFILE:
	case ENOLCK:
		return error_set(err, 503, "unavailable", "%s: %s", what, strerror(errno));
	default:
		return error_set(err, 500, "internal_error", "%s: %s", what, strerror(errno));
	}
}

void volume_init(struct volume *v, const char *data_dir, bool fsync)
{
	*v = (struct volume){
		data_dir, fsync, open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC)};
}

void volume_release(struct volume *v)
{
	if (v->own_fds >= 0) {
		close(v->own_fds);
		v->own_fds = -1;
	}
}

int volume_open(
	const struct volume *v, struct arena *a, struct volume_root *root, struct error *err)
{
	*root = (struct volume_root){.volume = v};
	root->fd = open(v->data_dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root->fd < 0) {
		return error_set(
			err, 503, "unavailable", "store %s: %s", v->data_dir, strerror(errno));
	}
	arena_defer_close(a, root->fd);
	if (faccessat(root->fd, marker, F_OK, 0) != 0) {
		return error_set(err, 503, "unavailable", "store %s is not mounted: %s: %s",
			v->data_dir, marker, strerror(errno));
	}
	return 0;
}

void volume_name_paths(enum volume_kind kind, const char *id, const char *ext,
	char folder[VOLUME_PATH_SIZE], char path[VOLUME_PATH_SIZE])
{
	const char *shard = id + strlen(id) - 3;
	snprintf(folder, VOLUME_PATH_SIZE, "%s/%s", folders[kind], shard);
	snprintf(path, VOLUME_PATH_SIZE, "%s/%s/%s.%s", folders[kind], shard, id, ext);
}

/*
 * No link is followed, neither the last part of the path nor one before. O_NONBLOCK: opening a FIFO that
 * somebody planted must not wait for a writer.
 */
static int open_plain(int root, const char *path, int more)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | more;
	const struct open_how how = {.flags = (unsigned)flags, .resolve = RESOLVE_NO_SYMLINKS};
	int fd = (int)syscall(SYS_openat2, root, path, &how, sizeof how);
	/* Kernels before 5.6, and sandboxes that do not know the call, look at the last part only. */
	return fd < 0 && (errno == ENOSYS || errno == EPERM) ? openat(root, path, flags) : fd;
}

int volume_sync_folder(const struct volume_root *root, const char *folder, struct error *err)
{
	int fd = open_plain(root->fd, folder, O_DIRECTORY);
	if (fd < 0) {
		return volume_fail(err, "open folder");
	}
	int status = !root->volume->fsync || fsync(fd) == 0 ? 0 : volume_fail(err, "fsync folder");
	close(fd);
	return status;
}

const char *volume_folder(enum volume_kind kind)
{
	return folders[kind];
}

int volume_unlink(const struct volume_root *root, enum volume_kind kind, const char *id,
	const char *ext, struct error *err)
{
	char folder[VOLUME_PATH_SIZE], path[VOLUME_PATH_SIZE];
	volume_name_paths(kind, id, ext, folder, path);
	if (unlinkat(root->fd, path, 0) != 0 && errno != ENOENT) {
		return volume_fail(err, "unlink");
	}
	if (faccessat(root->fd, folder, F_OK, 0) != 0) {
		return 0;
	}
	/* Also when the name was gone: an earlier attempt may have failed to make just that
	 * durable. */
	return volume_sync_folder(root, folder, err);
}

/* 1, 0 when there is no regular file, -1. */
static int open_regular(const struct volume_root *root, const char *path, int more, int *fd,
	struct stat *st, struct error *err)
{
	*fd = open_plain(root->fd, path, more);
	if (*fd < 0) {
		return errno == ENOENT || errno == ELOOP || errno == ENXIO || errno == EISDIR
			       ? 0
			       : volume_fail(err, "open");
	}
	if (fstat(*fd, st) != 0 || !S_ISREG(st->st_mode)) {
		close(*fd);
		return 0;
	}
	return 1;
}

int volume_read(const struct volume_root *root, enum volume_kind kind, const char *id,
	const char *ext, struct volume_stat *out, struct error *err)
{
	char folder[VOLUME_PATH_SIZE], path[VOLUME_PATH_SIZE];
	struct stat st;
	int fd;
	volume_name_paths(kind, id, ext, folder, path);
	int found = open_regular(root, path, 0, &fd, &st, err);
	if (found == 1) {
		*out = (struct volume_stat){fd, (uint64_t)st.st_size, st.st_mtime};
	}
	return found;
}

int volume_edit(const struct volume_root *root, enum volume_kind kind, const char *id,
	const char *ext, int *fd, struct error *err)
{
	char folder[VOLUME_PATH_SIZE], path[VOLUME_PATH_SIZE];
	struct stat st;
	volume_name_paths(kind, id, ext, folder, path);
	return open_regular(root, path, O_RDWR, fd, &st, err);
}

bool volume_leads_to(const struct volume_root *root, enum volume_kind kind, const char *id,
	const char *ext, int fd)
{
	char folder[VOLUME_PATH_SIZE], path[VOLUME_PATH_SIZE];
	struct stat named, opened;
	volume_name_paths(kind, id, ext, folder, path);
	return fstatat(root->fd, path, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &opened) == 0 && named.st_ino == opened.st_ino &&
	       named.st_dev == opened.st_dev;
}

int volume_free_bytes(const struct volume_root *root, uint64_t *out, struct error *err)
{
	struct statvfs fs;
	if (fstatvfs(root->fd, &fs) != 0) {
		return volume_fail(err, "statvfs");
	}
	*out = (uint64_t)fs.f_bavail * fs.f_frsize;
	return 0;
}

static int make_one(const char *data_dir, const char *name, struct error *err)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", data_dir, name);
	if (mkdir(path, 0755) != 0 && errno != EEXIST) {
		return volume_fail(err, path);
	}
	return 0;
}

int volume_make(const char *data_dir, struct error *err)
{
	char path[4096];
	if (make_one(data_dir, "", err) != 0 || make_one(data_dir, "files", err) != 0 ||
		make_one(data_dir, "records", err) != 0 || make_one(data_dir, "rescue", err) != 0 ||
		make_one(data_dir, "tmp", err) != 0) {
		return -1;
	}
	snprintf(path, sizeof path, "%s/%s", data_dir, marker);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || fsync(fd) != 0 || close(fd) != 0) {
		return volume_fail(err, path);
	}
	return 0;
}
