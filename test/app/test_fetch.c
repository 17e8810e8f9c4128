/*
 * POST /api/v4/upload_from_url, as far as no origin is asked: where the URL stands, what is wrong
 * with it, how often it may be asked for. test/e2e has the origins.
 */
#include "fixture.h"

#include "store/rate.h"

#define JSON "content-type: application/json"
#define FORM "content-type: application/x-www-form-urlencoded"
#define READ "Upload failed: URL scheme must be http or https."
#define MISSING "Missing url parameter"
#define TYPE "Unsupported media type"

static int open_all(void **state)
{
	static const char *const settings[] = {"CDN_FETCH_PER_MINUTE=3"};
	return fixture_set_up(state, TIER_UNVERIFIED, settings, COUNT(settings));
}

/* ftp:// shows that the URL was read, and is refused before anything is asked or counted. */
static const struct {
	const char *query, *headers, *body;
	int status;
	const char *error;
} rows[] = {
	{"", JSON, "{\"url\":\"ftp://x/\"}", 422, READ},
	{"", JSON "; charset=utf-8", " {\"a\":[1],\"url\":\"ftp://x/\"} ", 422, READ},
	{"", FORM, "url=ftp%3A%2F%2Fx%2F", 422, READ},
	{"", FORM, "a=b&url=ftp://x/&url=http://127.0.0.1/", 422, READ},
	{"?url=ftp%3A%2F%2Fx%2F", NULL, "", 422, READ},
	{"?url=ftp://x/", JSON, "", 422, READ},
	{"?url=ftp://x/", JSON, "{}", 422, READ},
	{"?url=ftp://x/", JSON, "{\"url\":null}", 422, READ},
	{"?url=http://127.0.0.1/", JSON, "{\"url\":\"ftp://x/\"}", 422, READ},
	{"", JSON, "{\"url\":\"  ftp://x/\"}", 422, READ},
	{"", NULL, "", 400, MISSING},
	{"", JSON, "", 400, MISSING},
	{"", JSON, "{}", 400, MISSING},
	{"", JSON, "{\"url\":\"\"}", 400, MISSING},
	{"", JSON, "{\"url\":\"  \"}", 400, MISSING},
	{"", JSON, "{\"url\":7}", 400, MISSING},
	{"", JSON, "{\"url\":[\"ftp://x/\"]}", 400, MISSING},
	{"", JSON, "{\"URL\":\"ftp://x/\"}", 400, MISSING},
	{"", FORM, "", 400, MISSING},
	{"", FORM, "url", 400, MISSING},
	{"?URL=ftp://x/", NULL, "", 400, MISSING},
	{"", JSON, "{\"url\":\"ftp://x/\"", 400, "Bad request"},
	{"", JSON, "[\"ftp://x/\"]", 400, "Bad request"},
	{"", JSON, "url=ftp://x/", 400, "Bad request"},
	{"", JSON, "{\"url\":\"ftp://x/\\u0000\"}", 400, "Bad request"},
	{"", JSON, "{\"url\":\"ftp://x/\\r\\nHost: y\"}", 400, "Bad request"},
	{"", JSON, "{\"url\":\"ftp://x/\",\"url\":\"ftp://y/\"}", 400, "Bad request"},
	{"", JSON, "{\"url\":\"ftp://x/\\u007f\"}", 400, "Bad request"},
	{"", JSON, "{\"url\":\"ftp://x/\xff\"}", 400, "Bad request"},
	{"", FORM, "url=ftp://x/%0d%0aHost:y", 400, "Bad request"},
	{"", FORM, "url=ftp://x/%0", 400, "Bad request"},
	{"", FORM, "url=ftp://x/%00", 400, "Bad request"},
	{"?url=ftp://x/%0a", NULL, "", 400, "Bad request"},
	{"", NULL, "url=ftp://x/", 415, TYPE},
	{"", "content-type: text/plain", "ftp://x/", 415, TYPE},
	{"", "content-type: multipart/form-data; boundary=B", "--B--", 415, TYPE},
	{"", "content-type: nonsense", "{}", 415, TYPE},
	{"", JSON "\ncontent-encoding: gzip", "{}", 415, TYPE},
	{"", JSON, "{\"url\":\"http://127.0.0.1:22/\"}", 422, "Upload failed: Invalid host"},
};

static struct ask fetch(const struct fixture *f, const char *body)
{
	return (struct ask){.method = "POST",
		.target = "/api/v4/upload_from_url",
		.headers = JSON,
		.key = f->key,
		.body = slice_view(body)};
}

static void test_where_it_stands(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	for (size_t i = 0; i < COUNT(rows); i++) {
		char target[256];
		struct ask ask = fetch(f, rows[i].body);
		snprintf(target, sizeof target, "/api/v4/upload_from_url%s", rows[i].query);
		ask.target = target;
		ask.headers = rows[i].headers;
		ask.no_length = i % 2;
		ask.chunk = i % 3;
		assert_int_equal(fixture_ask(f, &ask), rows[i].status);
		assert_string_equal(fixture_text(f, "error"), rows[i].error);
		if (rows[i].status == 400 && strcmp(rows[i].error, MISSING) == 0) {
			assert_string_equal(fixture_text(f, "code"), "missing_parameter");
			assert_string_equal(fixture_text(f, "parameter"), "url");
		}
		fixture_same(f, &before);
	}
}

static void test_too_long(void **state)
{
	struct fixture *f = *state;
	static char body[70000];
	memset(body, 'a', sizeof body - 1);
	memcpy(body, "{\"url\":\"http://", 15);
	struct ask ask = fetch(f, body);
	assert_int_equal(fixture_ask(f, &ask), 413);
	/* Known from the length, none of it is read. */
	assert_int_equal(ask.taken, 0);
	ask.no_length = true;
	ask.chunk = 1000;
	assert_int_equal(fixture_ask(f, &ask), 413);
	assert_true(ask.taken < 67000);
	memcpy(body + 5000, "\"}", 3);
	ask = fetch(f, body);
	assert_int_equal(fixture_ask(f, &ask), 400);
}

static void test_authorization(void **state)
{
	struct fixture *f = *state;
	static const char bad[] = JSON "\nx-download-authorization: a\x01"
				       "b";
	struct ask ask = fetch(f, "{\"url\":\"http://127.0.0.1/\"}");
	ask.headers = bad;
	assert_int_equal(fixture_ask(f, &ask), 400);
	assert_string_equal(fixture_text(f, "error"), "Bad request");
	ask.key = NULL;
	assert_int_equal(fixture_ask(f, &ask), 401);
	ask.method = "GET";
	assert_int_equal(fixture_ask(f, &ask), 405);
	assert_string_equal(fixture_header(f, "Allow"), "POST");
}

/* Three a minute, also when they failed; the fourth is told when the first is a minute old. Another account is not held up. */
static void test_rate(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	const char *account, *key;
	struct ask ask = fetch(f, "{\"url\":\"http://127.0.0.1/\"}");
	for (int i = 0; i < 3; i++, ask.number++) {
		assert_int_equal(fixture_ask(f, &ask), 422);
		assert_string_equal(
			fixture_text(f, "error"), "Upload failed: IP address not allowed");
	}
	for (int i = 0; i < 3; i++, ask.number++) {
		assert_int_equal(fixture_ask(f, &ask), 429);
		assert_string_equal(fixture_text(f, "error"), "Too many requests");
		assert_string_equal(fixture_text(f, "code"), "rate_limited");
		int wait_s = 0;
		assert_int_equal(sscanf(fixture_header(f, "Retry-After"), "%d", &wait_s), 1);
		assert_in_range(wait_s, 1, 60);
	}
	/* Its window is the one key more. */
	before.keys++;
	fixture_same(f, &before);
	fixture_account(f, "other@example.org", TIER_UNVERIFIED, &account, &key);
	ask.key = key;
	assert_int_equal(fixture_ask(f, &ask), 422);
}

static const char *rate_key(struct fixture *f)
{
	return arena_printf(&f->arena, "cdn:{%s}:rate:test", f->account);
}

static const struct redisReply *command(struct fixture *f, const char *const words[])
{
	const struct redisReply *reply;
	struct error err;
	assert_int_equal(redis_call(f->redis, &f->arena, words, &reply, &err), 0);
	return reply;
}

/* A call that counts for so many more seconds, by the server's clock. */
static void remember(struct fixture *f, const char *id, int64_t left_s)
{
	const char *const time[] = {"TIME", NULL};
	int64_t now_s = strtoll(redis_text_at(command(f, time), 0).p, NULL, 10);
	const char *until = redis_number(&f->arena, (now_s + left_s) * 1000);
	const char *const add[] = {"ZADD", rate_key(f), until, id, NULL};
	command(f, add);
}

/* No call was ever made. */
static void forget(struct fixture *f)
{
	const char *const del[] = {"DEL", rate_key(f), NULL};
	command(f, del);
}

static const struct rate two = {
	"test", .calls_max = 2, .window_ms = 600 * 1000, .hold_ms = 3600 * 1000};

static int begin(struct fixture *f, const char *id, uint64_t *wait_ms)
{
	struct error err;
	return rate_begin(f->redis, &f->arena, f->account, id, &two, wait_ms, &err);
}

static void test_window(void **state)
{
	struct fixture *f = *state;
	uint64_t wait_ms = 0;
	remember(f, "older", 300);
	remember(f, "newer", 500);
	assert_int_equal(begin(f, "a", &wait_ms), 0);
	assert_in_range(wait_ms, 200 * 1000, 300 * 1000);
	/* To ask about one that counts already changes nothing. */
	assert_int_equal(begin(f, "newer", &wait_ms), 1);
	remember(f, "older", -1);
	assert_int_equal(begin(f, "a", &wait_ms), 1);
	assert_int_equal(begin(f, "b", &wait_ms), 0);
	fixture_rest(f);
}

/* One that goes on counts beyond the window; when it has ended, for what is left of that. */
static void test_under_way(void **state)
{
	struct fixture *f = *state;
	uint64_t wait_ms = 0;
	struct error err;
	remember(f, "older", -1);
	remember(f, "newer", -1);
	remember(f, "a", 3600);
	remember(f, "b", 3700);
	assert_int_equal(begin(f, "c", &wait_ms), 0);
	/* Nobody knows when it ends; not longer than a window until to ask again. */
	assert_int_equal(wait_ms, two.window_ms);
	assert_int_equal(rate_end(f->redis, &f->arena, f->account, "a", &two, &err), 0);
	assert_int_equal(begin(f, "c", &wait_ms), 1);
	assert_int_equal(rate_end(f->redis, &f->arena, f->account, "c", &two, &err), 0);
	assert_int_equal(begin(f, "d", &wait_ms), 0);
	assert_int_equal(rate_end(f->redis, &f->arena, f->account, "b", &two, &err), 0);
	assert_int_equal(begin(f, "d", &wait_ms), 0);
	assert_in_range(wait_ms, 1, 100 * 1000);
	/* The end of what nobody remembers makes nothing. */
	assert_int_equal(rate_end(f->redis, &f->arena, f->account, "nobody", &two, &err), 0);
	assert_int_equal(begin(f, "e", &wait_ms), 0);
	fixture_rest(f);
}

/* What an account's calls leave in Redis goes by itself, and not before the last of them. */
static void test_time_to_live(void **state)
{
	struct fixture *f = *state;
	const long long all_ms = (long long)(two.window_ms + two.hold_ms);
	const char *const ttl[] = {"PTTL", rate_key(f), NULL};
	const char *const persist[] = {"PERSIST", ttl[1], NULL};
	uint64_t wait_ms = 0;
	struct error err;
	forget(f);
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(begin(f, i == 0 ? "a" : "b", &wait_ms), 1);
		assert_in_range(redis_integer(command(f, ttl)), all_ms - 60 * 1000, all_ms);
		/* The second call sets it anew. */
		command(f, persist);
	}
	forget(f);
	assert_int_equal(begin(f, "a", &wait_ms), 1);
	assert_int_equal(rate_end(f->redis, &f->arena, f->account, "a", &two, &err), 0);
	assert_in_range(redis_integer(command(f, ttl)), two.window_ms - 60 * 1000, all_ms);
	fixture_rest(f);
}

/* A clock that went back leaves calls that could only have begun later than now: they do not count. */
static void test_clock_that_went_back(void **state)
{
	struct fixture *f = *state;
	const int64_t all_s = (int64_t)(two.window_ms + two.hold_ms) / 1000;
	uint64_t wait_ms = 0;
	forget(f);
	remember(f, "later", all_s + 1000);
	remember(f, "much later", all_s + 1000 * 1000);
	assert_int_equal(begin(f, "a", &wait_ms), 1);
	assert_int_equal(begin(f, "b", &wait_ms), 1);
	assert_int_equal(begin(f, "c", &wait_ms), 0);
	/* The last that may have begun by now does. */
	forget(f);
	remember(f, "just now", all_s - 1);
	remember(f, "later", all_s + 1000);
	assert_int_equal(begin(f, "a", &wait_ms), 1);
	assert_int_equal(begin(f, "b", &wait_ms), 0);
	fixture_rest(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_where_it_stands),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_authorization),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_under_way),
		cmocka_unit_test(test_time_to_live),
		cmocka_unit_test(test_clock_that_went_back),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
