/* DELETE /api/v4/upload/:id: repeatable, whole or not at all, and only for the owner. */
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "store/names.h"

static int open_all(void **state)
{
	return fixture_set_up(state, TIER_VERIFIED, NULL, 0);
}

static const char *upload_text(struct fixture *f, const char *text)
{
	static char id[UUID_SIZE];
	assert_int_equal(fixture_upload(f, f->key, "a.txt", slice_view(text)), 201);
	snprintf(id, sizeof id, "%s", fixture_text(f, "id"));
	return id;
}

static const char *upload(struct fixture *f)
{
	return upload_text(f, "some text");
}

static int remove_file(struct fixture *f, const char *id, const char *key)
{
	char target[128];
	snprintf(target, sizeof target, "/api/v4/upload/%s", id);
	return fixture_get(f, "DELETE", target, key);
}

static int get(struct fixture *f, const char *id)
{
	char target[128];
	snprintf(target, sizeof target, "/%s/a.txt", id);
	return fixture_get(f, "GET", target, NULL);
}

static void test_delete(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	const char *id = upload(f);
	assert_int_equal(get(f, id), 200);
	assert_int_equal(remove_file(f, id, f->key), 200);
	assert_string_equal(fixture_text(f, "id"), id);
	assert_non_null(strstr(f->body.p, "\"deleted\":true"));
	fixture_same(f, &before);
	assert_int_equal(get(f, id), 404);
	assert_int_equal(remove_file(f, id, f->key), 404);
	assert_string_equal(fixture_text(f, "error"), "Not found");
	fixture_same(f, &before);
}

static void test_not_yours(void **state)
{
	struct fixture *f = *state;
	const char *account, *key, *id = upload(f);
	fixture_account(f, "stranger@example.org", TIER_VERIFIED, &account, &key);
	struct kept before = fixture_kept(f);
	assert_int_equal(remove_file(f, id, key), 404);
	assert_string_equal(fixture_text(f, "code"), "not_found");
	assert_int_equal(remove_file(f, id, NULL), 401);
	fixture_same(f, &before);
	assert_int_equal(get(f, id), 200);
}

static void test_no_such_file(void **state)
{
	struct fixture *f = *state;
	static const char *const ids[] = {
		"0193a1b2-c3d4-7e5f-8a9b-0123456ababc",
		"0193A1B2-C3D4-7E5F-8A9B-0123456ABABC",
		"0193a1b2-c3d4-4e5f-8a9b-0123456ababc",
		"0193a1b2-c3d4-7e5f-8a9b-0123456ababcd",
		"x",
		"*",
		"%7Busr_x%7D",
		"a%20b",
	};
	struct kept before = fixture_kept(f);
	for (size_t i = 0; i < COUNT(ids); i++) {
		assert_int_equal(remove_file(f, ids[i], f->key), 404);
	}
	fixture_same(f, &before);
}

/* A delete that was cut short after its first or second step is finished by the next one. */
static void test_finishes_what_was_begun(void **state)
{
	struct fixture *f = *state;
	for (int steps = 1; steps <= 2; steps++) {
		char path[4096];
		struct kept before = fixture_kept(f);
		const char *id = upload(f);
		const char *shard = id + UUID_LENGTH - 3, *dir = f->config.data_dir;
		snprintf(path, sizeof path, "%s/files/%s/%s.bin", dir, shard, id);
		assert_int_equal(unlink(path), 0);
		if (steps == 2) {
			snprintf(path, sizeof path, "%s/records/%s/%s.json", dir, shard, id);
			assert_int_equal(unlink(path), 0);
		}
		assert_int_equal(get(f, id), 404);
		assert_int_equal(remove_file(f, id, f->key), 200);
		fixture_same(f, &before);
	}
}

static void redis(struct fixture *f, const char *const *words)
{
	struct error err;
	const struct redisReply *reply;
	if (redis_call(f->redis, &f->arena, words, &reply, &err) != 0) {
		fail_msg("%s", err.detail);
	}
}

/* Before there was an index of names, each record was a hash of its own. */
static void make_old(struct fixture *f, const char *id)
{
	struct arena *a = &f->arena;
	const char *old = arena_printf(a, "%s:file:%s", name_account(a, f->account), id);
	const char *const hdel[] = {"HDEL", name_account_records(a, f->account), id, NULL};
	const char *const zrem[] = {
		"ZREMRANGEBYRANK", name_account_names(a, f->account), "-1", "-1", NULL};
	const char *const hset[] = {"HSET", old, "filename", "a.txt", "size", "9", "content_type",
		"text/plain; charset=utf-8", "sha256", "0123456789abcdef0123456789abcdef", "ext",
		"bin", "provenance", "upload", NULL};
	redis(f, hdel);
	redis(f, zrem);
	redis(f, hset);
}

static void test_old_record(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	const char *id = upload(f);
	make_old(f, id);
	assert_int_equal(remove_file(f, id, f->key), 200);
	assert_int_equal(remove_file(f, id, f->key), 404);
	fixture_same(f, &before);
}

static void delete_half_way(struct fixture *f, void *context)
{
	static struct fixture other;
	fixture_open(&other, TIER_VERIFIED, NULL, 0);
	assert_int_equal(remove_file(&other, context, f->key), 200);
	fixture_close(&other);
}

/* While one upload of an account arrives, another worker deletes a file of it. */
static void test_delete_during_upload(void **state)
{
	struct fixture *f = *state;
	char id[UUID_SIZE];
	struct kept before = fixture_kept(f);
	snprintf(id, sizeof id, "%s", upload(f));
	struct ask ask = {
		.method = "POST",
		.target = "/api/v4/upload",
		.headers = "content-type: multipart/form-data; boundary=B",
		.key = f->key,
		.body = slice_view("--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\n"
				   "seven b\r\n--B--\r\n"),
		.chunk = 5,
		.half_way = delete_half_way,
		.context = id,
	};
	assert_int_equal(fixture_ask(f, &ask), 201);
	fixture_rest(f);
	struct kept after = fixture_kept(f);
	assert_int_equal(after.files, before.files + 1);
	assert_int_equal(after.records, before.records + 1);
	assert_int_equal(after.counted_files, before.counted_files + 1);
	assert_int_equal(after.counted_bytes, before.counted_bytes + 7);
	assert_int_equal(after.listed, before.listed + 1);
}

/* Without its marker the store is not touched: the delete fails whole, and works afterwards. */
static void test_store_not_mounted(void **state)
{
	struct fixture *f = *state;
	char marker[4096], aside[4096];
	snprintf(marker, sizeof marker, "%s/.cdn-store", f->config.data_dir);
	snprintf(aside, sizeof aside, "%s/.aside", f->config.data_dir);
	const char *id = upload(f);
	struct kept before = fixture_kept(f);
	assert_int_equal(rename(marker, aside), 0);
	assert_int_equal(remove_file(f, id, f->key), 503);
	assert_string_equal(fixture_header(f, "Retry-After"), "5");
	assert_int_equal(fixture_upload(f, f->key, "a.txt", slice_view("x")), 503);
	assert_int_equal(get(f, id), 503);
	assert_int_equal(rename(aside, marker), 0);
	fixture_same(f, &before);
	assert_int_equal(get(f, id), 200);
	assert_int_equal(remove_file(f, id, f->key), 200);
}

/* Redis takes "-0" for no number. */
static void test_empty_file(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	const char *id = upload_text(f, "");
	assert_int_equal(remove_file(f, id, f->key), 200);
	assert_int_equal(remove_file(f, id, f->key), 404);
	fixture_same(f, &before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_not_yours),
		cmocka_unit_test(test_no_such_file),
		cmocka_unit_test(test_finishes_what_was_begun),
		cmocka_unit_test(test_old_record),
		cmocka_unit_test(test_empty_file),
		cmocka_unit_test(test_delete_during_upload),
		cmocka_unit_test(test_store_not_mounted),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
