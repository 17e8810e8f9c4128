/* Which address takes which method, and who is told what. */
#include "fixture.h"

#define ID "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"

struct row {
	const char *method, *target;
	int status;
	const char *header, *value; /* NULL: not looked at */
};

static void check(struct fixture *f, const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int status = fixture_get(f, rows[i].method, rows[i].target, NULL);
		if (status != rows[i].status) {
			fail_msg("%s %s: %d", rows[i].method, rows[i].target, status);
		}
		if (rows[i].header) {
			assert_string_equal(fixture_header(f, rows[i].header), rows[i].value);
		}
		assert_string_equal(fixture_header(f, "X-Request-Id"), ID);
	}
}

static void test_routes(void **state)
{
	(void)state;
	static struct fixture f;
	static const struct row rows[] = {
		{"GET", "/up", 200, "Content-Type", "application/json; charset=utf-8"},
		{"HEAD", "/up", 200, NULL, NULL},
		{"GET", "/up?x=y", 200, NULL, NULL},
		{"GET", "/%75p", 200, NULL, NULL},
		{"POST", "/up", 405, "Allow", "GET, HEAD"},
		{"BREW", "/up", 405, "Allow", "GET, HEAD"},
		{"GET", "/up/", 404, NULL, NULL},
		{"GET", "/UP", 404, NULL, NULL},
		{"GET", "/api/v4/me", 401, "WWW-Authenticate", "Bearer"},
		{"HEAD", "/api/v4/me", 401, "WWW-Authenticate", "Bearer"},
		{"PUT", "/api/v4/me", 405, "Allow", "GET, HEAD"},
		{"POST", "/api/v4/upload", 401, "Access-Control-Allow-Origin", "*"},
		{"GET", "/api/v4/upload", 405, "Allow", "POST"},
		{"DELETE", "/api/v4/upload", 405, "Allow", "POST"},
		{"DELETE", "/api/v4/upload/" ID, 401, NULL, NULL},
		{"POST", "/api/v4/upload/" ID, 405, "Allow", "PUT, DELETE"},
		{"DELETE", "/api/v4/upload/", 404, NULL, NULL},
		{"DELETE", "/api/v4/upload/a/b", 404, NULL, NULL},
		{"GET", "/api/v3/upload", 404, "Content-Type", "application/json; charset=utf-8"},
		{"POST", "/api/v3/new", 404, NULL, NULL},
		{"GET", "/api", 404, NULL, NULL},
		{"GET", "/api/", 404, NULL, NULL},
		{"GET", "/api/x", 404, NULL, NULL},
		{"OPTIONS", "/api/x", 404, NULL, NULL},
		{"GET", "/" ID "/a.png", 404, "Access-Control-Allow-Origin", "*"},
		{"POST", "/" ID "/a.png", 405, "Allow", "GET, HEAD"},
		{"GET", "/" ID, 404, NULL, NULL},
		{"GET", "/" ID "/", 404, NULL, NULL},
		{"GET", "/" ID "/a/b", 404, NULL, NULL},
		{"GET", "/x/y", 404, NULL, NULL},
		{"GET", "/a/../up", 400, NULL, NULL},
		{"GET", "/%2e%2e/up", 400, NULL, NULL},
		{"GET", "/a%00/b", 400, NULL, NULL},
		{"GET", "/%zz", 400, NULL, NULL},
		{"GET", "", 400, NULL, NULL},
		{"GET", "up", 400, NULL, NULL},
	};
	fixture_open(&f, TIER_VERIFIED, NULL, 0);
	check(&f, rows, COUNT(rows));
	fixture_close(&f);
}

static void test_under_a_prefix(void **state)
{
	(void)state;
	static struct fixture f;
	static const char *const settings[] = {"CDN_PUBLIC_URL=https://example.org/cdn/"};
	static const struct row rows[] = {
		{"GET", "/cdn/up", 200, NULL, NULL},
		{"GET", "/up", 404, NULL, NULL},
		{"GET", "/cdn", 404, NULL, NULL},
		{"GET", "/cdn/", 404, NULL, NULL},
		{"GET", "/cdnup", 404, NULL, NULL},
		{"GET", "/cdn/cdn/up", 404, NULL, NULL},
		{"GET", "/cdnx/up", 404, NULL, NULL},
		{"GET", "/CDN/up", 404, NULL, NULL},
		{"GET", "/cdn?x", 404, NULL, NULL},
		{"GET", "/%63dn/up", 200, NULL, NULL},
		{"GET", "/cdn%2fup", 400, NULL, NULL},
		{"GET", "//cdn/up", 400, NULL, NULL},
		{"GET", "/cdn//up", 400, NULL, NULL},
		{"GET", "/./cdn/up", 400, NULL, NULL},
		{"GET", "/x/../cdn/up", 400, NULL, NULL},
		{"GET", "/cdn/../up", 400, NULL, NULL},
		{"GET", "http://evil.example/cdn/up", 200, NULL, NULL},
		{"GET", "/cdn/api/v4/me", 401, NULL, NULL},
		{"GET", "/api/v4/me", 404, NULL, NULL},
	};
	fixture_open(&f, TIER_VERIFIED, settings, 1);
	check(&f, rows, COUNT(rows));
	struct ask ask = {
		.method = "POST",
		.target = "/cdn/api/v4/upload",
		.headers = "content-type: multipart/form-data; boundary=B\nhost: evil.example",
		.key = f.key,
		.body = slice_view("--B\r\nContent-Disposition: form-data; name=\"file\"; "
				   "filename=\"a b.txt\"\r\n\r\nx\r\n--B--\r\n"),
	};
	assert_int_equal(fixture_ask(&f, &ask), 201);
	char url[256];
	snprintf(url, sizeof url, "%s", fixture_text(&f, "url"));
	assert_memory_equal(url, "https://example.org/cdn/0", strlen("https://example.org/cdn/0"));
	assert_string_equal(strrchr(url, '/'), "/a%20b.txt");
	assert_int_equal(fixture_get(&f, "GET", url + strlen("https://example.org"), NULL), 200);
	assert_int_equal(
		fixture_get(&f, "GET", url + strlen("https://example.org/cdn"), NULL), 404);
	fixture_close(&f);
}

/* The hand-off has its place below the prefix: outside of it other things may be mounted. */
static void test_hand_off_under_a_prefix(void **state)
{
	(void)state;
	static struct fixture f;
	static const char *const settings[] = {
		"CDN_PUBLIC_URL=https://example.org/cdn", "CDN_SENDFILE=x-accel-redirect"};
	char path[256], want[256];
	fixture_open(&f, TIER_VERIFIED, settings, 2);
	assert_int_equal(fixture_upload(&f, f.key, "a.txt", slice_view("text")), 201);
	snprintf(path, sizeof path, "%s", fixture_text(&f, "url") + strlen("https://example.org"));
	const char *id = path + strlen("/cdn/");
	snprintf(want, sizeof want, "/cdn/.files/%.3s/%.36s.bin", id + 33, id);
	assert_int_equal(fixture_get(&f, "GET", path, NULL), 200);
	assert_string_equal(fixture_header(&f, "X-Accel-Redirect"), want);
	fixture_close(&f);
}

static void test_preflight(void **state)
{
	(void)state;
	static struct fixture f;
	static const struct {
		const char *target, *allow, *headers;
	} rows[] = {
		{"/" ID "/a.png", "GET, HEAD", "*"},
		{"/nobody/knows", "GET, HEAD", "*"},
		{"/api/v4/upload", "POST",
			"Authorization, Content-Type, X-Download-Authorization, Idempotency-Key"},
		{"/api/v4/me", "GET, HEAD",
			"Authorization, Content-Type, X-Download-Authorization, Idempotency-Key"},
		{"/up", "GET, HEAD",
			"Authorization, Content-Type, X-Download-Authorization, Idempotency-Key"},
		{"/api/v4/upload/" ID, "PUT, DELETE",
			"Authorization, Content-Type, X-Download-Authorization, Idempotency-Key"},
	};
	fixture_open(&f, TIER_VERIFIED, NULL, 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(fixture_get(&f, "OPTIONS", rows[i].target, NULL), 204);
		assert_string_equal(fixture_header(&f, "Access-Control-Allow-Origin"), "*");
		assert_string_equal(
			fixture_header(&f, "Access-Control-Allow-Methods"), rows[i].allow);
		assert_string_equal(
			fixture_header(&f, "Access-Control-Allow-Headers"), rows[i].headers);
		assert_string_equal(fixture_header(&f, "Access-Control-Max-Age"), "86400");
		assert_string_equal(fixture_header(&f, "Access-Control-Allow-Credentials"), "");
		assert_int_equal(f.body.n, 0);
	}
	fixture_close(&f);
}

static void test_me(void **state)
{
	(void)state;
	static struct fixture f;
	fixture_open(&f, TIER_UNVERIFIED, NULL, 0);
	assert_int_equal(fixture_upload(&f, f.key, "a", slice_view("12345")), 201);
	assert_int_equal(fixture_get(&f, "GET", "/api/v4/me", f.key), 200);
	char expected[512], email[64];
	snprintf(email, sizeof email, "%s", fixture_text(&f, "email"));
	snprintf(expected, sizeof expected,
		"{\"id\":\"%s\",\"email\":\"%s\",\"name\":\"A Name\",\"storage_used\":5,"
		"\"storage_limit\":52428800,\"quota_tier\":\"unverified\"}",
		f.account, email);
	assert_int_equal(f.body.n, strlen(expected));
	assert_memory_equal(f.body.p, expected, f.body.n);
	fixture_close(&f);
}

/* What one client was told, or sent, is not in what the next one is told. */
static void test_nothing_is_kept(void **state)
{
	(void)state;
	static struct fixture f, fresh;
	char first[2048];
	fixture_open(&f, TIER_VERIFIED, NULL, 0);
	fixture_open(&fresh, TIER_VERIFIED, NULL, 0);
	static const char *const targets[] = {
		"/api/v4/me", "/up", "/x/y", "/api/v4/upload", "/%zz"};
	for (size_t i = 0; i < COUNT(targets); i++) {
		assert_int_equal(fixture_upload(&f, f.key, "a", slice_view("of somebody")), 201);
		fixture_get(&f, "GET", targets[i], fresh.key);
		struct buf head, other;
		char storage[2048];
		buf_init(&head, first, sizeof first);
		buf_init(&other, storage, sizeof storage);
		assert_int_equal(response_head(&f.res, &head), 0);
		buf_put(&head, f.body);
		fixture_get(&fresh, "GET", targets[i], fresh.key);
		assert_int_equal(response_head(&fresh.res, &other), 0);
		buf_put(&other, fresh.body);
		assert_false(head.failed || other.failed);
		assert_true(slice_equal(buf_view(&head), buf_view(&other)));
	}
	fixture_close(&f);
	fixture_close(&fresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_under_a_prefix),
		cmocka_unit_test(test_hand_off_under_a_prefix),
		cmocka_unit_test(test_preflight),
		cmocka_unit_test(test_me),
		cmocka_unit_test(test_nothing_is_kept),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
