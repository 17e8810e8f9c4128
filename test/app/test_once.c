/* Idempotency-Key: a call that is said again is answered again, and carried out once. */
#include "fixture.h"

#include "base/clock.h"
#include "store/names.h"
#include "store/replay.h"

static const char *const settings[] = {
	"CDN_TIER_UNVERIFIED_FILE=1000", "CDN_TIER_UNVERIFIED_TOTAL=2000"};

static int open_all(void **state)
{
	return fixture_set_up(state, TIER_UNVERIFIED, settings, COUNT(settings));
}

static const char *printf_static(const char *format, ...) __attribute__((format(printf, 1, 2)));
static const char *printf_static(const char *format, ...)
{
	static char ring[16][8192];
	static unsigned turn;
	char *text = ring[turn++ % COUNT(ring)];
	va_list args;
	va_start(args, format);
	assert_true((size_t)vsnprintf(text, sizeof *ring, format, args) < sizeof *ring);
	va_end(args);
	return text;
}

/* A form with this boundary, file name and content; each request has an id of its own. */
static struct ask upload(const struct fixture *f, const char *key, const char *boundary,
	const char *name, const char *content)
{
	static int number;
	number = (number + 1) % 10;
	return (struct ask){.number = number,
		.method = "POST",
		.target = "/api/v4/upload",
		.headers = printf_static(
			"content-type: multipart/form-data; boundary=%s\nidempotency-key: %s\n",
			boundary, key),
		.key = f->key,
		.body = slice_view(printf_static(
			"--%s\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
			"\r\n%s\r\n--%s--\r\n",
			boundary, name, content, boundary))};
}

static struct ask batch(const struct fixture *f, const char *key, const char *a, const char *b)
{
	struct ask ask = upload(f, key, "B", "", "");
	ask.target = "/api/v4/uploads";
	ask.body = slice_view(printf_static("--B\r\nContent-Disposition: form-data; "
					    "name=\"files[]\"; filename=\"a\"\r\n\r\n%s\r\n"
					    "--B\r\nContent-Disposition: form-data; "
					    "name=\"files[]\"; filename=\"b\"\r\n\r\n%s\r\n"
					    "--B--\r\n",
		a, b));
	return ask;
}

static void redis(struct fixture *f, const char *const *words)
{
	struct error err;
	const struct redisReply *reply;
	if (redis_call(f->redis, &f->arena, words, &reply, &err) != 0) {
		fail_msg("%s", err.detail);
	}
}

/* The hash of a key in Redis; in the request's memory. */
static const char *hash_of(struct fixture *f, const char *key)
{
	char digest[SHA256_HEX_SIZE];
	assert_int_equal(sha256_hex(f->hash, slice_view(key), digest), 0);
	return name_account_replay(&f->arena, f->account, digest);
}

/* As if another worker had the key, until so many ms from now. */
static void hold(struct fixture *f, const char *key, int64_t ms)
{
	const char *const words[] = {"HSET", hash_of(f, key), "holder", "another", "until",
		redis_number(&f->arena, clock_now_ms() + ms), NULL};
	redis(f, words);
}

/* As if the worker had been killed just before it said the answer: that is not there, the lease is. */
static void forget_answer(struct fixture *f, const char *key)
{
	const char *const words[] = {"HDEL", hash_of(f, key), "status", "type", "body", NULL};
	redis(f, words);
}

static void keep_body(struct fixture *f, char *copy, size_t size)
{
	assert_true(f->body.n < size);
	snprintf(copy, size, "%.*s", (int)f->body.n, f->body.p);
}

static void test_replays(void **state)
{
	struct fixture *f = *state;
	char first[2048];
	struct ask ask = upload(f, "k1", "B", "a.txt", "hello");
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_string_equal(fixture_header(f, "Idempotency-Replayed"), "");
	keep_body(f, first, sizeof first);
	struct kept kept = fixture_kept(f);
	/* A client that builds its form anew chooses another boundary. */
	for (int i = 0; i < 2; i++) {
		ask = upload(f, "k1", i ? "B" : "another", "a.txt", "hello");
		ask.chunk = 3;
		assert_int_equal(fixture_ask(f, &ask), 201);
		assert_string_equal(f->body.p, first);
		assert_string_equal(fixture_header(f, "Idempotency-Replayed"), "true");
		assert_string_equal(fixture_header(f, "Cache-Control"), "no-store");
		assert_string_equal(
			fixture_header(f, "Content-Type"), "application/json; charset=utf-8");
		fixture_same(f, &kept);
	}
	ask = upload(f, "k2", "B", "a.txt", "hello");
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_string_not_equal(f->body.p, first);
}

static void test_other_body(void **state)
{
	struct fixture *f = *state;
	struct ask ask = upload(f, "k", "B", "a.txt", "hello");
	assert_int_equal(fixture_ask(f, &ask), 201);
	struct kept kept = fixture_kept(f);
	struct ask others[] = {upload(f, "k", "B", "a.txt", "hellO"),
		upload(f, "k", "B", "b.txt", "hello"), upload(f, "k", "B", "a.txt", "hello"),
		batch(f, "k", "hello", "hello")};
	others[2].method = "PUT";
	others[2].target = "/api/v4/upload/a.txt";
	others[2].headers = "idempotency-key: k";
	others[2].body = slice_view("hello");
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_int_equal(fixture_ask(f, &others[i]), 422);
		assert_string_equal(fixture_text(f, "code"), "validation_failed");
		assert_non_null(strstr(f->body.p,
			"\"details\":[\"Idempotency-Key was used for something else\"]"));
		fixture_same(f, &kept);
	}
	/* Nor has any of them taken the first one's place. */
	assert_int_equal(fixture_ask(f, &ask), 201);
	fixture_same(f, &kept);
}

static void test_accounts(void **state)
{
	struct fixture *f = *state;
	const char *account, *key;
	fixture_account(f, "other@example.org", TIER_UNVERIFIED, &account, &key);
	struct ask ask = upload(f, "k", "B", "a.txt", "hello");
	assert_int_equal(fixture_ask(f, &ask), 201);
	const char *id = printf_static("%s", fixture_text(f, "id"));
	ask.key = key;
	ask.number++;
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_string_not_equal(fixture_text(f, "id"), id);
}

static void test_in_flight(void **state)
{
	struct fixture *f = *state;
	struct kept kept = fixture_kept(f);
	hold(f, "k", 7500);
	struct ask ask = upload(f, "k", "B", "a.txt", "hello");
	assert_int_equal(fixture_ask(f, &ask), 409);
	assert_string_equal(fixture_text(f, "error"), "Request in progress");
	long wait = strtol(fixture_header(f, "Retry-After"), NULL, 10);
	assert_true(wait >= 1 && wait <= 8);
	assert_int_equal(ask.taken, 0);
	kept.keys++;
	fixture_same(f, &kept);
	/* A worker that was killed, and one whose clock was far ahead. */
	static const int64_t over[] = {-1, 3600 * 1000};
	for (size_t i = 0; i < COUNT(over); i++) {
		const char *key = printf_static("over %zu", i);
		hold(f, key, over[i]);
		ask = upload(f, key, "B", "a.txt", "hello");
		assert_int_equal(fixture_ask(f, &ask), 201);
	}
}

/* What a worker stored before it was killed is found again, file by file. */
static void test_carried_on(void **state)
{
	struct fixture *f = *state;
	char first[4096];
	struct ask ask = upload(f, "k", "B", "a.txt", "hello");
	assert_int_equal(fixture_ask(f, &ask), 201);
	keep_body(f, first, sizeof first);
	struct kept kept = fixture_kept(f);
	forget_answer(f, "k");
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_string_equal(f->body.p, first);
	fixture_same(f, &kept);
	forget_answer(f, "k");
	ask = upload(f, "k", "B", "a.txt", "something else");
	assert_int_equal(fixture_ask(f, &ask), 422);
	fixture_same(f, &kept);

	ask = batch(f, "b", "one", "two");
	assert_int_equal(fixture_ask(f, &ask), 201);
	keep_body(f, first, sizeof first);
	kept = fixture_kept(f);
	forget_answer(f, "b");
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_string_equal(f->body.p, first);
	fixture_same(f, &kept);
	/* Killed between the two commits: the second is stored now. */
	forget_answer(f, "b");
	const char *const words[] = {"HDEL", hash_of(f, "b"), "file:1", NULL};
	redis(f, words);
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_int_equal(fixture_kept(f).counted_files, kept.counted_files + 1);
}

/* The first call filled the account: told again, it must not be refused for that. */
static void test_full_account(void **state)
{
	struct fixture *f = *state;
	char large[1001];
	memset(large, 'x', sizeof large - 1);
	large[1000] = '\0';
	struct ask ask = batch(f, "k", large, large);
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_int_equal(fixture_kept(f).counted_bytes, 2000);
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_string_equal(fixture_header(f, "Idempotency-Replayed"), "true");
	forget_answer(f, "k");
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_int_equal(fixture_kept(f).counted_bytes, 2000);
}

/* A file of the batch is too large: the rest of it is read all the same, and known again. */
static void test_refused_files(void **state)
{
	struct fixture *f = *state;
	char first[4096], large[3001];
	memset(large, 'x', sizeof large - 1);
	large[3000] = '\0';
	struct ask ask = batch(f, "k", large, "small");
	ask.chunk = 1;
	assert_int_equal(fixture_ask(f, &ask), 201);
	keep_body(f, first, sizeof first);
	ask.chunk = 777;
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_string_equal(f->body.p, first);
	large[2999] = 'y';
	ask = batch(f, "k", large, "small");
	assert_int_equal(fixture_ask(f, &ask), 422);
	/* Where nothing was stored nothing is kept. */
	struct kept kept = fixture_kept(f);
	ask = batch(f, "none", large, large);
	assert_int_equal(fixture_ask(f, &ask), 422);
	fixture_same(f, &kept);
	assert_int_equal(fixture_ask(f, &ask), 422);
	assert_string_equal(fixture_header(f, "Idempotency-Replayed"), "");
	ask = batch(f, "none", "fits", "too");
	assert_int_equal(fixture_ask(f, &ask), 201);
}

/* What was refused stays so when a batch is carried on: the commit looks at the total only. */
static void test_refused_again(void **state)
{
	struct fixture *f = *state;
	char large[1002], first[4096];
	memset(large, 'x', sizeof large - 1);
	large[1001] = '\0';
	struct ask ask = batch(f, "k", "small", large);
	assert_int_equal(fixture_ask(f, &ask), 201);
	keep_body(f, first, sizeof first);
	struct kept kept = fixture_kept(f);
	forget_answer(f, "k");
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_string_equal(f->body.p, first);
	fixture_same(f, &kept);
	/* Nor is a file of any size taken in because the key is known. */
	struct ask put = {.number = 5,
		.method = "PUT",
		.target = "/api/v4/upload/a",
		.headers = "idempotency-key: k",
		.key = f->key,
		.body = slice_view(large)};
	assert_int_equal(fixture_ask(f, &put), 402);
	assert_int_equal(put.taken, 0);
}

/* Of one account so many answers are kept that nobody fills Redis; the oldest go first. */
static void test_kept_answers(void **state)
{
	struct fixture *f = *state;
	struct ask first = upload(f, "first", "B", "a.txt", "hello");
	assert_int_equal(fixture_ask(f, &first), 201);
	const char *fill =
		"for i = 1, ARGV[1] do redis.call('ZADD', KEYS[1], ARGV[2] + i, 'x' .. i) end";
	const char *const words[] = {"EVAL", fill, "1", name_account_replays(&f->arena, f->account),
		redis_number(&f->arena, REPLAY_KEPT_MAX - 1),
		redis_number(&f->arena, clock_now_ms()), NULL};
	redis(f, words);
	assert_int_equal(fixture_ask(f, &first), 201);
	assert_string_equal(fixture_header(f, "Idempotency-Replayed"), "true");
	struct ask second = upload(f, "second", "B", "a.txt", "hello");
	assert_int_equal(fixture_ask(f, &second), 201);
	assert_int_equal(fixture_ask(f, &second), 201);
	assert_string_equal(fixture_header(f, "Idempotency-Replayed"), "true");
	assert_int_equal(fixture_ask(f, &first), 201);
	assert_string_equal(fixture_header(f, "Idempotency-Replayed"), "");
}

/* What was not read whole, or may go better later, leaves the key as it was. */
static void test_failures(void **state)
{
	struct fixture *f = *state;
	struct kept kept = fixture_kept(f);
	struct ask ask = upload(f, "k", "B", "a.txt", "hello");
	ask.fails_at = ask.body.n - 3;
	assert_int_equal(fixture_ask(f, &ask), 400);
	fixture_same(f, &kept);
	ask.fails_at = 0;
	assert_int_equal(fixture_ask(f, &ask), 201);
	kept = fixture_kept(f);
	char large[2000];
	memset(large, 'x', sizeof large - 1);
	large[1999] = '\0';
	ask = upload(f, "large", "B", "a.txt", large);
	assert_int_equal(fixture_ask(f, &ask), 402);
	fixture_same(f, &kept);
}

static void take_over(struct fixture *f, void *context)
{
	hold(f, context, 5000);
}

/* Whoever lost the key in the middle stores nothing. */
static void test_overtaken(void **state)
{
	struct fixture *f = *state;
	struct kept kept = fixture_kept(f);
	static char key[] = "k";
	struct ask ask = upload(f, key, "B", "a.txt", "hello");
	ask.half_way = take_over;
	ask.context = key;
	ask.chunk = 10;
	assert_int_equal(fixture_ask(f, &ask), 409);
	assert_string_equal(fixture_header(f, "Retry-After"), "1");
	kept.keys++;
	fixture_same(f, &kept);
	ask = batch(f, "b", "one", "two");
	ask.half_way = take_over;
	static char other[] = "b";
	ask.context = other;
	ask.chunk = 10;
	assert_int_equal(fixture_ask(f, &ask), 409);
	kept.keys++;
	fixture_same(f, &kept);
}

static void test_keys(void **state)
{
	struct fixture *f = *state;
	char longest[257];
	memset(longest, 'k', sizeof longest - 1);
	longest[256] = '\0';
	const struct {
		const char *key;
		int status;
	} rows[] = {{"\"quoted\"", 201}, {"a b", 201}, {longest + 1, 201}, {longest, 400},
		{"a\tb", 400}, {"\x7f", 400}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ask ask = upload(f, rows[i].key, "B", "a.txt", "hello");
		assert_int_equal(fixture_ask(f, &ask), rows[i].status);
		fixture_rest(f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_replays, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_other_body, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_accounts, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_in_flight, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_carried_on, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_full_account, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_refused_files, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_refused_again, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_kept_answers, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_failures, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_overtaken, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_keys, open_all, fixture_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
