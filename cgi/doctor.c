/*
 * cdnctl doctor: looks at every part that a file passes through, and names the one that is wrong.
 */
#include "cgi/doctor.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "crypto/random.h"
#include "http/human.h"
#include "sniff/sniff.h"
#include "store/volume.h"

void doctor_right(struct doctor *d, const char *what, const char *seen)
{
	(void)d;
	printf("ok     %s: %s\n", what, seen);
}

void doctor_wrong(struct doctor *d, const char *what, const char *why, const char *cure)
{
	d->wrong++;
	printf("WRONG  %s: %s\n       cure: %s\n", what, why, cure);
}

void doctor_note(struct doctor *d, const char *what, const char *why, const char *cure)
{
	(void)d;
	printf("note   %s: %s\n       cure: %s\n", what, why, cure);
}

static bool is_there(struct doctor *d, const char *folder)
{
	struct stat st;
	const char *path = arena_printf(d->ctl->arena, "%s/%s", d->ctl->config.data_dir, folder);
	if (stat(path, &st) != 0 || !S_ISDIR(st.st_mode)) {
		doctor_wrong(d, "store",
			arena_printf(d->ctl->arena, "%s: %s", path,
				errno == ENOENT ? "is not there" : "is not a folder"),
			"cdnctl store init");
		return false;
	}
	return true;
}

/* What an upload does to the store, with a file of one byte under an id of its own. */
static int write_probe(
	struct doctor *d, const struct volume_root *root, enum volume_kind kind, struct error *err)
{
	struct volume_file *file = arena_alloc(d->ctl->arena, sizeof *file);
	char id[UUID_SIZE];
	if (!file || random_uuid(clock_now_ms(), id) != 0) {
		return error_set(err, 500, "internal_error", "no memory");
	}
	if (volume_create(root, d->ctl->arena, file, err) != 0 ||
		volume_write(file, slice_view("x"), err) != 0 || volume_sync(file, err) != 0 ||
		volume_link(file, kind, id, "bin", err) != 0) {
		return -1;
	}
	return volume_unlink(root, kind, id, "bin", err);
}

/*
 * Links cross neither filesystems nor mounts, and of two mounts of one filesystem the folders have the
 * same device: only a link tells.
 */
static bool can_write(struct doctor *d, const struct volume_root *root, enum volume_kind kind)
{
	struct error err;
	if (write_probe(d, root, kind, &err) == 0) {
		return true;
	}
	if (strstr(err.detail, strerror(EXDEV))) {
		doctor_wrong(d, "store",
			arena_printf(d->ctl->arena,
				"tmp/ is on another filesystem than %s/, or mounted by itself: %s",
				volume_folder(kind), err.detail),
			"mount the whole of CDN_DATA_DIR as one filesystem");
	} else {
		doctor_wrong(d, "store", err.detail,
			"run the workers and this command as the user who owns CDN_DATA_DIR");
	}
	return false;
}

static void check_writing(struct doctor *d, const struct volume_root *root)
{
	bool files = can_write(d, root, VOLUME_FILES), records = can_write(d, root, VOLUME_RECORDS);
	if (files && records) {
		doctor_right(d, "store", "a file can be written, made durable, named and removed");
	}
}

static void check_space(struct doctor *d, const struct volume_root *root)
{
	uint64_t bytes;
	struct error err;
	char human[HUMAN_SIZE];
	if (volume_free_bytes(root, &bytes, &err) != 0) {
		doctor_wrong(d, "store", err.detail, "look at the filesystem of CDN_DATA_DIR");
		return;
	}
	human_size(bytes, human);
	if (bytes < d->ctl->config.min_free_bytes) {
		doctor_wrong(d, "free space", human, "free some, or lower CDN_MIN_FREE");
	} else {
		doctor_right(d, "free space", human);
	}
}

static void check_open_store(struct doctor *d, const struct volume_root *root)
{
	doctor_right(d, "store", root->volume->data_dir);
	if (is_there(d, "files") && is_there(d, "records") && is_there(d, "tmp")) {
		check_writing(d, root);
	}
	check_space(d, root);
	if (!root->volume->fsync) {
		doctor_note(d, "CDN_FSYNC", "is off: a power cut may lose acknowledged files",
			"CDN_FSYNC=on");
	}
}

static void check_store(struct doctor *d)
{
	struct volume volume;
	struct volume_root *root = arena_alloc(d->ctl->arena, sizeof *root);
	struct error err;
	volume_init(&volume, d->ctl->config.data_dir, d->ctl->config.fsync);
	if (volume_open(&volume, d->ctl->arena, root, &err) == 0) {
		check_open_store(d, root);
	} else {
		doctor_wrong(d, "store", err.detail,
			"mount the filesystem; for a new store run cdnctl store init");
	}
	volume_release(&volume);
}

static bool check_redis(struct doctor *d)
{
	struct error err;
	if (redis_connect(d->ctl->redis, &err) != 0) {
		doctor_wrong(d, "redis", err.detail,
			redis_must_not_be_used(d->ctl->redis)
				? "maxmemory-policy noeviction in redis.conf"
				: "start Redis, or correct CDN_REDIS_URL");
		return false;
	}
	doctor_right(d, "redis", "answers and never evicts");
	if (redis_has_append_only_file(d->ctl->redis)) {
		doctor_right(d, "redis", "keeps an append-only file");
	} else {
		doctor_wrong(d, "redis",
			"keeps no append-only file: a crash loses accounts and keys",
			"appendonly yes and appendfsync always in redis.conf");
	}
	return true;
}

static void check_magic(struct doctor *d)
{
	static const char png[] = "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\10\6\0\0\0";
	struct sniffer sniffer = {0};
	struct sniff_result type;
	struct error err;
	struct slice head = slice_of(png, sizeof png - 1);
	if (sniff_open(&sniffer, &err) != 0 ||
		sniff_type(&sniffer, head, slice_view("x"), head.n, &type, &err) != 0) {
		doctor_wrong(
			d, "libmagic", err.detail, "install libmagic's database (libmagic-mgc)");
	} else if (strcmp(type.content_type, "image/png") != 0) {
		doctor_wrong(d, "libmagic", "takes a PNG for something else",
			"unset MAGIC and remove ~/.magic, or reinstall libmagic-mgc");
	} else {
		doctor_right(d, "libmagic", "knows a PNG when it sees one");
	}
	sniff_close(&sniffer);
}

int ctl_doctor(struct ctl *ctl, int argc, char **argv)
{
	struct doctor d = {.ctl = ctl};
	doctor_right(&d, "settings", "all understood");
	if (!ctl_settings_file()) {
		doctor_note(&d, "settings", ctl_no_settings, ctl_no_settings_cure);
	}
	check_store(&d);
	bool redis = check_redis(&d);
	check_magic(&d);
	if (argc == 1 && redis) {
		doctor_visit(&d, argv[0]);
	}
	printf("%s\n", d.wrong ? "Something needs a cure." : "All is well.");
	return d.wrong ? CTL_FAILED : CTL_DONE;
}
