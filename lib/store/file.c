/* File records in Redis. */
#include "store/file.h"

#include "base/number.h"
#include "base/uuid.h"
#include "crypto/digest.h"
#include "store/names.h"

static void add_keys(struct redis_query *q, struct arena *a, const char *account, const char *id)
{
	redis_add_str(q, name_account(a, account));
	redis_add_str(q, name_account_files(a, account));
	redis_add_str(q, name_file(a, account, id));
}

static void add_field(struct redis_query *q, const char *name, const char *value)
{
	redis_add_str(q, name);
	redis_add_str(q, value);
}

/* The id holds the time and the key holds owner and id, so the record need not repeat them. */
static int build_commit(struct redis_query *q, struct arena *a, const struct record *record,
	uint64_t limit_bytes, struct error *err)
{
	const char *size = redis_number(a, (int64_t)record->size);
	char *raw = arena_take(a, SHA256_BYTES);
	if (!raw ||
		number_unhex(slice_view(record->sha256), (unsigned char *)raw, SHA256_BYTES) != 0) {
		return error_set(
			err, 500, "internal_error", "record of %s cannot be built", record->id);
	}
	redis_query_script(q, SCRIPT_COMMIT, "3");
	add_keys(q, a, record->owner, record->id);
	redis_add_str(q, record->id);
	redis_add_str(q, redis_number(a, record->created_ms));
	redis_add_str(q, size);
	redis_add_str(q, redis_number(a, (int64_t)limit_bytes));
	add_field(q, "filename", record->filename);
	add_field(q, "size", size);
	add_field(q, "content_type", record->content_type);
	redis_add_str(q, "sha256");
	redis_add(q, slice_of(raw, SHA256_BYTES));
	add_field(q, "ext", record->ext);
	add_field(q, "provenance", record->provenance);
	if (*record->original_url) {
		add_field(q, "original_url", record->original_url);
	}
	q->again_after_timeout = true;
	return 0;
}

int file_commit(struct redis *r, struct arena *a, const struct record *record, uint64_t limit_bytes,
	struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	if (build_commit(&q, a, record, limit_bytes, err) != 0) {
		return -1;
	}
	if (redis_ask(r, a, &q, &reply, err) != 0) {
		return -1;
	}
	struct slice outcome = redis_text(reply);
	if (slice_equal_str(outcome, "stored")) {
		return 0;
	}
	if (slice_equal_str(outcome, "no room")) {
		return error_set(err, 402, "quota_exceeded", "quota of %s", record->owner);
	}
	return error_set(err, 401, "invalid_auth", "account %s is gone", record->owner);
}

int file_find(struct redis *r, struct arena *a, const char *account, const char *id,
	struct record *out, struct error *err)
{
	const struct redisReply *reply;
	const char *const args[] = {"HMGET", name_file(a, account, id), "filename", "size",
		"content_type", "sha256", "ext", "provenance", "original_url", NULL};
	if (redis_call(r, a, args, &reply, err) != 0) {
		return -1;
	}
	if (!redis_text_at(reply, 0).p) {
		return 0;
	}
	struct slice digest = redis_text_at(reply, 3), url = redis_text_at(reply, 6);
	char *hex = arena_take(a, SHA256_HEX_SIZE);
	*out = (struct record){
		.id = id,
		.owner = account,
		.filename = redis_text_at(reply, 0).p,
		.content_type = redis_text_at(reply, 2).p,
		.ext = redis_text_at(reply, 4).p,
		.sha256 = hex,
		.created_ms = uuid_time_ms(slice_view(id)),
		.provenance = redis_text_at(reply, 5).p,
		.original_url = url.p ? url.p : "",
	};
	if (!hex || number_parse(redis_text_at(reply, 1), &out->size) != 0 ||
		digest.n != SHA256_BYTES || !out->content_type || !out->ext || !out->provenance) {
		return error_set(
			err, 500, "internal_error", "record of %s in Redis is damaged", id);
	}
	number_hex((const unsigned char *)digest.p, SHA256_BYTES, hex);
	return 1;
}

int file_remove(
	struct redis *r, struct arena *a, const char *account, const char *id, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	redis_query_script(&q, SCRIPT_REMOVE, "3");
	add_keys(&q, a, account, id);
	redis_add_str(&q, id);
	q.again_after_timeout = true;
	return redis_ask(r, a, &q, &reply, err);
}
