/* POST /api/v4/upload: what is complete is stored, what is not leaves nothing. */
#include "fixture.h"

#define HEAD "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n"
#define SMALL HEAD "hello\r\nworld\r\n--B--\r\n"
#define FORM "content-type: multipart/form-data; boundary=B"

static int open_all(void **state)
{
	return fixture_set_up(
		state, TIER_FUNCTIONALLY_UNLIMITED, (const char *const[]){"CDN_MAX_BODY=64K"}, 1);
}

static struct ask upload(const struct fixture *f, const char *body)
{
	return (struct ask){.method = "POST",
		.target = "/api/v4/upload",
		.headers = FORM,
		.key = f->key,
		.body = slice_view(body)};
}

/* The path of the file that the answer tells of. */
static const char *path_of(struct fixture *f)
{
	static char path[1024];
	const char *url = fixture_text(f, "url");
	size_t base = strlen(f->config.public_url);
	assert_true(strlen(url) > base);
	snprintf(path, sizeof path, "%s", url + base);
	return path;
}

static void test_answer(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	struct ask ask = upload(f, SMALL);
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_string_equal(fixture_text(f, "filename"), "a.txt");
	assert_string_equal(fixture_text(f, "content_type"), "text/plain; charset=utf-8");
	assert_int_equal((int)fixture_number(f, "size"), 12);
	assert_string_equal(fixture_text(f, "sha256"),
		"4739e65e5ea45fcd394e1ca6dc39e603f59fb6cf3f4f31fc7b6a1f6c4715be8e");
	assert_string_equal(fixture_header(f, "Cache-Control"), "no-store");
	assert_string_equal(fixture_header(f, "Access-Control-Allow-Origin"), "*");
	/* Clients read the members by name, people in this order. */
	static const char *const members[] = {"{\"id\":", ",\"filename\":", ",\"size\":",
		",\"content_type\":", ",\"url\":", ",\"created_at\":", ",\"sha256\":"};
	const char *at = f->body.p;
	for (size_t i = 0; i < COUNT(members); i++) {
		at = strstr(at, members[i]);
		assert_non_null(at);
	}
	assert_int_equal(fixture_get(f, "GET", path_of(f), NULL), 200);
	assert_int_equal(f->body.n, 12);
	assert_memory_equal(f->body.p, "hello\r\nworld", 12);
	struct kept after = fixture_kept(f);
	assert_int_equal(after.files, before.files + 1);
	assert_int_equal(after.records, before.records + 1);
	assert_int_equal(after.counted_files, before.counted_files + 1);
	assert_int_equal(after.counted_bytes, before.counted_bytes + 12);
	assert_int_equal(after.listed, before.listed + 1);
	assert_int_equal(after.keys, before.keys + (before.listed ? 2 : 5));
}

static void test_any_chunk_size(void **state)
{
	struct fixture *f = *state;
	struct ask ask = upload(f, SMALL);
	char digest[SHA256_HEX_SIZE];
	assert_int_equal(sha256_hex(f->hash, slice_view("hello\r\nworld"), digest), 0);
	for (size_t n = 1; n <= strlen(SMALL); n++) {
		ask.chunk = n;
		ask.no_length = n % 2;
		assert_int_equal(fixture_ask(f, &ask), 201);
		assert_string_equal(fixture_text(f, "sha256"), digest);
	}
}

static void test_source_fails_at_every_byte(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	for (size_t k = 1; k <= strlen(SMALL) + 1; k++) {
		struct ask ask = upload(f, SMALL);
		ask.fails_at = k;
		ask.chunk = k % 7;
		ask.no_length = k % 2;
		assert_int_equal(fixture_ask(f, &ask), 400);
		assert_string_equal(fixture_text(f, "code"), "bad_request");
		fixture_same(f, &before);
	}
}

/* A worker killed by a signal, a proxy that gives up: the stream ends as if it were whole. */
static void test_ends_at_every_byte(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	size_t closed = strlen(SMALL) - strlen("\r\n");
	for (size_t k = 1; k <= closed; k++) {
		struct ask ask = upload(f, SMALL);
		ask.ends_at = k;
		assert_int_equal(fixture_ask(f, &ask), 400);
		ask.no_length = true;
		assert_int_equal(fixture_ask(f, &ask), 400);
		fixture_same(f, &before);
	}
	/* Behind the closing boundary only the length can tell. */
	for (size_t k = closed + 1; k <= strlen(SMALL); k++) {
		struct ask ask = upload(f, SMALL);
		ask.ends_at = k;
		assert_int_equal(fixture_ask(f, &ask), 400);
		fixture_same(f, &before);
	}
	struct ask ask = upload(f, SMALL);
	ask.ends_at = closed + 1;
	ask.no_length = true;
	assert_int_equal(fixture_ask(f, &ask), 201);
}

static void test_length_lies(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	const long lies[] = {-12, -2, -1, 1, 2, 1000};
	for (size_t i = 0; i < COUNT(lies); i++) {
		struct ask ask = upload(f, SMALL);
		ask.length = (uint64_t)((long)strlen(SMALL) + lies[i]);
		ask.chunk = i;
		assert_int_equal(fixture_ask(f, &ask), 400);
		fixture_same(f, &before);
	}
}

static void test_bad_bodies(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *headers, *body;
		int status;
		const char *error;
	} rows[] = {
		{FORM, "", 400, "Bad request"},
		{FORM, "--B--\r\n", 400, "Missing file parameter"},
		{FORM, HEAD "x", 400, "Bad request"},
		{FORM, HEAD "x\r\n--B", 400, "Bad request"},
		{FORM, HEAD "x\r\n--B\r\n", 400, "Bad request"},
		{FORM, HEAD "x\r\n--C--\r\n", 400, "Bad request"},
		{FORM,
			"--B\r\nContent-Disposition: form-data; "
			"name=\"other\"\r\n\r\nx\r\n--B--\r\n",
			400, "Missing file parameter"},
		{FORM,
			"--B\r\nContent-Disposition: form-data; name=\"file\"; "
			"filename=\"\"\r\n\r\n"
			"\r\n--B--\r\n",
			400, "Missing file parameter"},
		{FORM, "--B\r\nno colon\r\n\r\nx\r\n--B--\r\n", 400, "Bad request"},
		{FORM, HEAD "x\r\n--B\r\nno colon\r\n\r\nx\r\n--B--\r\n", 400, "Bad request"},
		{"content-type: multipart/form-data", SMALL, 400, "Bad request"},
		{"content-type: multipart/form-data; boundary=", SMALL, 400, "Bad request"},
		{"content-type: application/json", "{}", 415, "Unsupported media type"},
		{"content-type: application/x-www-form-urlencoded", "file=x", 415,
			"Unsupported media type"},
		{FORM "\ncontent-encoding: gzip", SMALL, 415, "Unsupported media type"},
	};
	struct kept before = fixture_kept(f);
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ask ask = upload(f, rows[i].body);
		ask.headers = rows[i].headers;
		assert_int_equal(fixture_ask(f, &ask), rows[i].status);
		assert_string_equal(fixture_text(f, "error"), rows[i].error);
		fixture_same(f, &before);
	}
}

static void test_good_bodies(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *body, *filename;
		int size;
	} rows[] = {
		{"preamble\r\n" SMALL "epilogue", "a.txt", 12},
		{HEAD "first\r\n" HEAD "last\r\n--B--\r\n", "a.txt", 4},
		{HEAD "\r\n--B--\r\n", "a.txt", 0},
		{"--B\r\nContent-Disposition: form-data; name=\"x\"\r\n\r\nfield\r\n" HEAD
		 "f\r\n--B\r\nContent-Disposition: form-data; name=\"y\"\r\n\r\nfield\r\n--B--\r\n",
			"a.txt", 1},
		{"--B\r\nContent-Disposition: form-data; name=\"file\"\r\n\r\nno name\r\n--B--\r\n",
			"download", 7},
		{"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../../etc/x y\""
		 "\r\n\r\n.\r\n--B--\r\n",
			"x y", 1},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct ask ask = upload(f, rows[i].body);
		ask.chunk = i;
		assert_int_equal(fixture_ask(f, &ask), 201);
		assert_string_equal(fixture_text(f, "filename"), rows[i].filename);
		assert_int_equal((int)fixture_number(f, "size"), rows[i].size);
		assert_int_equal(fixture_get(f, "GET", path_of(f), NULL), 200);
		assert_int_equal(f->body.n, rows[i].size);
	}
}

static void test_ceiling(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	static char big[64 * 1024 + 2];
	memset(big, 'x', sizeof big - 1);
	memcpy(big, HEAD, strlen(HEAD));
	struct ask ask = upload(f, big);
	ask.chunk = 4096;
	assert_int_equal(fixture_ask(f, &ask), 413);
	assert_int_equal(ask.taken, 0);
	ask.no_length = true;
	assert_int_equal(fixture_ask(f, &ask), 413);
	assert_string_equal(fixture_text(f, "code"), "body_too_large");
	fixture_same(f, &before);
	/* A body of exactly the ceiling is fine. */
	big[sizeof big - 2] = '\0';
	const char end[] = "\r\n--B--\r\n";
	memcpy(big + 64 * 1024 - strlen(end), end, sizeof end);
	ask = upload(f, big);
	assert_int_equal(ask.body.n, 64 * 1024);
	assert_int_equal(fixture_ask(f, &ask), 201);
}

/* Who may not upload is told so before a byte of the body is read. */
static void test_refused_unread(void **state)
{
	struct fixture *f = *state;
	static const char unknown[] =
		"sk_cdn_0000000000000000000000000000000000000000000000000000000000000000";
	const char *const keys[] = {NULL, "", unknown, "sk_cdn_"};
	struct kept before = fixture_kept(f);
	for (size_t i = 0; i < COUNT(keys); i++) {
		struct ask ask = upload(f, SMALL);
		ask.key = keys[i];
		assert_int_equal(fixture_ask(f, &ask), 401);
		assert_string_equal(fixture_text(f, "error"), "invalid_auth");
		assert_string_equal(fixture_header(f, "WWW-Authenticate"), "Bearer");
		assert_int_equal(ask.taken, 0);
		fixture_same(f, &before);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_any_chunk_size),
		cmocka_unit_test(test_source_fails_at_every_byte),
		cmocka_unit_test(test_ends_at_every_byte),
		cmocka_unit_test(test_length_lies),
		cmocka_unit_test(test_bad_bodies),
		cmocka_unit_test(test_good_bodies),
		cmocka_unit_test(test_ceiling),
		cmocka_unit_test(test_refused_unread),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
