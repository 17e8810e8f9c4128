/* PATCH /api/v4/uploads/:id/rename and DELETE /api/v4/uploads/batch: what is sent, and what comes of it. */
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "http/filename.h"
#include "store/file.h"
#include "store/names.h"

static const char json_type[] = "content-type: application/json";
static const char form_type[] = "content-type: application/x-www-form-urlencoded";

#define NOBODY "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
#define DENIED "\"code\":\"bad_request\""

enum { FLOOD = 64 * 1024 };

static int open_all(void **state)
{
	static const char *const settings[] = {"CDN_PUBLIC_URL=http://cdn.example.org"};
	return fixture_set_up(state, TIER_VERIFIED, settings, COUNT(settings));
}

static void upload(struct fixture *f, const char *name, char id[UUID_SIZE])
{
	assert_int_equal(fixture_upload(f, f->key, name, slice_view("some text")), 201);
	snprintf(id, UUID_SIZE, "%s", fixture_text(f, "id"));
}

static int send(struct fixture *f, const char *method, const char *target, const char *key,
	const char *type, struct slice body)
{
	return fixture_ask(f, &(struct ask){.method = method,
				      .target = target,
				      .key = key,
				      .headers = body.n ? type : NULL,
				      .body = body});
}

static int rename_by(struct fixture *f, const char *key, const char *id, const char *body)
{
	char target[128];
	snprintf(target, sizeof target, "/api/v4/uploads/%s/rename", id);
	return send(f, "PATCH", target, key, json_type, slice_view(body));
}

static bool says(struct fixture *f, const char *text)
{
	return memmem(f->body.p, f->body.n, text, strlen(text)) != NULL;
}

/* Disk, Redis and the index of names know the file by this name and no other. */
static void is_named(struct fixture *f, const char *id, const char *name)
{
	struct arena a;
	struct record record;
	struct error err;
	struct volume volume;
	struct volume_root root;
	const struct redisReply *reply;
	fixture_rest(f);
	assert_int_equal(arena_init(&a, 64 * 1024), 0);
	volume_init(&volume, f->config.data_dir, false);
	assert_int_equal(volume_open(&volume, &a, &root, &err), 0);
	assert_int_equal(file_find(f->redis, &a, f->account, id, &record, &err), 1);
	assert_string_equal(record.filename, name);
	int64_t renamed_ms = record.renamed_ms;
	assert_int_equal(record_read(&root, &a, id, &record, &err), 1);
	assert_string_equal(record.filename, name);
	assert_true(record.renamed_ms == renamed_ms);
	const char *const words[] = {"ZRANGE", name_account_names(&a, f->account), "0", "-1", NULL};
	assert_int_equal(redis_call(f->redis, &a, words, &reply, &err), 0);
	size_t found = 0;
	for (size_t i = 0; i < redis_length(reply); i++) {
		struct slice member = redis_text_at(reply, i);
		if (slice_equal_str(slice_from(member, slice_find(member, '\0') + 1), id)) {
			assert_int_equal(strcasecmp(member.p, name), 0);
			found++;
		}
	}
	assert_int_equal(found, 1);
	volume_release(&volume);
	arena_release(&a);
}

static void test_rename(void **state)
{
	struct fixture *f = *state;
	char id[UUID_SIZE], target[128], url[256], created[32], sha256[80];
	upload(f, "Before.txt", id);
	snprintf(created, sizeof created, "%s", fixture_text(f, "created_at"));
	snprintf(sha256, sizeof sha256, "%s", fixture_text(f, "sha256"));
	struct kept before = fixture_kept(f);
	assert_int_equal(rename_by(f, f->key, id, "{\"filename\":\"After \xc3\xa9.txt\"}"), 200);
	snprintf(url, sizeof url, "http://cdn.example.org/%s/After%%20%%C3%%A9.txt", id);
	assert_string_equal(fixture_text(f, "id"), id);
	assert_string_equal(fixture_text(f, "filename"), "After \xc3\xa9.txt");
	assert_string_equal(fixture_text(f, "url"), url);
	assert_string_equal(fixture_text(f, "created_at"), created);
	assert_string_equal(fixture_text(f, "sha256"), sha256);
	assert_string_equal(fixture_text(f, "content_type"), "text/plain; charset=utf-8");
	assert_int_equal(fixture_number(f, "size"), 9);
	fixture_same(f, &before);
	is_named(f, id, "After \xc3\xa9.txt");
	/* An old URL answers, and says the new name. */
	snprintf(target, sizeof target, "/%s/Before.txt", id);
	assert_int_equal(fixture_get(f, "GET", target, NULL), 200);
	assert_memory_equal(f->body.p, "some text", 9);
	assert_non_null(strstr(fixture_header(f, "Content-Disposition"), "After%20%C3%A9.txt"));
	/* To the same name, and back. */
	assert_int_equal(rename_by(f, f->key, id, "{\"filename\":\"After \xc3\xa9.txt\"}"), 200);
	assert_int_equal(rename_by(f, f->key, id, "{\"filename\":\"before.txt\"}"), 200);
	fixture_same(f, &before);
	is_named(f, id, "before.txt");
	snprintf(target, sizeof target, "/api/v4/upload/%s", id);
	assert_int_equal(fixture_get(f, "DELETE", target, f->key), 200);
	assert_int_equal(rename_by(f, f->key, id, "{\"filename\":\"gone.txt\"}"), 404);
}

struct wish {
	const char *type, *query, *body;
	int status;
	const char *says; /* the new name with 200, else a part of the answer */
};

static const struct wish wishes[] = {
	{json_type, "", "{\"filename\":\"a.png\"}", 200, "a.png"},
	{json_type, "", "{\"x\":1,\"filename\":\"photo\"}", 200, "photo.txt"},
	{json_type, "", "{\"filename\":\"x/y\\\\z\"}", 200, "z.txt"},
	{json_type, "", "{\"filename\":\".htaccess\"}", 200, ".htaccess.txt"},
	{form_type, "", "filename=my+file%21.txt", 200, "my file!.txt"},
	{NULL, "?filename=q.txt", "", 200, "q.txt"},
	{json_type, "?filename=q.txt", "{}", 200, "q.txt"},
	{json_type, "?filename=q.txt", "{\"filename\":\"body.txt\"}", 200, "body.txt"},
	{NULL, "", "", 400, "Missing filename parameter"},
	{json_type, "", "{}", 400, "Missing filename parameter"},
	{json_type, "", "{\"filename\":\"\"}", 400, "Missing filename parameter"},
	{json_type, "", "{\"filename\":1}", 400, "Missing filename parameter"},
	{json_type, "", "{\"filename\":null}", 400, "Missing filename parameter"},
	{json_type, "", "{\"filename\":true}", 400, "Missing filename parameter"},
	{json_type, "", "{\"filename\":[\"a\"]}", 400, "Missing filename parameter"},
	{json_type, "", "{\"filename\":{\"a\":\"b\"}}", 400, "Missing filename parameter"},
	{form_type, "", "filename=", 400, "Missing filename parameter"},
	{form_type, "", "filename=%", 400, DENIED},
	{json_type, "", "{\"filename\":\"a\",\"filename\":\"b\"}", 400, DENIED},
	{json_type, "", "{\"filename\":\"a\\u0000b\"}", 400, DENIED},
	{json_type, "", "{\"filename\":\"a\"} x", 400, DENIED},
	{json_type, "", "\"a\"", 400, DENIED},
	{json_type, "", "{\"filename\":\"a", 400, DENIED},
	{"content-type: text/plain", "", "filename=a", 415, "unsupported_media_type"},
	{json_type, "", "{\"filename\":\"  \"}", 422, "Rename failed: "},
	{json_type, "", "{\"filename\":\"\\t\\n\"}", 422, "\"code\":\"rename_failed\""},
	{json_type, "", "{\"filename\":\"???\"}", 422, "Rename failed: "},
	{json_type, "", "{\"filename\":\"a/\"}", 422, "Rename failed: "},
	{json_type, "", "{\"filename\":\"..\"}", 422, "Rename failed: "},
	{json_type, "", "{\"filename\":\"\xe2\x80\xae\"}", 422, "\"parameter\":\"filename\""},
};

static void test_names(void **state)
{
	struct fixture *f = *state;
	char id[UUID_SIZE], target[128], now[FILENAME_SIZE] = "first.txt";
	upload(f, now, id);
	struct kept before = fixture_kept(f);
	for (size_t i = 0; i < COUNT(wishes); i++) {
		const struct wish *w = &wishes[i];
		snprintf(target, sizeof target, "/api/v4/uploads/%s/rename%s", id, w->query);
		int status = send(f, "PATCH", target, f->key, w->type, slice_view(w->body));
		if (status != w->status || (status != 200 && !says(f, w->says))) {
			fail_msg("%s%s: %d %.*s", w->query, w->body, status, (int)f->body.n,
				f->body.p);
		}
		if (status == 200) {
			assert_string_equal(fixture_text(f, "filename"), w->says);
		}
		snprintf(now, sizeof now, "%s", status == 200 ? w->says : "first.txt");
		is_named(f, id, now);
		assert_int_equal(rename_by(f, f->key, id, "{\"filename\":\"first.txt\"}"), 200);
	}
	fixture_same(f, &before);
}

static void test_long_names(void **state)
{
	struct fixture *f = *state;
	char id[UUID_SIZE], body[400], want[FILENAME_SIZE];
	upload(f, "x.txt", id);
	for (int extension = 0; extension <= 1; extension++) {
		snprintf(body, sizeof body, "{\"filename\":\"%0300d%s\"}", 0,
			extension ? ".png" : "");
		snprintf(want, sizeof want, "%0251d%s", 0, extension ? ".png" : ".txt");
		assert_int_equal(rename_by(f, f->key, id, body), 200);
		assert_string_equal(fixture_text(f, "filename"), want);
		is_named(f, id, want);
		assert_int_equal(rename_by(f, f->key, id, "{\"filename\":\"x.txt\"}"), 200);
	}
}

static const char *const no_ids[] = {NOBODY, "0193A1B2-C3D4-7E5F-8A9B-0123456ABABC",
	"0193a1b2-c3d4-4e5f-8a9b-0123456ababc", "x", "*", "%7Busr_x%7D", "a%20b"};

static void test_not_yours(void **state)
{
	struct fixture *f = *state;
	char id[UUID_SIZE], body[256];
	const char *account, *key;
	upload(f, "mine.txt", id);
	fixture_account(f, "renamer@example.org", TIER_VERIFIED, &account, &key);
	struct kept before = fixture_kept(f);
	assert_int_equal(rename_by(f, key, id, "{\"filename\":\"yours.txt\"}"), 404);
	assert_string_equal(fixture_text(f, "code"), "upload_not_found");
	assert_string_equal(fixture_text(f, "error"), "Upload not found");
	/* Not even whether the name would do. */
	assert_int_equal(rename_by(f, key, id, "{\"filename\":\" \"}"), 404);
	assert_int_equal(rename_by(f, NULL, id, "{\"filename\":\"yours.txt\"}"), 401);
	snprintf(body, sizeof body, "{\"ids\":[\"%s\"]}", id);
	struct slice bytes = slice_view(body);
	assert_int_equal(send(f, "DELETE", "/api/v4/uploads/batch", key, json_type, bytes), 200);
	snprintf(body, sizeof body, "{\"deleted\":[],\"not_found\":[\"%s\"]}", id);
	assert_true(says(f, body));
	for (size_t i = 0; i < COUNT(no_ids); i++) {
		assert_int_equal(rename_by(f, f->key, no_ids[i], "{\"filename\":\"a\"}"), 404);
	}
	fixture_same(f, &before);
	is_named(f, id, "mine.txt");
}

/* Should Redis ever say that a file is another account's as well, the record on disk decides. */
static void test_owner_on_disk(void **state)
{
	struct fixture *f = *state;
	char id[UUID_SIZE];
	const char *account, *key;
	struct arena a;
	struct error err;
	struct record record;
	upload(f, "mine.txt", id);
	fixture_account(f, "taker@example.org", TIER_VERIFIED, &account, &key);
	assert_int_equal(arena_init(&a, 64 * 1024), 0);
	assert_int_equal(file_find(f->redis, &a, f->account, id, &record, &err), 1);
	record.owner = account;
	assert_int_equal(
		file_commit(f->redis, &a, &record, 1000, &(struct file_attempt){0}, &err), 0);
	assert_int_equal(rename_by(f, key, id, "{\"filename\":\"yours.txt\"}"), 404);
	is_named(f, id, "mine.txt");
	assert_int_equal(file_remove(f->redis, &a, account, id, &err), 0);
	arena_release(&a);
}

static void remove_from_disk(struct fixture *f, const char *top, const char *id, const char *ext)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s/%s/%s.%s", f->config.data_dir, top, id + UUID_LENGTH - 3,
		id, ext);
	assert_int_equal(unlink(path), 0);
}

/* No record comes back after a delete that was cut short; the delete can be finished. */
static void test_rename_of_the_half_gone(void **state)
{
	struct fixture *f = *state;
	for (int steps = 1; steps <= 2; steps++) {
		char id[UUID_SIZE], body[128];
		struct kept before = fixture_kept(f);
		upload(f, "half.txt", id);
		remove_from_disk(f, "files", id, "bin");
		if (steps == 2) {
			remove_from_disk(f, "records", id, "json");
		}
		fixture_rest(f);
		struct kept cut = fixture_kept(f);
		assert_int_equal(rename_by(f, f->key, id, "{\"filename\":\"back.txt\"}"), 404);
		fixture_same(f, &cut);
		snprintf(body, sizeof body, "ids[]=%s", id);
		assert_int_equal(send(f, "DELETE", "/api/v4/uploads/batch", f->key, form_type,
					 slice_view(body)),
			200);
		assert_true(says(f, "\"filename\":\"half.txt\""));
		assert_false(says(f, "not_found"));
		fixture_same(f, &before);
	}
}

/* Disk and Redis disagree: a rename was cut short, or Redis stalled over an old one. */
static void test_redis_is_behind(void **state)
{
	struct fixture *f = *state;
	char id[UUID_SIZE];
	struct arena a;
	struct error err;
	struct record record;
	upload(f, "first.txt", id);
	assert_int_equal(rename_by(f, f->key, id, "{\"filename\":\"second.txt\"}"), 200);
	assert_int_equal(arena_init(&a, 64 * 1024), 0);
	assert_int_equal(file_find(f->redis, &a, f->account, id, &record, &err), 1);
	/* The one that comes late does nothing; said twice, neither does it harm. */
	record.filename = "late.txt";
	record.renamed_ms--;
	assert_int_equal(file_rename(f->redis, &a, &record, &err), -1);
	assert_int_equal(err.status, 503);
	is_named(f, id, "second.txt");
	record.filename = "behind.txt";
	record.renamed_ms += 2;
	assert_int_equal(file_rename(f->redis, &a, &record, &err), 1);
	assert_int_equal(file_rename(f->redis, &a, &record, &err), 1);
	assert_int_equal(rename_by(f, f->key, id, "{\"filename\":\"third.txt\"}"), 200);
	is_named(f, id, "third.txt");
	record.id = NOBODY;
	assert_int_equal(file_rename(f->redis, &a, &record, &err), 0);
	arena_release(&a);
}

/* Ids sent twice are judged once: what is deleted is not also missed. */
static void test_batch(void **state)
{
	struct fixture *f = *state;
	char a[UUID_SIZE], b[UUID_SIZE], c[UUID_SIZE], body[512], want[512];
	struct kept before = fixture_kept(f);
	upload(f, "a.txt", a);
	upload(f, "b.txt", b);
	upload(f, "c.txt", c);
	snprintf(body, sizeof body,
		"{\"ids\":[\"%s\",\"x\\\"<\\n\",\"%s\",\"\",\"%s\",\"" NOBODY "\",\"%s\","
		"\"%s\",\"\",\"" NOBODY "\",\"x\\\"<\"]}",
		c, a, c, b, a);
	assert_int_equal(
		send(f, "DELETE", "/api/v4/uploads/batch", f->key, json_type, slice_view(body)),
		200);
	snprintf(want, sizeof want,
		"{\"deleted\":[{\"id\":\"%s\",\"filename\":\"c.txt\"},{\"id\":\"%s\",\"filename\":"
		"\"a.txt\"},{\"id\":\"%s\",\"filename\":\"b.txt\"}],\"not_found\":[\"x\\\"<\\n\","
		"\"\",\"" NOBODY "\",\"x\\\"<\"]}",
		c, a, b);
	assert_int_equal(f->body.n, strlen(want));
	assert_memory_equal(f->body.p, want, f->body.n);
	fixture_same(f, &before);
}

static const struct {
	const char *type, *query, *body; /* %s: the id */
} lists[] = {
	{json_type, "", "{\"ids\":[\"%s\"]}"},
	{json_type, "?ids[]=x", "{\"ids\":[\"%s\"]}"},
	{form_type, "", "ids[]=%s"},
	{form_type, "", "ids%%5B%%5D=%s&ids%%5B%%5D="},
	{form_type, "", "ids=%s"},
	{NULL, "?ids[]=%s", ""},
	{NULL, "?ids%%5b%%5d=%s", ""},
	{NULL, "?ids=%s", ""},
	{json_type, "?ids[]=%s", "{}"},
};

/* However it was sent, the one id is deleted, and not_found is left out. */
static void test_lists(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	for (size_t i = 0; i < COUNT(lists); i++) {
		char id[UUID_SIZE], target[256] = "/api/v4/uploads/batch", body[256], want[128];
		size_t n = strlen(target);
		upload(f, "a.txt", id);
		snprintf(target + n, sizeof target - n, lists[i].query, id);
		snprintf(body, sizeof body, lists[i].body, id);
		assert_int_equal(
			send(f, "DELETE", target, f->key, lists[i].type, slice_view(body)), 200);
		snprintf(want, sizeof want,
			"{\"deleted\":[{\"id\":\"%s\",\"filename\":\"a.txt\"}]}", id);
		assert_int_equal(f->body.n, strlen(want));
		assert_memory_equal(f->body.p, want, f->body.n);
		fixture_same(f, &before);
	}
}

static const struct wish bad_lists[] = {
	{NULL, "", "", 400, "Missing ids[] parameter"},
	{json_type, "", "{}", 400, "Missing ids[] parameter"},
	{json_type, "", "{\"ids\":[]}", 400, "\"parameter\":\"ids[]\""},
	{json_type, "", "{\"ids\":\"x\"}", 400, "Missing ids[] parameter"},
	{json_type, "?ids[]=x", "{\"ids\":\"x\"}", 400, "Missing ids[] parameter"},
	{json_type, "", "{\"ids\":{\"a\":\"x\"}}", 400, "Missing ids[] parameter"},
	{json_type, "", "{\"ids\":null}", 400, "Missing ids[] parameter"},
	{json_type, "", "{\"ids\":7}", 400, "Missing ids[] parameter"},
	{json_type, "", "{\"Ids\":[\"x\"]}", 400, "Missing ids[] parameter"},
	{form_type, "", "ids[]=&ids=", 400, "Missing ids[] parameter"},
	{form_type, "", "ids[0]=x", 400, "Missing ids[] parameter"},
	{json_type, "", "{\"ids\":[1]}", 400, "\"detail\":\"ids holds"},
	{json_type, "", "{\"ids\":[\"x\",null]}", 400, DENIED},
	{json_type, "", "{\"ids\":[[\"x\"]]}", 400, DENIED},
	{json_type, "", "{\"ids\":[{\"id\":\"x\"}]}", 400, DENIED},
	{json_type, "", "{\"ids\":[\"x\"],\"ids\":[\"y\"]}", 400, DENIED},
	{json_type, "", "[\"x\"]", 400, DENIED},
	{json_type, "", "{\"ids\":[\"\\u0000\"]}", 400, DENIED},
	{json_type, "", "{\"ids\":[\"x\"", 400, DENIED},
	{form_type, "", "ids[]=%00", 400, DENIED},
	{"content-type: text/plain", "", "ids[]=x", 415, "unsupported_media_type"},
};

/* Nothing is deleted, although a file of the caller stands first wherever an id can. */
static void test_bad_lists(void **state)
{
	struct fixture *f = *state;
	char target[256];
	struct kept before = fixture_kept(f);
	for (size_t i = 0; i < COUNT(bad_lists); i++) {
		const struct wish *w = &bad_lists[i];
		snprintf(target, sizeof target, "/api/v4/uploads/batch%s", w->query);
		int status = send(f, "DELETE", target, f->key, w->type, slice_view(w->body));
		if (status != w->status || !says(f, w->says)) {
			fail_msg("%s%s: %d %.*s", w->query, w->body, status, (int)f->body.n,
				f->body.p);
		}
	}
	fixture_same(f, &before);
}

/* {"ids":["<id>",...]} with as many ids, the first of them given, the others nobody's. */
static char *many(const char *first, size_t count)
{
	size_t n = 16 + count * (UUID_LENGTH + 3), at;
	char *body = malloc(n);
	assert_non_null(body);
	at = (size_t)snprintf(body, n, "{\"ids\":[\"%s\"", first);
	for (size_t i = 1; i < count; i++) {
		at += (size_t)snprintf(body + at, n - at, ",\"0193a1b2-c3d4-7e5f-8a9b-%012zx\"", i);
	}
	snprintf(body + at, n - at, "]}");
	return body;
}

static void test_many(void **state)
{
	struct fixture *f = *state;
	struct kept empty = fixture_kept(f);
	char id[UUID_SIZE];
	upload(f, "a.txt", id);
	fixture_rest(f);
	struct kept before = fixture_kept(f);
	char *above = many(id, 1001), *most = many(id, 1000), *far = many(id, 10000);
	const char *target = "/api/v4/uploads/batch";
	assert_int_equal(send(f, "DELETE", target, f->key, json_type, slice_view(above)), 400);
	assert_string_equal(fixture_text(f, "detail"), "Maximum 1000 ids per call, got 1001");
	assert_int_equal(send(f, "DELETE", target, f->key, json_type, slice_view(far)), 413);
	fixture_same(f, &before);
	assert_int_equal(send(f, "DELETE", target, f->key, json_type, slice_view(most)), 200);
	assert_true(says(f, "\"not_found\":[\"0193a1b2-c3d4-7e5f-8a9b-000000000001\",\""));
	fixture_same(f, &empty);
	free(above);
	free(most);
	free(far);
}

/* As much of anything as a body holds: what takes each with each would take minutes here. */
static void test_floods(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *head, *piece, *says;
	} rows[] = {
		{"{\"a\":1", ",\"a\":1", DENIED},
		{"{\"x\":{\"a\":1", ",\"a\":1", DENIED},
		{"{\"ids\":[\"\"", ",\"\"", "Maximum 1000 ids per call, got 21"},
		{"{\"ids\":[0", ",0", "ids holds something that is no string"},
		{"{\"ids\":[", "[", DENIED},
		{"{\"ids\":", "{\"ids\":", DENIED},
	};
	static char body[FLOOD];
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = strlen(rows[i].piece), at = strlen(rows[i].head);
		memcpy(body, rows[i].head, at);
		for (; at + n < sizeof body - 4; at += n) {
			memcpy(body + at, rows[i].piece, n);
		}
		at += (size_t)snprintf(body + at, 4, i == 1 ? "}}" : i < 2 ? "}" : "]}");
		assert_int_equal(send(f, "DELETE", "/api/v4/uploads/batch", f->key, json_type,
					 slice_of(body, at)),
			400);
		assert_true(says(f, rows[i].says));
	}
}

/* Files enough that what is taken for one of them must be given back before the next. */
static void test_many_there(void **state)
{
	struct fixture *f = *state;
	enum { FILES = 700 };
	struct kept before = fixture_kept(f);
	char id[UUID_SIZE], body[16 + FILES * (UUID_LENGTH + 3)] = "{\"ids\":[";
	size_t n = strlen(body);
	for (size_t i = 0; i < FILES; i++) {
		upload(f, "a.txt", id);
		n += (size_t)snprintf(body + n, sizeof body - n, "%s\"%s\"", i ? "," : "", id);
	}
	snprintf(body + n, sizeof body - n, "]}");
	assert_int_equal(
		send(f, "DELETE", "/api/v4/uploads/batch", f->key, json_type, slice_view(body)),
		200);
	assert_false(says(f, "not_found"));
	fixture_same(f, &before);
}

/* What is no UTF-8 comes back as U+FFFD; the longest text comes back whole. */
static void test_odd_ids(void **state)
{
	struct fixture *f = *state;
	const char *target = "/api/v4/uploads/batch";
	static char body[60000];
	assert_int_equal(send(f, "DELETE", target, f->key, form_type,
				 slice_view("ids[]=a%ffb&ids[]=%E2%82%AC")),
		200);
	assert_true(says(f, "\"not_found\":[\"a\xef\xbf\xbd"
			    "b\",\"\xe2\x82\xac\"]"));
	memset(body, '\xff', sizeof body);
	memcpy(body, "ids[]=", 6);
	assert_int_equal(
		send(f, "DELETE", target, f->key, form_type, slice_of(body, sizeof body)), 200);
	assert_int_equal(
		f->body.n, strlen("{\"deleted\":[],\"not_found\":[\"\"]}") + 3 * (sizeof body - 6));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rename),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_long_names),
		cmocka_unit_test(test_not_yours),
		cmocka_unit_test(test_owner_on_disk),
		cmocka_unit_test(test_rename_of_the_half_gone),
		cmocka_unit_test(test_redis_is_behind),
		cmocka_unit_test(test_batch),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_bad_lists),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_floods),
		cmocka_unit_test(test_many_there),
		cmocka_unit_test(test_odd_ids),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
