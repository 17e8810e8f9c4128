/* cdnctl file show and file delete: one file, whoever owns it, as when somebody complains of it. */
#include <unistd.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "cgi/cdnctl.h"
#include "cgi/claim_line.h"
#include "http/filename.h"
#include "store/alter.h"

/* All that is known of one file, on disk and in Redis. */
struct known {
	struct volume volume;
	struct volume_root root;
	struct record disk, redis;
	bool on_disk, in_redis, has_bytes;
	const char *email; /* NULL: the account is gone */
};

static int no_such_file(const char *id, struct error *err)
{
	return error_set(err, 404, "not_found",
		"no record of %s on disk; one whose delete was cut short is found by --owner EMAIL",
		id);
}

/* Without an owner only the record on disk tells whose file it is. */
static int look_on_disk(
	struct ctl *ctl, struct known *k, const char *id, const char *owner, struct error *err)
{
	int found = record_read(&k->root, ctl->arena, id, &k->disk, err);
	if (found < 0 && !owner) {
		return -1;
	}
	k->on_disk = found == 1;
	if (!k->on_disk && !owner) {
		return no_such_file(id, err);
	}
	if (k->on_disk && owner && strcmp(owner, k->disk.owner) != 0) {
		return error_set(err, 422, "validation_failed", "%s belongs to another account: %s",
			id, k->disk.owner);
	}
	return 0;
}

static int look_in_redis(
	struct ctl *ctl, struct known *k, const char *id, const char *owner, struct error *err)
{
	struct account account;
	int found = file_find(ctl->redis, ctl->arena, owner, id, &k->redis, err);
	if (found < 0) {
		return -1;
	}
	k->in_redis = found == 1;
	if (!k->in_redis && !k->on_disk) {
		return no_such_file(id, err);
	}
	found = account_find(ctl->redis, ctl->arena, owner, &account, err);
	k->email = found == 1 ? account.email : NULL;
	return found < 0 ? -1 : 0;
}

/* What the record on disk says counts; Redis only where there is none. */
static const struct record *record_of(const struct known *k)
{
	return k->on_disk ? &k->disk : &k->redis;
}

static int look(
	struct ctl *ctl, struct known *k, const char *id, const char *owner, struct error *err)
{
	struct volume_stat bytes;
	if (volume_open(&k->volume, ctl->arena, &k->root, err) != 0 ||
		look_on_disk(ctl, k, id, owner, err) != 0 ||
		look_in_redis(ctl, k, id, owner ? owner : k->disk.owner, err) != 0) {
		return -1;
	}
	int found = volume_read(&k->root, VOLUME_FILES, id, record_of(k)->ext, &bytes, err);
	k->has_bytes = found == 1;
	if (k->has_bytes) {
		close(bytes.fd);
	}
	return found < 0 ? -1 : 0;
}

/* The words of both commands: ID_OR_URL [--owner EMAIL]. */
static int begin(struct ctl *ctl, int argc, char **argv, struct known *k)
{
	char id[UUID_SIZE];
	const char *email = ctl_option(&argc, argv, "--owner", false);
	struct account owner;
	struct error err;
	if (argc != 1) {
		return ctl_misuse("needs one ID_OR_URL, and may have --owner EMAIL");
	}
	if (claim_line_target(ctl->config.public_url, slice_view(argv[0]), id, &err) != 0) {
		return ctl_fail(&err);
	}
	/* What is known of the file may view its id. */
	const char *kept = arena_dup(ctl->arena, slice_view(id));
	if (!kept) {
		error_set(&err, 500, "internal_error", "arena is full");
		return ctl_fail(&err);
	}
	int status = email ? ctl_find_account(ctl, email, &owner) : CTL_DONE;
	if (status == CTL_DONE && look(ctl, k, kept, email ? owner.id : NULL, &err) != 0) {
		status = ctl_fail(&err);
	}
	return status;
}

enum { SHOWN_MAX = 32 };

/* Of a text that Redis has otherwise than the disk. */
static void add_difference(struct ctl_field *fields, size_t *count, const char *name,
	const char *on_disk, const char *in_redis)
{
	if (strcmp(on_disk, in_redis) != 0) {
		fields[(*count)++] = (struct ctl_field){.name = name, .text = in_redis};
	}
}

static void add_differences(
	struct ctl *ctl, const struct known *k, struct ctl_field *fields, size_t *count)
{
	const struct record *d = &k->disk, *r = &k->redis;
	const char *of_disk = redis_number(ctl->arena, (int64_t)d->size);
	const char *of_redis = redis_number(ctl->arena, (int64_t)r->size);
	add_difference(fields, count, "redis_filename", d->filename, r->filename);
	add_difference(
		fields, count, "redis_size", of_disk ? of_disk : "", of_redis ? of_redis : "");
	add_difference(fields, count, "redis_content_type", d->content_type, r->content_type);
	add_difference(fields, count, "redis_ext", d->ext, r->ext);
	add_difference(fields, count, "redis_sha256", d->sha256, r->sha256);
	add_difference(fields, count, "redis_provenance", d->provenance, r->provenance);
	add_difference(fields, count, "redis_original_url", d->original_url, r->original_url);
}

static struct ctl_field text_field(const char *name, const char *text)
{
	return (struct ctl_field){.name = name, .text = text, .never = !text || !*text};
}

static const char *url_of(struct ctl *ctl, const struct record *r)
{
	return filename_url(ctl->arena, ctl->config.public_url, r->id, r->filename);
}

static size_t describe(struct ctl *ctl, const struct known *k, struct ctl_field fields[SHOWN_MAX])
{
	const struct record *r = record_of(k);
	char *created = arena_take(ctl->arena, CLOCK_ISO_SIZE);
	char *renamed = arena_take(ctl->arena, CLOCK_ISO_SIZE);
	size_t n = 0;
	if (created && renamed) {
		clock_format_iso(r->created_ms, created);
		clock_format_iso(r->renamed_ms, renamed);
	}
	fields[n++] = text_field("id", r->id);
	fields[n++] = text_field("filename", r->filename);
	fields[n++] = (struct ctl_field){.name = "size", .number = r->size};
	fields[n++] = text_field("content_type", r->content_type);
	fields[n++] = text_field("ext", r->ext);
	fields[n++] = text_field("sha256", r->sha256);
	fields[n++] = text_field("created_at", created);
	fields[n++] = text_field("renamed_at", r->renamed_ms ? renamed : NULL);
	fields[n++] = text_field("provenance", r->provenance);
	fields[n++] = text_field("original_url", r->original_url);
	fields[n++] = text_field("owner", r->owner);
	fields[n++] = text_field("email", k->email);
	fields[n++] = text_field("url", url_of(ctl, r));
	fields[n++] = text_field("bytes", k->has_bytes ? "there" : "missing");
	fields[n++] = text_field("record", k->on_disk ? "there" : "missing");
	size_t redis = n++;
	if (k->on_disk && k->in_redis) {
		add_differences(ctl, k, fields, &n);
	}
	fields[redis] = text_field("redis", !k->in_redis    ? "missing"
					    : n > redis + 1 ? "differs"
							    : "there");
	return n;
}

int ctl_file_show(struct ctl *ctl, int argc, char **argv)
{
	struct known k = {0};
	struct ctl_field fields[SHOWN_MAX];
	volume_init(&k.volume, ctl->config.data_dir, ctl->config.fsync);
	int status = begin(ctl, argc, argv, &k);
	if (status == CTL_DONE) {
		size_t count = describe(ctl, &k, fields);
		ctl->headed = true;
		/* A line a value for people, who have a file to look at and not a listing. */
		for (size_t i = 0; i < count && !ctl->json; i++) {
			const struct ctl_field line[] = {text_field("", fields[i].name), fields[i]};
			ctl_row(ctl, line, 2);
		}
		if (ctl->json) {
			ctl_row(ctl, fields, count);
		}
	}
	volume_release(&k.volume);
	return status;
}

static int delete_known(struct ctl *ctl, const struct known *k)
{
	const struct alter at = {.root = &k->root, .redis = ctl->redis, .arena = ctl->arena};
	const struct record *r = record_of(k);
	struct error err;
	if (alter_delete_known(&at, r, &err) != 0) {
		return ctl_fail(&err);
	}
	const struct ctl_field fields[] = {
		text_field("id", r->id),
		text_field("filename", r->filename),
		{.name = "size", .number = r->size},
		text_field("email", k->email),
		text_field("url", url_of(ctl, r)),
	};
	ctl_row(ctl, fields, sizeof fields / sizeof *fields);
	return CTL_DONE;
}

int ctl_file_delete(struct ctl *ctl, int argc, char **argv)
{
	struct known k = {0};
	volume_init(&k.volume, ctl->config.data_dir, ctl->config.fsync);
	int status = begin(ctl, argc, argv, &k);
	if (status == CTL_DONE) {
		status = delete_known(ctl, &k);
	}
	volume_release(&k.volume);
	return status;
}
