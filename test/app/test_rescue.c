/* GET /rescue: where a claim leads, what a miss looks like, and what is no old URL. */
#include "fixture.h"

#include <sys/stat.h>
#include <unistd.h>

#include "http/oldurl.h"
#include "store/rescue.h"

#define OLD "https://old.example/a"
#define NOBODYS "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"

static int open_all(void **state)
{
	return fixture_set_up(state, TIER_VERIFIED,
		(const char *const[]){"CDN_PUBLIC_URL=https://cdn.example.org/x"}, 1);
}

static const char *upload(struct fixture *f, const char *name)
{
	static char id[UUID_SIZE];
	struct ask ask = {
		.method = "POST",
		.target = "/x/api/v4/upload",
		.headers = "content-type: multipart/form-data; boundary=B",
		.key = f->key,
	};
	char body[512];
	snprintf(body, sizeof body,
		"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n\r\n"
		"some text\r\n--B--\r\n",
		name);
	ask.body = slice_view(body);
	assert_int_equal(fixture_ask(f, &ask), 201);
	snprintf(id, sizeof id, "%s", fixture_text(f, "id"));
	return id;
}

/* As the administrator's tool does it. */
static void claim(struct fixture *f, const char *url, const char *id)
{
	struct volume volume;
	struct volume_root root;
	struct error err;
	enum rescue_outcome outcome;
	const struct claim claim = {url, id, 0};
	fixture_rest(f);
	volume_init(&volume, f->config.data_dir, false);
	assert_int_equal(volume_open(&volume, &f->arena, &root, &err), 0);
	assert_int_equal(rescue_add(&root, &f->arena, f->hash, &claim, true, &outcome, &err), 0);
	fixture_rest(f);
	volume_release(&volume);
}

static const char *claim_path(struct fixture *f, const char *url)
{
	static char path[4096];
	char digest[SHA256_HEX_SIZE];
	assert_int_equal(sha256_hex(f->hash, slice_view(url), digest), 0);
	snprintf(
		path, sizeof path, "%s/rescue/%s/%s.json", f->config.data_dir, digest + 61, digest);
	return path;
}

static int ask(struct fixture *f, const char *method, const char *query)
{
	char target[9 * 1024];
	snprintf(target, sizeof target, "/x/rescue%s", query);
	int status = fixture_get(f, method, target, NULL);
	assert_string_equal(fixture_header(f, "Access-Control-Allow-Origin"), "*");
	return status;
}

static void check_miss(struct fixture *f)
{
	assert_int_equal(f->res.status, 404);
	assert_string_equal(fixture_text(f, "error"), "Not found");
	assert_string_equal(fixture_text(f, "code"), "not_found");
	assert_string_equal(fixture_header(f, "Cache-Control"), "no-store");
	assert_string_equal(fixture_header(f, "Location"), "");
}

/* The first claim of a store that has no folder for them. */
static void test_first_claim(void **state)
{
	struct fixture *f = *state;
	char folder[4096];
	snprintf(folder, sizeof folder, "%s/rescue", f->config.data_dir);
	rmdir(folder);
	assert_int_equal(ask(f, "GET", "?url=" OLD), 404);
	check_miss(f);
	assert_int_equal(access(folder, F_OK), -1);
	claim(f, OLD, upload(f, "a.txt"));
	assert_int_equal(ask(f, "GET", "?url=" OLD), 302);
}

static void test_hit(void **state)
{
	struct fixture *f = *state;
	char location[256];
	const char *id = upload(f, "a b\xc3\xa9.txt");
	snprintf(location, sizeof location, "https://cdn.example.org/x/%s/a%%20b%%C3%%A9.txt", id);
	claim(f, OLD "?b=c&d", id);
	static const char *const queries[] = {"?url=" OLD "?b=c&d",
		"?url=https%3A%2F%2Fold.example%2Fa%3Fb=c%26d", "?x=y&url=" OLD "?b=c&d",
		"?url=https%3a//old.example/a?b=c%26d&x=y"};
	for (size_t i = 0; i < COUNT(queries); i++) {
		assert_int_equal(ask(f, i % 2 ? "HEAD" : "GET", queries[i]), 302);
		assert_string_equal(fixture_header(f, "Location"), location);
		assert_string_equal(fixture_header(f, "Cache-Control"), "public, max-age=604800");
		assert_string_equal(
			fixture_header(f, "Cross-Origin-Resource-Policy"), "cross-origin");
		assert_int_equal(f->body.n, 0);
	}
	static const char *const others[] = {"?url=" OLD "?b=c", "?url=" OLD "?b=c&d&",
		"?url=" OLD "?b=c%26d", "?url=HTTPS://old.example/a?b=c&d", "?url=" OLD "?b=c&D"};
	for (size_t i = 0; i < COUNT(others); i++) {
		ask(f, "GET", others[i]);
		check_miss(f);
	}
}

static void test_placeholder(void **state)
{
	struct fixture *f = *state;
	static const char *const queries[] = {"?url=https://old/x.png", "?url=https://old/x.JPG?y",
		"?url=http%3A%2F%2Fold%2Fx.jpeg"};
	for (size_t i = 0; i < COUNT(queries); i++) {
		assert_int_equal(ask(f, "GET", queries[i]), 404);
		assert_string_equal(fixture_header(f, "Content-Type"), "image/svg+xml");
		assert_string_equal(fixture_header(f, "Cache-Control"), "public, max-age=300");
		assert_string_equal(fixture_header(f, "X-Content-Type-Options"), "nosniff");
		assert_non_null(strstr(
			fixture_header(f, "Content-Security-Policy"), "sandbox; default-src"));
		assert_true(slice_starts(f->body, "<svg "));
		assert_true(f->body.n < 2048);
		assert_null(memmem(f->body.p, f->body.n, "old", 3));
		assert_int_equal(ask(f, "HEAD", queries[i]), 404);
	}
}

static void test_file_is_gone(void **state)
{
	struct fixture *f = *state;
	char id[UUID_SIZE], target[128];
	snprintf(id, sizeof id, "%s", upload(f, "a.txt"));
	claim(f, OLD "/gone", id);
	claim(f, OLD "/gone.png", id);
	claim(f, OLD "/never", NOBODYS);
	assert_int_equal(ask(f, "GET", "?url=" OLD "/gone"), 302);
	snprintf(target, sizeof target, "/x/api/v4/upload/%s", id);
	assert_int_equal(fixture_get(f, "DELETE", target, f->key), 200);
	ask(f, "GET", "?url=" OLD "/gone");
	check_miss(f);
	ask(f, "GET", "?url=" OLD "/never");
	check_miss(f);
	assert_int_equal(ask(f, "GET", "?url=" OLD "/gone.png"), 404);
	assert_string_equal(fixture_header(f, "Content-Type"), "image/svg+xml");
}

static void test_bad(void **state)
{
	struct fixture *f = *state;
	static const char *const missing[] = {"", "?", "?url", "?url=", "?url=&a=b", "?u=" OLD};
	static const char *const bad[] = {"?url=x", "?url=ftp://old/a.png", "?url=%zz",
		"?url=https%3A//old/%", "?url=https%3A//old/%00", "?url=https%3A//old/%0d%0aX:y",
		"?url=//old/a", "?url=javascript:x"};
	for (size_t i = 0; i < COUNT(missing); i++) {
		assert_int_equal(ask(f, "GET", missing[i]), 400);
		assert_string_equal(fixture_text(f, "error"), "Missing url parameter");
		assert_string_equal(fixture_text(f, "code"), "missing_parameter");
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(ask(f, "GET", bad[i]), 400);
		assert_string_equal(fixture_text(f, "code"), "bad_request");
	}
	assert_int_equal(ask(f, "GET", "/?url=" OLD), 404);
	assert_string_equal(fixture_text(f, "code"), "route_not_found");
}

static void test_methods(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(ask(f, "OPTIONS", "?url=x"), 204);
	assert_string_equal(fixture_header(f, "Access-Control-Allow-Methods"), "GET, HEAD");
	assert_string_equal(fixture_header(f, "Access-Control-Allow-Headers"), "*");
	assert_string_equal(fixture_header(f, "Access-Control-Max-Age"), "86400");
	assert_int_equal(ask(f, "POST", "?url=" OLD), 405);
	assert_string_equal(fixture_header(f, "Allow"), "GET, HEAD");
	assert_int_equal(ask(f, "DELETE", "?url=" OLD), 405);
}

/* Neither a redirect nor a miss: somebody has to look. */
static void test_damaged(void **state)
{
	struct fixture *f = *state;
	const char *query = "?url=" OLD "/damaged.png";
	claim(f, OLD "/damaged.png", upload(f, "a.txt"));
	assert_int_equal(ask(f, "GET", query), 302);
	assert_int_equal(truncate(claim_path(f, OLD "/damaged.png"), 20), 0);
	assert_int_equal(ask(f, "GET", query), 500);
	assert_string_equal(fixture_header(f, "Location"), "");
	assert_non_null(strstr(f->res.error.detail, "is damaged"));
	assert_null(memmem(f->body.p, f->body.n, "damaged", 7));
	assert_int_equal(truncate(claim_path(f, OLD "/damaged.png"), 0), 0);
	assert_int_equal(ask(f, "GET", query), 500);
}

static void test_planted(void **state)
{
	struct fixture *f = *state;
	char good[4096];
	claim(f, OLD "/planted", upload(f, "a.txt"));
	snprintf(good, sizeof good, "%s/good.json", f->config.data_dir);
	assert_int_equal(rename(claim_path(f, OLD "/planted"), good), 0);
	assert_int_equal(symlink(good, claim_path(f, OLD "/planted")), 0);
	ask(f, "GET", "?url=" OLD "/planted");
	check_miss(f);
	assert_int_equal(unlink(claim_path(f, OLD "/planted")), 0);
	assert_int_equal(rename(good, claim_path(f, OLD "/planted")), 0);
	assert_int_equal(ask(f, "GET", "?url=" OLD "/planted"), 302);
}

static void test_store_not_mounted(void **state)
{
	struct fixture *f = *state;
	char marker[4096], aside[4096];
	snprintf(marker, sizeof marker, "%s/.cdn-store", f->config.data_dir);
	snprintf(aside, sizeof aside, "%s/.aside", f->config.data_dir);
	claim(f, OLD "/mounted", upload(f, "a.txt"));
	assert_int_equal(rename(marker, aside), 0);
	assert_int_equal(ask(f, "GET", "?url=" OLD "/mounted"), 503);
	assert_string_equal(fixture_header(f, "Retry-After"), "5");
	assert_int_equal(ask(f, "GET", "?url=https://old/never.png"), 503);
	assert_int_equal(ask(f, "GET", "?url=x"), 400);
	assert_int_equal(rename(aside, marker), 0);
	assert_int_equal(ask(f, "GET", "?url=" OLD "/mounted"), 302);
}

/* The longest that a target takes, and the longest that can be claimed. */
static void test_long(void **state)
{
	struct fixture *f = *state;
	char query[8 * 1024 + 1] = "?url=https://old/";
	const size_t prefix = strlen("/x/rescue"), start = strlen("?url=");
	memset(query + strlen(query), 'a', sizeof query - 1 - strlen(query));
	query[start + OLDURL_MAX] = '\0';
	claim(f, query + start, upload(f, "a.txt"));
	assert_int_equal(ask(f, "GET", query), 302);
	query[start + OLDURL_MAX] = 'a';
	query[8 * 1024 - prefix] = '\0';
	ask(f, "GET", query);
	check_miss(f);
	query[8 * 1024 - prefix] = 'a';
	query[8 * 1024 - prefix + 1] = '\0';
	char target[9 * 1024];
	snprintf(target, sizeof target, "/x/rescue%s", query);
	assert_int_equal(fixture_get(f, "GET", target, NULL), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_first_claim),
		cmocka_unit_test(test_hit),
		cmocka_unit_test(test_placeholder),
		cmocka_unit_test(test_file_is_gone),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_planted),
		cmocka_unit_test(test_store_not_mounted),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
