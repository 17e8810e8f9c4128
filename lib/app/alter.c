/* DELETE /api/v4/upload/:id, DELETE /api/v4/uploads/batch, PATCH /api/v4/uploads/:id/rename. */
#include "store/alter.h"

#include <stdlib.h>

#include "app/fields.h"
#include "base/clock.h"
#include "base/utf8.h"

/* One byte that is no UTF-8 is shown in three. */
enum { BATCH_MAX = 1000, SHOWN_MAX = 3 * FIELDS_MAX + 1, BATCH_ARENA = SHOWN_MAX + 4096 };

static struct alter alter_of(struct call *c, struct arena *a)
{
	return (struct alter){.root = &c->root, .redis = c->app->redis, .arena = a};
}

/* 1 deleted, 0 not there, -1. Whatever is no id is not there. */
static int delete_one(struct call *c, struct arena *a, struct slice text, struct record *record,
	struct error *err)
{
	const struct alter at = alter_of(c, a);
	if (!uuid_is_valid(text)) {
		return 0;
	}
	const char *id = arena_dup(a, text);
	return id ? alter_delete(&at, c->identity->account.id, id, record, err) : call_full(err);
}

int upload_delete(struct call *c, struct error *err)
{
	struct record record;
	struct json doc;
	if (call_open_store(c, err) != 0) {
		return -1;
	}
	int found = delete_one(c, c->req->arena, c->parameters[0], &record, err);
	if (found <= 0) {
		return found < 0 ? -1
				 : error_set(err, 404, "not_found", "no such file of the caller");
	}
	json_init(&doc, c->req->arena);
	json_set_str(&doc, "id", record.id);
	json_set_bool(&doc, "deleted", true);
	return reply_json(c, 200, &doc, err);
}

struct batch {
	struct call *call;
	struct slice ids[BATCH_MAX];
	bool repeated[BATCH_MAX]; /* this id was sent before */
	size_t count;
	struct arena scratch; /* of one file at a time: a thousand would fill the request's */
	int64_t end_ms;       /* on the clock that never goes back */
	struct json doc, deleted, not_found;
	bool missed; /* not_found is there */
};

/* By what they say, and where they say the same, by when they were sent. */
static int compare_ids(const void *a, const void *b)
{
	const struct slice *x = *(const struct slice *const *)a;
	const struct slice *y = *(const struct slice *const *)b;
	if (x->n != y->n) {
		return x->n < y->n ? -1 : 1;
	}
	int order = x->n ? memcmp(x->p, y->p, x->n) : 0;
	return order ? order : x < y ? -1 : 1;
}

static void mark_repeated(struct batch *b)
{
	const struct slice *sorted[BATCH_MAX] = {NULL};
	for (size_t i = 0; i < b->count; i++) {
		sorted[i] = &b->ids[i];
	}
	qsort(sorted, b->count, sizeof *sorted, compare_ids);
	for (size_t i = 1; i < b->count; i++) {
		b->repeated[sorted[i] - b->ids] = slice_equal(*sorted[i - 1], *sorted[i]);
	}
}

static int read_ids(struct batch *b, struct error *err)
{
	struct call *c = b->call;
	struct fields fields;
	if (fields_read(c, &fields, err) != 0 ||
		fields_texts(c, &fields, "ids", b->ids, BATCH_MAX, &b->count, err) != 0) {
		return -1;
	}
	if (b->count == 0) {
		return call_missing("ids[]", err);
	}
	if (b->count > BATCH_MAX) {
		error_set(err, 400, "bad_request", "%zu ids", b->count);
		return error_explain(err, "Maximum %d ids per call, got %zu", BATCH_MAX, b->count);
	}
	mark_repeated(b);
	return 0;
}

static void release_scratch(void *scratch)
{
	arena_release(scratch);
}

static int begin_batch(struct batch *b, struct error *err)
{
	struct arena *a = b->call->req->arena;
	if (arena_init(&b->scratch, BATCH_ARENA) != 0) {
		return error_set(err, 500, "internal_error", "no memory");
	}
	arena_defer(a, release_scratch, &b->scratch);
	b->end_ms = clock_monotonic_ms() + (int64_t)b->call->app->config->batch_timeout_s * 1000;
	json_init(&b->doc, a);
	json_set_array(&b->doc, "deleted", &b->deleted);
	return call_open_store(b->call, err);
}

/* As it was sent, so that the client finds it again; but that may be any bytes, and JSON is UTF-8. */
static void note_missed(struct batch *b, struct slice text)
{
	struct buf shown;
	uint32_t point;
	if (!b->missed) {
		json_set_array(&b->doc, "not_found", &b->not_found);
		b->missed = true;
	}
	arena_reset(&b->scratch);
	buf_new(&shown, &b->scratch, SHOWN_MAX);
	for (size_t n; text.n; text = slice_from(text, n)) {
		bool valid = utf8_read(text, &point, &n);
		buf_put(&shown, valid ? slice_head(text, n) : slice_view("\xef\xbf\xbd"));
	}
	buf_put_char(&shown, '\0');
	json_add_str(&b->not_found, shown.failed ? NULL : shown.p);
}

static void note_deleted(struct batch *b, const struct record *record)
{
	struct json one;
	json_add_object(&b->deleted, &one);
	json_set_str(&one, "id", record->id);
	json_set_str(&one, "filename", record->filename);
}

static int delete_next(struct batch *b, size_t i, struct error *err)
{
	struct record record;
	if (clock_monotonic_ms() >= b->end_ms) {
		return error_set(err, 503, "unavailable", "CDN_BATCH_TIMEOUT is over");
	}
	arena_reset(&b->scratch);
	int found = delete_one(b->call, &b->scratch, b->ids[i], &record, err);
	if (found == 1) {
		note_deleted(b, &record);
	} else if (found == 0) {
		note_missed(b, b->ids[i]);
	}
	return found < 0 ? -1 : 0;
}

int upload_delete_batch(struct call *c, struct error *err)
{
	struct batch *b = arena_alloc(c->req->arena, sizeof *b);
	if (!b) {
		return call_full(err);
	}
	b->call = c;
	if (read_ids(b, err) != 0 || begin_batch(b, err) != 0) {
		return -1;
	}
	for (size_t i = 0; i < b->count; i++) {
		if (!b->repeated[i] && delete_next(b, i, err) != 0) {
			return error_explain(err,
				"%zu of %zu ids are done; the same call again does the rest", i,
				b->count);
		}
	}
	return reply_json(c, 200, &b->doc, err);
}

static int not_found(struct error *err)
{
	return error_set(err, 404, "upload_not_found", "no such file of the caller");
}

int upload_rename(struct call *c, struct error *err)
{
	struct fields fields;
	struct slice name;
	struct record record;
	const struct alter at = alter_of(c, c->req->arena);
	const char *id = arena_dup(c->req->arena, c->parameters[0]);
	if (!id) {
		return call_full(err);
	}
	if (fields_read(c, &fields, err) != 0) {
		return -1;
	}
	int found = fields_text(c, &fields, "filename", &name, err);
	if (found < 0) {
		return -1;
	}
	if (!found || name.n == 0) {
		return call_missing("filename", err);
	}
	if (!uuid_is_valid(c->parameters[0])) {
		return not_found(err);
	}
	if (call_open_store(c, err) != 0) {
		return -1;
	}
	found = alter_rename(&at, c->identity->account.id, id, name, &record, err);
	if (found <= 0) {
		return found < 0 ? -1 : not_found(err);
	}
	return reply_file(c, 200, &record, err);
}
