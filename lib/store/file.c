/* File records in Redis. */
#include "store/file.h"

#include "base/buf.h"
#include "base/number.h"
#include "base/uuid.h"
#include "crypto/digest.h"
#include "store/names.h"

/* In a packed record, in the order that file_read tells; the digest follows. */
enum { RECORD_TEXTS = 6 };

void file_query(
	struct redis_query *q, struct arena *a, enum redis_script script, const char *account)
{
	redis_query_script(q, script, "4");
	redis_add_str(q, name_account(a, account));
	redis_add_str(q, name_account_files(a, account));
	redis_add_str(q, name_account_records(a, account));
	redis_add_str(q, name_account_names(a, account));
}

/* The id holds the time and the key the owner, so the text need not repeat them. */
static int pack(struct arena *a, const struct record *record, struct slice *out, struct error *err)
{
	const char *const texts[RECORD_TEXTS] = {record->filename,
		redis_number(a, (int64_t)record->size), record->content_type, record->ext,
		record->provenance, record->original_url};
	const char *renamed = record->renamed_ms ? redis_number(a, record->renamed_ms) : "";
	unsigned char digest[SHA256_BYTES];
	size_t n = sizeof digest + slice_view(renamed).n;
	struct buf text;
	for (size_t i = 0; i < RECORD_TEXTS; i++) {
		n += slice_view(texts[i]).n + 1;
	}
	buf_new(&text, a, n);
	for (size_t i = 0; i < RECORD_TEXTS; i++) {
		buf_put_str(&text, texts[i]);
		buf_put_char(&text, '\0');
	}
	int status = number_unhex(slice_view(record->sha256), digest, sizeof digest);
	buf_put(&text, slice_of(digest, sizeof digest));
	buf_put_str(&text, renamed);
	*out = buf_view(&text);
	return status == 0 && !text.failed ? 0
					   : error_set(err, 500, "internal_error",
						     "record of %s cannot be packed", record->id);
}

static int judge_commit(const struct record *record, struct slice outcome, struct error *err)
{
	if (slice_equal_str(outcome, "stored")) {
		return 0;
	}
	if (slice_equal_str(outcome, "no room")) {
		return error_set(err, 402, "quota_exceeded", "quota of %s", record->owner);
	}
	if (slice_equal_str(outcome, "overtaken")) {
		error_set(err, 409, "conflict", "another call holds the Idempotency-Key");
		err->retry_s = 1;
		return -1;
	}
	return error_set(err, 401, "invalid_auth", "account %s is gone", record->owner);
}

int file_commit(struct redis *r, struct arena *a, const struct record *record, uint64_t limit_bytes,
	const struct file_attempt *attempt, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	struct slice text;
	if (pack(a, record, &text, err) != 0) {
		return -1;
	}
	file_query(&q, a, SCRIPT_COMMIT, record->owner);
	redis_add_str(&q, record->id);
	redis_add_str(&q, redis_number(a, record->created_ms));
	redis_add_str(&q, redis_number(a, (int64_t)record->size));
	redis_add_str(&q, redis_number(a, (int64_t)limit_bytes));
	redis_add_str(&q, record->filename);
	redis_add(&q, text);
	if (attempt->replay) {
		redis_add_str(&q, attempt->replay->name);
		redis_add_str(&q, attempt->replay->token);
		redis_add_str(&q, attempt->fingerprint);
		redis_add_str(&q, redis_number(a, (int64_t)attempt->place));
	}
	q.again_after_timeout = true;
	if (redis_ask(r, a, &q, &reply, err) != 0) {
		return -1;
	}
	return judge_commit(record, redis_text(reply), err);
}

int file_read(struct arena *a, const char *account, const char *id, struct slice text,
	struct record *out, struct error *err)
{
	char *hex = arena_take(a, SHA256_HEX_SIZE);
	struct slice texts[RECORD_TEXTS];
	uint64_t renamed_ms = 0;
	for (size_t i = 0; i < RECORD_TEXTS; i++) {
		texts[i] = slice_cut(&text, '\0');
	}
	struct slice digest = slice_head(text, SHA256_BYTES);
	struct slice renamed = slice_from(text, SHA256_BYTES);
	int status = renamed.n ? number_parse(renamed, &renamed_ms) : 0;
	/* Each is terminated where it stands. */
	*out = (struct record){
		.id = id,
		.owner = account,
		.filename = texts[0].p,
		.content_type = texts[2].p,
		.ext = texts[3].p,
		.sha256 = hex,
		.created_ms = uuid_time_ms(slice_view(id)),
		.provenance = texts[4].p,
		.original_url = texts[5].p,
		.renamed_ms = (int64_t)renamed_ms,
	};
	if (!hex || number_parse(texts[1], &out->size) != 0 || digest.n != SHA256_BYTES ||
		status != 0) {
		return error_set(
			err, 500, "internal_error", "record of %s in Redis is damaged", id);
	}
	number_hex((const unsigned char *)digest.p, SHA256_BYTES, hex);
	return 0;
}

int file_find(struct redis *r, struct arena *a, const char *account, const char *id,
	struct record *out, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	file_query(&q, a, SCRIPT_FIND, account);
	redis_add_str(&q, id);
	if (redis_ask(r, a, &q, &reply, err) != 0) {
		return -1;
	}
	struct slice text = redis_text(reply);
	if (!text.p) {
		return 0;
	}
	return file_read(a, account, id, text, out, err) == 0 ? 1 : -1;
}

int file_rename(struct redis *r, struct arena *a, const struct record *record, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	struct slice text;
	if (pack(a, record, &text, err) != 0) {
		return -1;
	}
	file_query(&q, a, SCRIPT_RENAME, record->owner);
	redis_add_str(&q, record->id);
	redis_add_str(&q, record->filename);
	redis_add(&q, text);
	redis_add_str(&q, redis_number(a, record->renamed_ms));
	q.again_after_timeout = true;
	if (redis_ask(r, a, &q, &reply, err) != 0) {
		return -1;
	}
	if (slice_equal_str(redis_text(reply), "late")) {
		return error_set(err, 503, "unavailable",
			"Redis knows of a later rename of %s than the store", record->id);
	}
	return slice_equal_str(redis_text(reply), "renamed");
}

int file_remove(
	struct redis *r, struct arena *a, const char *account, const char *id, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	file_query(&q, a, SCRIPT_REMOVE, account);
	redis_add_str(&q, id);
	q.again_after_timeout = true;
	return redis_ask(r, a, &q, &reply, err);
}
