/* The folders under CDN_DATA_DIR. */
#include "store/volume.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "crypto/random.h"

static const char marker[] = ".cdn-store";
static const char *const folders[] = {
	[VOLUME_FILES] = "files", [VOLUME_RECORDS] = "records", [VOLUME_RESCUE] = "rescue"};

static int fail(struct error *err, const char *what)
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

/* "files/f12" at `folder`, and "files/f12/<id>.<ext>" at `path`. */
static void name_paths(enum volume_kind kind, const char *id, const char *ext,
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

/* A folder that is a link, and so may be anywhere, fails even where nothing is to be made durable. */
static int sync_folder(const struct volume_root *root, const char *folder, struct error *err)
{
	int fd = open_plain(root->fd, folder, O_DIRECTORY);
	if (fd < 0) {
		return fail(err, "open folder");
	}
	int status = !root->volume->fsync || fsync(fd) == 0 ? 0 : fail(err, "fsync folder");
	close(fd);
	return status;
}

static void remove_tmp_name(struct volume_file *file)
{
	if (*file->tmp_name) {
		unlinkat(file->root->fd, file->tmp_name, 0);
		*file->tmp_name = '\0';
	}
}

void volume_discard(struct volume_file *file)
{
	if (file->fd >= 0) {
		close(file->fd);
		file->fd = -1;
	}
	remove_tmp_name(file);
}

static void discard_deferred(void *arg)
{
	volume_discard(arg);
}

static int make_tmp_name(char out[VOLUME_TMP_NAME_SIZE], struct error *err)
{
	char id[UUID_SIZE];
	if (random_uuid(0, id) != 0) {
		return error_set(err, 500, "internal_error", "no random bytes");
	}
	snprintf(out, VOLUME_TMP_NAME_SIZE, "tmp/%s", id);
	return 0;
}

/* For filesystems without unnamed files, NFS and some of FUSE, and where there is no /proc. */
static int create_named(struct volume_file *file, struct error *err)
{
	if (make_tmp_name(file->tmp_name, err) != 0) {
		return -1;
	}
	file->fd =
		openat(file->root->fd, file->tmp_name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	if (file->fd < 0) {
		*file->tmp_name = '\0';
		return fail(err, "create temporary file");
	}
	return 0;
}

/* 1 made, 0 not to be had on this filesystem or without /proc, -1. */
static int create_unnamed(struct volume_file *file, struct error *err)
{
	if (file->root->volume->own_fds < 0) {
		return 0;
	}
	file->fd = openat(file->root->fd, "tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0644);
	if (file->fd >= 0) {
		return 1;
	}
	bool unknown = errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL || errno == ENOENT;
	return unknown ? 0 : fail(err, "create unnamed file");
}

int volume_create(const struct volume_root *root, struct arena *a, struct volume_file *file,
	struct error *err)
{
	*file = (struct volume_file){.root = root, .fd = -1};
	int made = create_unnamed(file, err);
	if (made < 0 || (made == 0 && create_named(file, err) != 0)) {
		return -1;
	}
	arena_defer(a, discard_deferred, file);
	return 0;
}

int volume_write(struct volume_file *file, struct slice bytes, struct error *err)
{
	while (bytes.n) {
		ssize_t n = write(file->fd, bytes.p, bytes.n);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			return fail(err, "write");
		}
		bytes = slice_from(bytes, (size_t)n);
	}
	return 0;
}

int volume_sync(struct volume_file *file, struct error *err)
{
	if (file->root->volume->fsync && fsync(file->fd) != 0) {
		return fail(err, "fsync");
	}
	return 0;
}

static int link_once(const struct volume_file *file, const char *path)
{
	char from[32];
	if (*file->tmp_name) {
		return linkat(file->root->fd, file->tmp_name, file->root->fd, path, 0);
	}
	/* AT_EMPTY_PATH would need CAP_DAC_READ_SEARCH; the link in /proc does not. */
	snprintf(from, sizeof from, "%d", file->fd);
	return linkat(file->root->volume->own_fds, from, file->root->fd, path, AT_SYMLINK_FOLLOW);
}

/* Stores from before there were claims have no folder for them. */
static int make_rescue(const struct volume_root *root, struct error *err)
{
	if (mkdirat(root->fd, folders[VOLUME_RESCUE], 0755) != 0 && errno != EEXIST) {
		return fail(err, "make folder");
	}
	return sync_folder(root, ".", err);
}

/* A folder appears with its first file, and must be as durable as the file. */
static int make_folder(const struct volume_root *root, enum volume_kind kind, const char *folder,
	struct error *err)
{
	if (kind == VOLUME_RESCUE && make_rescue(root, err) != 0) {
		return -1;
	}
	if (mkdirat(root->fd, folder, 0755) != 0 && errno != EEXIST) {
		return fail(err, "make folder");
	}
	return sync_folder(root, folders[kind], err);
}

/* On a network filesystem a link that took effect may be reported as failed: two names tell. */
static bool took_effect(const struct volume_file *file)
{
	struct stat st;
	return *file->tmp_name && fstat(file->fd, &st) == 0 && st.st_nlink == 2;
}

const char *volume_folder(enum volume_kind kind)
{
	return folders[kind];
}

int volume_link(struct volume_file *file, enum volume_kind kind, const char *id, const char *ext,
	struct error *err)
{
	char folder[VOLUME_PATH_SIZE], path[VOLUME_PATH_SIZE];
	name_paths(kind, id, ext, folder, path);
	int linked = link_once(file, path);
	if (linked != 0 && errno == ENOENT) {
		if (make_folder(file->root, kind, folder, err) != 0) {
			return -1;
		}
		linked = link_once(file, path);
	}
	if (linked != 0 && !took_effect(file)) {
		return fail(err, "link");
	}
	int fd = file->fd;
	file->fd = -1;
	if (close(fd) != 0) {
		fail(err, "close");
	} else if (sync_folder(file->root, folder, err) == 0) {
		remove_tmp_name(file);
		return 0;
	}
	unlinkat(file->root->fd, path, 0);
	return -1;
}

/*
 * A filesystem may tell only at a close that bytes were lost. Another descriptor of the same opening
 * keeps the lock meanwhile.
 */
static int close_for_errors(struct volume_file *file, struct error *err)
{
	int fd = fcntl(file->fd, F_DUPFD_CLOEXEC, 0);
	if (fd < 0) {
		return fail(err, "dup");
	}
	int closed = close(file->fd);
	file->fd = fd;
	return closed == 0 ? 0 : fail(err, "close");
}

/* A link never takes the place of a name, a rename does; so an unnamed file needs one to start from. */
static int give_tmp_name(struct volume_file *file, struct error *err)
{
	char name[VOLUME_TMP_NAME_SIZE];
	if (*file->tmp_name) {
		return 0;
	}
	if (make_tmp_name(name, err) != 0) {
		return -1;
	}
	if (link_once(file, name) != 0) {
		return fail(err, "link");
	}
	memcpy(file->tmp_name, name, sizeof name);
	return 0;
}

int volume_replace(struct volume_file *file, enum volume_kind kind, const char *id, const char *ext,
	struct error *err)
{
	char folder[VOLUME_PATH_SIZE], path[VOLUME_PATH_SIZE];
	const struct volume_root *root = file->root;
	name_paths(kind, id, ext, folder, path);
	if (flock(file->fd, LOCK_EX | LOCK_NB) != 0) {
		return fail(err, "lock");
	}
	if (close_for_errors(file, err) != 0 || give_tmp_name(file, err) != 0) {
		return -1;
	}
	/* As with links, a network filesystem may report as failed what took effect. */
	if (renameat(root->fd, file->tmp_name, root->fd, path) != 0 &&
		!volume_leads_to(root, kind, id, ext, file->fd)) {
		return fail(err, "rename");
	}
	*file->tmp_name = '\0';
	return sync_folder(root, folder, err);
}

int volume_unlink(const struct volume_root *root, enum volume_kind kind, const char *id,
	const char *ext, struct error *err)
{
	char folder[VOLUME_PATH_SIZE], path[VOLUME_PATH_SIZE];
	name_paths(kind, id, ext, folder, path);
	if (unlinkat(root->fd, path, 0) != 0 && errno != ENOENT) {
		return fail(err, "unlink");
	}
	if (faccessat(root->fd, folder, F_OK, 0) != 0) {
		return 0;
	}
	/* Also when the name was gone: an earlier attempt may have failed to make just that
	 * durable. */
	return sync_folder(root, folder, err);
}

/* 1, 0 when there is no regular file, -1. */
static int open_regular(const struct volume_root *root, const char *path, int more, int *fd,
	struct stat *st, struct error *err)
{
	*fd = open_plain(root->fd, path, more);
	if (*fd < 0) {
		return errno == ENOENT || errno == ELOOP || errno == ENXIO || errno == EISDIR
			       ? 0
			       : fail(err, "open");
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
	name_paths(kind, id, ext, folder, path);
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
	name_paths(kind, id, ext, folder, path);
	return open_regular(root, path, O_RDWR, fd, &st, err);
}

bool volume_leads_to(const struct volume_root *root, enum volume_kind kind, const char *id,
	const char *ext, int fd)
{
	char folder[VOLUME_PATH_SIZE], path[VOLUME_PATH_SIZE];
	struct stat named, opened;
	name_paths(kind, id, ext, folder, path);
	return fstatat(root->fd, path, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(fd, &opened) == 0 && named.st_ino == opened.st_ino &&
	       named.st_dev == opened.st_dev;
}

int volume_free_bytes(const struct volume_root *root, uint64_t *out, struct error *err)
{
	struct statvfs fs;
	if (fstatvfs(root->fd, &fs) != 0) {
		return fail(err, "statvfs");
	}
	*out = (uint64_t)fs.f_bavail * fs.f_frsize;
	return 0;
}

static int make_one(const char *data_dir, const char *name, struct error *err)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", data_dir, name);
	if (mkdir(path, 0755) != 0 && errno != EEXIST) {
		return fail(err, path);
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
		return fail(err, path);
	}
	return 0;
}
