/* POST /api/v4/uploads: up to 40 files in one body; each is judged by itself, in order. */
#include "app/form.h"
#include "app/once.h"
#include "app/publish.h"
#include "base/number.h"
#include "http/filename.h"
#include "http/human.h"

enum { BATCH_FILES_MAX = CALL_FILES_MAX };

/* A file of the batch: staged, or `reason` says why it is not to be. */
struct item {
	const char *filename;
	uint64_t size;
	struct staged staged;
	char sha256[SHA256_HEX_SIZE];
	const char *reason; /* NULL: nothing wrong so far */
	struct error error; /* of ours: status 5xx, else 0 */
};

struct batch {
	struct call *call;
	struct intake intake;
	uint64_t file_bytes;
	struct item items[BATCH_FILES_MAX];
	size_t count;      /* of all files, those above the most among them */
	struct item *item; /* the part at hand; NULL: not a file, or one too many */
	size_t stored;
};

static const char internal[] = "Upload failed due to an internal error";

/* What is wrong on our side concerns this file; the next one may fare better. */
static void fail_internally(struct batch *b, struct item *item, const struct error *err)
{
	item->reason = internal;
	item->error = *err;
	log_say(b->call->app->log, LOG_WARNING, "%s: file %zu of the batch: %s", b->call->req->id,
		(size_t)(item - b->items) + 1, err->detail);
}

/* Why a file of this size is not taken by an account that uses so much. */
static const char *refusal(const struct batch *b, uint64_t used, uint64_t size)
{
	const struct tier_limits *limits = call_limits(b->call);
	struct arena *a = b->call->req->arena;
	char human[HUMAN_SIZE], most[HUMAN_SIZE];
	if (used >= limits->total_bytes) {
		return "Storage quota already exceeded";
	}
	human_size(size, human);
	human_size(limits->file_bytes, most);
	if (size > limits->file_bytes) {
		return arena_printf(a, "File size (%s) exceeds limit of %s", human, most);
	}
	human_size(limits->total_bytes - used, human);
	return arena_printf(a, "Would exceed storage quota (%s remaining)", human);
}

/* A file too many: nothing of the batch will be stored, and the rest is only counted. */
static void give_up(struct batch *b)
{
	for (size_t i = 0; i < BATCH_FILES_MAX; i++) {
		if (b->items[i].staged.bytes) {
			volume_discard(b->items[i].staged.bytes);
		}
	}
}

static int begin_part(void *context, const struct part *part, struct error *err)
{
	struct batch *b = context;
	char filename[FILENAME_SIZE];
	if (!form_is_file(part, "files[]") && !form_is_file(part, "files")) {
		return 0;
	}
	if (++b->count > BATCH_FILES_MAX) {
		if (b->count == BATCH_FILES_MAX + 1) {
			give_up(b);
		}
		return 0;
	}
	b->item = &b->items[b->count - 1];
	filename_clean(part->filename, filename);
	b->item->filename = arena_dup(b->call->req->arena, slice_view(filename));
	if (!b->item->filename) {
		return call_full(err);
	}
	struct error failed;
	if (intake_begin(&b->intake, &failed) != 0) {
		fail_internally(b, b->item, &failed);
	}
	return 0;
}

/* Of a file that is not kept the rest is still counted and hashed: the client is told its size, and
 * the batch must be known when it is sent again. */
static int take_data(void *context, struct slice data, struct error *err)
{
	struct batch *b = context;
	struct item *item = b->item;
	struct error failed;
	b->file_bytes += item || b->count > BATCH_FILES_MAX ? data.n : 0;
	if (!item) {
		return 0;
	}
	item->size += data.n;
	if (item->reason) {
		return blob_write(&b->intake.blob, data, err);
	}
	if (intake_write(&b->intake, data, &failed) == 0) {
		return 0;
	}
	if (failed.status != 402) {
		fail_internally(b, item, &failed);
		return 0;
	}
	item->reason = "";
	blob_drop(&b->intake.blob);
	return blob_write(&b->intake.blob, data, err);
}

static int end_item(struct batch *b, struct item *item, struct error *err)
{
	static const struct source uploaded = {.provenance = "upload", .original_url = ""};
	struct error failed;
	if (item->reason) {
		if (!*item->reason) {
			item->reason = refusal(b,
				b->call->identity->account.bytes + b->intake.claimed, item->size);
		}
		return item->reason ? blob_finish(&b->intake.blob, err) : call_full(err);
	}
	if (intake_stage(&b->intake, (size_t)(item - b->items), slice_view(item->filename),
		    &uploaded, &item->staged, &failed) != 0) {
		fail_internally(b, item, &failed);
	}
	return 0;
}

static int end_part(void *context, struct error *err)
{
	struct batch *b = context;
	struct item *item = b->item;
	b->item = NULL;
	if (!item) {
		return 0;
	}
	int status = end_item(b, item, err);
	number_hex(b->intake.blob.sha256, SHA256_BYTES, item->sha256);
	return status;
}

static int check_count(const struct batch *b, struct error *err)
{
	if (b->count == 0) {
		return call_missing("files[]", err);
	}
	if (b->count <= BATCH_FILES_MAX) {
		return 0;
	}
	error_set(err, 400, "too_many_files", "%zu files in a batch", b->count);
	return error_explain(err, "Maximum %d files per batch, got %zu", BATCH_FILES_MAX, b->count);
}

/* All that was sent, as once_judge wants it. */
static int describe(const struct batch *b, struct slice *out, struct error *err)
{
	struct buf text;
	buf_new(&text, b->call->req->arena, b->count * (SHA256_HEX_SIZE + FILENAME_SIZE));
	for (size_t i = 0; i < b->count; i++) {
		buf_put_str(&text, b->items[i].sha256);
		buf_put_char(&text, '/');
		buf_put_str(&text, b->items[i].filename);
		buf_put_char(&text, '\n');
	}
	*out = buf_view(&text);
	return text.failed ? call_full(err) : 0;
}

/* 0, and the item tells how it went; -1 when Redis is at fault: no other could fare better. */
static int publish(struct batch *b, struct item *item, struct error *err)
{
	const struct account *account = &b->call->identity->account;
	if (staged_publish(b->call, &item->staged, err) == 0) {
		b->stored++;
		return 0;
	}
	if (err->status == 402) {
		/* Another request took the room; the account was read anew. */
		const char *reason = refusal(b, account->bytes, item->size);
		item->reason = reason ? reason : internal;
		return 0;
	}
	fail_internally(b, item, err);
	return item->staged.asked ? -1 : 0;
}

static int publish_all(struct batch *b, struct error *err)
{
	int status = 0;
	if (staged_check_room(b->call, b->count, err) != 0) {
		return -1;
	}
	for (size_t i = 0; i < b->count; i++) {
		struct item *item = &b->items[i];
		if (!item->reason && status == 0) {
			status = publish(b, item, err);
		} else if (!item->reason) {
			item->reason = internal;
		}
	}
	/* What was stored is to be told. */
	return b->stored ? 0 : status;
}

/* When not one file was stored and the fault is ours, the client is to try again. */
static int check_fault(const struct batch *b, struct error *err)
{
	for (size_t i = 0; i < b->count && !b->stored; i++) {
		if (b->items[i].error.status) {
			*err = b->items[i].error;
			return -1;
		}
	}
	return 0;
}

/* A line for each file that was stored; what failed is told in JSON alone. */
static int reply_urls(struct batch *b, struct error *err)
{
	struct call *c = b->call;
	struct buf text;
	size_t line = strlen(c->app->config->public_url) + UUID_SIZE + 3 * FILENAME_SIZE;
	buf_new(&text, c->req->arena, b->stored * line);
	for (size_t i = 0; i < b->count; i++) {
		if (!b->items[i].reason) {
			buf_put_str(&text, file_url(c, &b->items[i].staged.record));
			buf_put_char(&text, '\n');
		}
	}
	return text.failed ? call_full(err) : reply_text(c, 201, buf_view(&text));
}

static int reply(struct batch *b, struct error *err)
{
	if (b->stored && b->call->wants_text) {
		return reply_urls(b, err);
	}
	struct json doc, uploads, failed, object;
	json_init(&doc, b->call->req->arena);
	json_set_array(&doc, "uploads", &uploads);
	json_set_array(&doc, "failed", &failed);
	for (size_t i = 0; i < b->count; i++) {
		const struct item *item = &b->items[i];
		json_add_object(item->reason ? &failed : &uploads, &object);
		if (!item->reason) {
			file_object(b->call, &object, &item->staged.record);
			continue;
		}
		json_set_str(&object, "filename", item->filename);
		json_set_str(&object, "reason", item->reason);
	}
	return reply_json(b->call, b->stored ? 201 : 422, &doc, err);
}

static int store(struct batch *b, struct error *err)
{
	struct slice what;
	if (check_count(b, err) != 0 || describe(b, &what, err) != 0) {
		return -1;
	}
	int answered = once_judge(b->call, what, err);
	if (answered != 0) {
		return answered < 0 ? -1 : 0;
	}
	if (publish_all(b, err) != 0 || check_fault(b, err) != 0) {
		return -1;
	}
	return reply(b, err);
}

int upload_batch(struct call *c, struct error *err)
{
	static const struct multipart_handler handler = {begin_part, take_data, end_part};
	struct batch *b = arena_alloc(c->req->arena, sizeof *b);
	if (!b) {
		return call_full(err);
	}
	b->call = c;
	if (intake_open(&b->intake, c, err) != 0 ||
		form_read(c, &handler, b, &b->file_bytes, err) != 0) {
		return -1;
	}
	return store(b, err);
}
