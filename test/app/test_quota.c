/* Limits of an account's tier, and what happens to an upload whose account changes under it. */
#include "fixture.h"

#include "store/names.h"

static const char *const settings[] = {
	"CDN_TIER_UNVERIFIED_FILE=1000",
	"CDN_TIER_UNVERIFIED_TOTAL=2500",
	"CDN_TIER_VERIFIED_FILE=2M",
	"CDN_TIER_VERIFIED_TOTAL=3M",
};

static int open_small(void **state)
{
	return fixture_set_up(state, TIER_UNVERIFIED, settings, COUNT(settings));
}

static struct slice bytes(size_t n)
{
	static char storage[4096];
	memset(storage, 'x', sizeof storage);
	assert_true(n <= sizeof storage);
	return slice_of(storage, n);
}

static void set_used(struct fixture *f, const char *used)
{
	const struct redisReply *reply;
	struct arena a;
	struct error err;
	assert_int_equal(arena_init(&a, 4096), 0);
	const char *const args[] = {"HSET", name_account(&a, f->account), "bytes", used, NULL};
	assert_int_equal(redis_call(f->redis, &a, args, &reply, &err), 0);
	arena_release(&a);
}

static void test_file_limit(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	assert_int_equal(fixture_upload(f, f->key, "a", bytes(1001)), 402);
	assert_string_equal(
		fixture_text(f, "error"), "File size exceeds your limit of 1000 Bytes per file");
	assert_string_equal(fixture_text(f, "code"), "file_too_large");
	assert_non_null(strstr(f->body.p,
		"\"quota\":{\"storage_used\":0,\"storage_limit\":2500,\"quota_tier\":"
		"\"unverified\",\"percentage_used\":0}"));
	fixture_same(f, &before);
	assert_int_equal(fixture_upload(f, f->key, "a", bytes(1000)), 201);
}

static void test_total_limit(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *used;
		size_t size;
		int status;
	} rows[] = {
		{"0", 1000, 201},
		{"1500", 1000, 201},
		{"1501", 1000, 402},
		{"2499", 1, 201},
		{"2500", 1, 402},
		{"2500", 0, 201},
		{"2501", 0, 402},
		{"9999", 1, 402},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		set_used(f, rows[i].used);
		struct kept before = fixture_kept(f);
		assert_int_equal(
			fixture_upload(f, f->key, "a", bytes(rows[i].size)), rows[i].status);
		if (rows[i].status == 402) {
			assert_string_equal(fixture_text(f, "code"), "quota_exceeded");
			assert_string_equal(fixture_text(f, "error"), "Storage quota exceeded");
			fixture_same(f, &before);
		}
	}
}

static void test_percentage(void **state)
{
	struct fixture *f = *state;
	set_used(f, "2333");
	assert_int_equal(fixture_upload(f, f->key, "a", bytes(1000)), 402);
	assert_non_null(strstr(f->body.p, "\"storage_used\":2333,"));
	assert_non_null(strstr(f->body.p, "\"percentage_used\":93.32}"));
}

static void take_room(struct fixture *f, void *context)
{
	set_used(f, context);
}

/* The look at the account said that there is room; another upload was faster. */
static void test_room_taken_meanwhile(void **state)
{
	struct fixture *f = *state;
	char body[] = "--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nxxxxxxxxxxxxxxx"
		      "\r\n--B--\r\n";
	set_used(f, "2400");
	struct kept before = fixture_kept(f);
	struct ask ask = {
		.method = "POST",
		.target = "/api/v4/upload",
		.headers = "content-type: multipart/form-data; boundary=B",
		.key = f->key,
		.body = slice_view(body),
		.chunk = 10,
		.half_way = take_room,
		.context = "2490",
	};
	assert_int_equal(fixture_ask(f, &ask), 402);
	assert_non_null(strstr(f->body.p, "\"storage_used\":2490,"));
	before.counted_bytes = 2490;
	fixture_same(f, &before);
}

static void remove_account(struct fixture *f, void *context)
{
	struct arena a;
	struct account account;
	struct error err;
	assert_int_equal(arena_init(&a, 16 * 1024), 0);
	assert_int_equal(account_find(f->redis, &a, context, &account, &err), 1);
	assert_int_equal(account_remove(f->redis, f->hash, &a, &account, &err), 0);
	arena_release(&a);
}

static void test_account_gone_meanwhile(void **state)
{
	struct fixture *f = *state;
	char body[] = "--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nxxxxxxxxxxxxxxx"
		      "\r\n--B--\r\n";
	const char *account, *key;
	struct kept before = fixture_kept(f);
	fixture_account(f, "goes@example.org", TIER_VERIFIED, &account, &key);
	struct ask ask = {
		.method = "POST",
		.target = "/api/v4/upload",
		.headers = "content-type: multipart/form-data; boundary=B",
		.key = key,
		.body = slice_view(body),
		.chunk = 10,
		.half_way = remove_account,
		.context = (void *)(uintptr_t)account,
	};
	assert_int_equal(fixture_ask(f, &ask), 401);
	fixture_same(f, &before);
}

/* By its length alone an upload is refused only when even the file inside must be too large. */
static void test_early_refusal(void **state)
{
	struct fixture *f = *state;
	const char *account, *key;
	fixture_account(f, "early@example.org", TIER_VERIFIED, &account, &key);
	static const struct {
		uint64_t length;
		bool read;
		int status;
	} rows[] = {
		{2 * 1024 * 1024, true, 400},
		{3 * 1024 * 1024, true, 400},
		{3 * 1024 * 1024 + 1, false, 402},
		{500 * 1024 * 1024, false, 402},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ask ask = {
			.method = "POST",
			.target = "/api/v4/upload",
			.headers = "content-type: multipart/form-data; boundary=B",
			.key = key,
			.body = slice_view("--B--\r\n"),
			.length = rows[i].length,
		};
		assert_int_equal(fixture_ask(f, &ask), rows[i].status);
		assert_int_equal(ask.taken != 0, rows[i].read);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_file_limit, open_small, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_total_limit, open_small, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_percentage, open_small, fixture_tear_down),
		cmocka_unit_test_setup_teardown(
			test_room_taken_meanwhile, open_small, fixture_tear_down),
		cmocka_unit_test_setup_teardown(
			test_account_gone_meanwhile, open_small, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_early_refusal, open_small, fixture_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
