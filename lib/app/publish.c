/* From bytes that arrive to a file that is there for ever. */
#include "app/publish.h"

#include "app/once.h"
#include "base/clock.h"
#include "base/number.h"
#include "crypto/random.h"
#include "http/human.h"

enum {
	ANSWER_ROOM = RESPONSE_HEAD_CEILING + 2 * 1024,
	FILE_ROOM = 4 * 1024, /* its record, its commit, its place in the answer */
};

_Static_assert((int)BLOB_LEADING >= (int)SNIFF_LEADING, "enough leading bytes are kept");

static int check(const struct call *c, uint64_t claimed, uint64_t size, struct error *err)
{
	const struct tier_limits *limits = call_limits(c);
	uint64_t used = c->identity->account.bytes + claimed;
	if (size > limits->file_bytes) {
		char human[HUMAN_SIZE];
		human_size(limits->file_bytes, human);
		error_set(err, 402, "file_too_large", "file above the limit of its tier");
		return error_say(err, "File size exceeds your limit of %s per file", human);
	}
	bool fits = used <= limits->total_bytes && size <= limits->total_bytes - used;
	if (!fits && !once_was_let_in(c)) {
		return error_set(err, 402, "quota_exceeded", "file does not fit into the quota");
	}
	return 0;
}

int intake_check(struct call *c, uint64_t size, struct error *err)
{
	return check(c, 0, size, err);
}

static int make_sure_of_space(struct call *c, struct error *err)
{
	uint64_t space;
	if (call_open_store(c, err) != 0 || volume_free_bytes(&c->root, &space, err) != 0) {
		return -1;
	}
	if (space < c->app->config->min_free_bytes) {
		return error_set(err, 507, "storage_full", "free space is below CDN_MIN_FREE");
	}
	return 0;
}

int intake_open(struct intake *in, struct call *c, struct error *err)
{
	in->call = c;
	in->claimed = 0;
	/* What will only be compared needs no store. */
	if (!once_is_answered(c) && make_sure_of_space(c, err) != 0) {
		return -1;
	}
	return blob_init(&in->blob, &c->root, c->req->arena, c->app->hash, err);
}

int intake_begin(struct intake *in, struct error *err)
{
	return blob_begin(&in->blob, !once_is_answered(in->call), err);
}

int intake_write(struct intake *in, struct slice bytes, struct error *err)
{
	if (check(in->call, in->claimed, in->blob.size + bytes.n, err) != 0) {
		return -1;
	}
	return blob_write(&in->blob, bytes, err);
}

static int describe(struct intake *in, struct slice filename, const struct source *source,
	struct record *record, struct error *err)
{
	const struct request *req = in->call->req;
	struct sniff_result type;
	char *id = arena_take(req->arena, UUID_SIZE);
	char *digest = arena_take(req->arena, SHA256_HEX_SIZE);
	if (!id || !digest) {
		return call_full(err);
	}
	if (sniff_type(in->call->app->sniffer, in->blob.leading, filename, in->blob.size, &type,
		    err) != 0) {
		return -1;
	}
	int64_t now_ms = clock_now_ms();
	if (random_uuid(now_ms, id) != 0) {
		return error_set(err, 500, "internal_error", "no random bytes");
	}
	number_hex(in->blob.sha256, SHA256_BYTES, digest);
	*record = (struct record){
		.id = id,
		.owner = in->call->identity->account.id,
		.filename = arena_dup(req->arena, filename),
		.size = in->blob.size,
		.content_type = arena_dup(req->arena, slice_view(type.content_type)),
		.ext = type.ext,
		.sha256 = digest,
		.created_ms = now_ms,
		.provenance = source->provenance,
		.original_url = source->original_url,
	};
	return record->content_type && record->filename ? 0 : call_full(err);
}

int intake_stage(struct intake *in, size_t place, struct slice filename,
	const struct source *source, struct staged *out, struct error *err)
{
	if (blob_finish(&in->blob, err) != 0 ||
		describe(in, filename, source, &out->record, err) != 0) {
		return -1;
	}
	out->bytes = blob_take(&in->blob);
	out->asked = false;
	out->place = place;
	in->claimed += out->record.size;
	return 0;
}

/* Take back what was linked. A name that stays is unknown to anyone; the log has the reason. */
static void unpublish(struct call *c, const struct record *record)
{
	struct error err;
	/* The record goes even when the bytes do not: without it no worker serves them. */
	int bytes = volume_unlink(&c->root, VOLUME_FILES, record->id, record->ext, &err);
	if (record_remove(&c->root, record->id, &err) != 0 || bytes != 0) {
		log_say(c->app->log, LOG_WARNING, "%s stays behind: %s", record->id, err.detail);
	}
}

/* Between the look at the account and the commit another upload took the room: say what is left
 * now. */
static void refresh_account(struct call *c)
{
	struct error ignored;
	struct account now;
	if (account_find(c->app->redis, c->req->arena, c->identity->account.id, &now, &ignored) ==
		1) {
		c->identity->account = now;
	}
}

static int commit(struct call *c, const struct staged *file, struct error *err)
{
	struct redis *redis = c->app->redis;
	const struct file_attempt attempt = {once_replay(c), once_fingerprint(c), file->place};
	if (file_commit(redis, c->req->arena, &file->record, call_limits(c)->total_bytes, &attempt,
		    err) == 0) {
		return 0;
	}
	if (redis_outcome_unknown(redis)) {
		return -1;
	}
	unpublish(c, &file->record);
	if (err->status == 402) {
		refresh_account(c);
	}
	return -1;
}

int staged_check_room(struct call *c, size_t count, struct error *err)
{
	return arena_has(c->req->arena, ANSWER_ROOM + count * FILE_ROOM) ? 0 : call_full(err);
}

static int link_both(struct call *c, struct staged *file, struct error *err)
{
	const struct record *record = &file->record;
	if (volume_link(file->bytes, VOLUME_FILES, record->id, record->ext, err) != 0) {
		/* Its descriptor may be what the next one lacks. */
		volume_discard(file->bytes);
		return -1;
	}
	if (record_publish(&c->root, c->req->arena, record, err) != 0) {
		unpublish(c, record);
		return -1;
	}
	return 0;
}

static int publish(struct call *c, struct staged *file, struct error *err)
{
	if (link_both(c, file, err) != 0) {
		return -1;
	}
	file->asked = true;
	return commit(c, file, err);
}

/* Whether an attempt that was killed had stored it: 1, 0, -1. */
static int look_back(struct call *c, struct staged *file, struct error *err)
{
	int stored = once_hold(c, err) == 0 ? once_stored(c, file->place, &file->record, err) : -1;
	file->asked = stored < 0;
	return stored;
}

int staged_publish(struct call *c, struct staged *file, struct error *err)
{
	if (staged_check_room(c, 1, err) != 0) {
		return -1;
	}
	int stored = look_back(c, file, err);
	if (stored < 0 || (stored == 0 && publish(c, file, err) != 0)) {
		return -1;
	}
	c->stored[c->stored_count++] = file->record.id;
	return 0;
}
