/* Files in the making: without a name, or with one under tmp/, until they are linked into place. */
#include "store/volume_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "crypto/random.h"

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
		return volume_fail(err, "create temporary file");
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
	return unknown ? 0 : volume_fail(err, "create unnamed file");
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
			return volume_fail(err, "write");
		}
		bytes = slice_from(bytes, (size_t)n);
	}
	return 0;
}

int volume_sync(struct volume_file *file, struct error *err)
{
	if (file->root->volume->fsync && fsync(file->fd) != 0) {
		return volume_fail(err, "fsync");
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
	if (mkdirat(root->fd, volume_folder(VOLUME_RESCUE), 0755) != 0 && errno != EEXIST) {
		return volume_fail(err, "make folder");
	}
	return volume_sync_folder(root, ".", err);
}

/* A folder appears with its first file, and must be as durable as the file. */
static int make_folder(const struct volume_root *root, enum volume_kind kind, const char *folder,
	struct error *err)
{
	if (kind == VOLUME_RESCUE && make_rescue(root, err) != 0) {
		return -1;
	}
	if (mkdirat(root->fd, folder, 0755) != 0 && errno != EEXIST) {
		return volume_fail(err, "make folder");
	}
	return volume_sync_folder(root, volume_folder(kind), err);
}

/* On a network filesystem a link that took effect may be reported as failed: two names tell. */
static bool took_effect(const struct volume_file *file)
{
	struct stat st;
	return *file->tmp_name && fstat(file->fd, &st) == 0 && st.st_nlink == 2;
}

int volume_link(struct volume_file *file, enum volume_kind kind, const char *id, const char *ext,
	struct error *err)
{
	char folder[VOLUME_PATH_SIZE], path[VOLUME_PATH_SIZE];
	volume_name_paths(kind, id, ext, folder, path);
	int linked = link_once(file, path);
	if (linked != 0 && errno == ENOENT) {
		if (make_folder(file->root, kind, folder, err) != 0) {
			return -1;
		}
		linked = link_once(file, path);
	}
	if (linked != 0 && !took_effect(file)) {
		return volume_fail(err, "link");
	}
	int fd = file->fd;
	file->fd = -1;
	if (close(fd) != 0) {
		volume_fail(err, "close");
	} else if (volume_sync_folder(file->root, folder, err) == 0) {
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
		return volume_fail(err, "dup");
	}
	int closed = close(file->fd);
	file->fd = fd;
	return closed == 0 ? 0 : volume_fail(err, "close");
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
		return volume_fail(err, "link");
	}
	memcpy(file->tmp_name, name, sizeof name);
	return 0;
}

int volume_replace(struct volume_file *file, enum volume_kind kind, const char *id, const char *ext,
	struct error *err)
{
	char folder[VOLUME_PATH_SIZE], path[VOLUME_PATH_SIZE];
	const struct volume_root *root = file->root;
	volume_name_paths(kind, id, ext, folder, path);
	if (flock(file->fd, LOCK_EX | LOCK_NB) != 0) {
		return volume_fail(err, "lock");
	}
	if (close_for_errors(file, err) != 0 || give_tmp_name(file, err) != 0) {
		return -1;
	}
	/* As with links, a network filesystem may report as failed what took effect. */
	if (renameat(root->fd, file->tmp_name, root->fd, path) != 0 &&
		!volume_leads_to(root, kind, id, ext, file->fd)) {
		return volume_fail(err, "rename");
	}
	*file->tmp_name = '\0';
	return volume_sync_folder(root, folder, err);
}
