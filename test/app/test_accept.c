/* Accept: a client that would rather have text gets the URL of what it stored, and nothing else. */
#include "fixture.h"

#define PART "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a b.txt\"\r\n\r\n"
#define FILES "--B\r\nContent-Disposition: form-data; name=\"files[]\"; filename=\"a.txt\"\r\n\r\n"
#define FORM "content-type: multipart/form-data; boundary=B"
#define TEXT "text/plain; charset=utf-8"
#define JSON "application/json; charset=utf-8"

static int open_all(void **state)
{
	static const char *const settings[] = {"CDN_TIER_UNVERIFIED_FILE=5"};
	return fixture_set_up(state, TIER_UNVERIFIED, settings, COUNT(settings));
}

static int ask(struct fixture *f, const char *target, const char *headers, const char *body)
{
	struct ask ask = {.method = strchr(target + 1, '.') ? "PUT" : "POST",
		.target = target,
		.headers = headers,
		.key = f->key,
		.body = slice_view(body)};
	return fixture_ask(f, &ask);
}

/* The answer is lines of addresses that answer with these bytes. */
static void check_lines(struct fixture *f, const char *const *bytes, size_t count)
{
	static char text[4096];
	size_t base = strlen(f->config.public_url);
	assert_string_equal(fixture_header(f, "Content-Type"), TEXT);
	assert_string_equal(fixture_header(f, "Cache-Control"), "no-store");
	assert_string_equal(fixture_header(f, "X-Content-Type-Options"), "nosniff");
	snprintf(text, sizeof text, "%.*s", (int)f->body.n, f->body.p);
	struct slice rest = slice_view(text);
	for (size_t i = 0; i < count; i++) {
		struct slice line = slice_cut(&rest, '\n');
		text[line.p + line.n - text] = '\0';
		assert_true(slice_starts(line, f->config.public_url));
		assert_int_equal(fixture_get(f, "GET", line.p + base, NULL), 200);
		assert_true(slice_equal_str(f->body, bytes[i]));
	}
	assert_true(rest.p && rest.n == 0);
}

static void test_text(void **state)
{
	struct fixture *f = *state;
	static const char *const one[] = {"hello"}, *const two[] = {"1", "22"};
	static const char accept[] = FORM "\naccept: text/plain";
	assert_int_equal(ask(f, "/api/v4/upload", accept, PART "hello\r\n--B--\r\n"), 201);
	check_lines(f, one, 1);
	assert_int_equal(ask(f, "/api/v4/upload/x%20y.txt", "accept: text/*", "hello"), 201);
	check_lines(f, one, 1);
	assert_int_equal(
		ask(f, "/api/v4/uploads", accept, FILES "1\r\n" FILES "22\r\n--B--\r\n"), 201);
	check_lines(f, two, 2);
	/* What failed has no URL. */
	assert_int_equal(ask(f, "/api/v4/uploads", accept,
				 FILES "1\r\n" FILES "too large\r\n" FILES "22\r\n--B--\r\n"),
		201);
	check_lines(f, two, 2);
}

static void test_which(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *headers;
		const char *type;
	} rows[] = {
		{"x: y", JSON},
		{"accept: */*", JSON},
		{"accept: application/json, text/plain, */*", JSON},
		{"accept: text/plain", TEXT},
		{"accept: text/plain, */*;q=0.1", TEXT},
		{"accept: text/plain;q=0.5\naccept: application/json", JSON},
		{"accept: application/json;q=0.1\naccept: text/plain", TEXT},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(ask(f, "/api/v4/upload/a.txt", rows[i].headers, "x"), 201);
		assert_string_equal(fixture_header(f, "Content-Type"), rows[i].type);
	}
}

/* Errors are JSON, and so is every other call. */
static void test_json_all_the_same(void **state)
{
	struct fixture *f = *state;
	static const char accept[] = FORM "\naccept: text/plain";
	assert_int_equal(ask(f, "/api/v4/upload", accept, PART), 400);
	assert_string_equal(fixture_header(f, "Content-Type"), JSON);
	assert_string_equal(fixture_text(f, "code"), "bad_request");
	assert_int_equal(ask(f, "/api/v4/uploads", accept, FILES "too large\r\n--B--\r\n"), 422);
	assert_string_equal(fixture_header(f, "Content-Type"), JSON);
	assert_non_null(memmem(f->body.p, f->body.n, "\"failed\":[{", 11));
	struct ask me = {.target = "/api/v4/me", .headers = "accept: text/plain", .key = f->key};
	assert_int_equal(fixture_ask(f, &me), 200);
	assert_string_equal(fixture_header(f, "Content-Type"), JSON);
}

/* The longest batch of the longest names. */
static void test_many(void **state)
{
	struct fixture *f = *state;
	enum { FILES_MAX = 40, NAME = 255 };
	char *body = NULL;
	size_t n;
	FILE *out = open_memstream(&body, &n);
	for (int i = 0; i < FILES_MAX; i++) {
		fputs("--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"", out);
		for (int k = 0; k < NAME / 3; k++) {
			fputs("\xe2\x82\xac", out);
		}
		fputs("\"\r\n\r\nx\r\n", out);
	}
	fputs("--B--\r\n", out);
	fclose(out);
	assert_int_equal(ask(f, "/api/v4/uploads", FORM "\naccept: text/plain", body), 201);
	size_t line = strlen(f->config.public_url) + UUID_SIZE + 1 + 3 * NAME + 1;
	assert_int_equal(f->body.n, FILES_MAX * line);
	free(body);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_which),
		cmocka_unit_test(test_json_all_the_same),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
