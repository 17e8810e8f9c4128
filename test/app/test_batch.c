/* POST /api/v4/uploads: each file is judged by itself, in order, and a body that is cut short stores nothing. */
#include "fixture.h"

#define FORM "content-type: multipart/form-data; boundary=B"

static const char *const settings[] = {"CDN_TIER_UNVERIFIED_FILE=1000",
	"CDN_TIER_UNVERIFIED_TOTAL=2500", "CDN_TIER_VERIFIED_FILE=1000"};

static char form[256 * 1024];
static size_t form_n;

static int open_all(void **state)
{
	form_n = 0;
	return fixture_set_up(state, TIER_UNVERIFIED, settings, COUNT(settings));
}

static void put(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void put(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	form_n += (size_t)vsnprintf(form + form_n, sizeof form - form_n, format, args);
	va_end(args);
	assert_true(form_n < sizeof form);
}

static void part(const char *field, const char *name, size_t size)
{
	put("--B\r\nContent-Disposition: form-data; name=\"%s\"; filename=\"%s\"\r\n\r\n", field,
		name);
	memset(form + form_n, 'x', size);
	form_n += size;
	put("\r\n");
}

static int ask(struct fixture *f, size_t chunk)
{
	struct ask ask = {.method = "POST",
		.target = "/api/v4/uploads",
		.headers = FORM,
		.key = f->key,
		.body = slice_of(form, form_n),
		.chunk = chunk};
	return fixture_ask(f, &ask);
}

static void test_stores_in_order(void **state)
{
	struct fixture *f = *state;
	part("files[]", "a.txt", 3);
	put("--B\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nnot a file\r\n");
	part("files", "b.txt", 0);
	part("files[]", "", 5);
	part("files[]", "c.txt", 4);
	put("--B--\r\n");
	assert_int_equal(ask(f, 7), 201);
	assert_ptr_equal(strstr(f->body.p, "{\"uploads\":[{\"id\":"), f->body.p);
	const char *a = strstr(f->body.p, "\"filename\":\"a.txt\",\"size\":3,");
	const char *b = strstr(f->body.p, "\"filename\":\"b.txt\",\"size\":0,");
	const char *c = strstr(f->body.p, "\"filename\":\"c.txt\",\"size\":4,");
	assert_true(a && b && c && a < b && b < c);
	assert_non_null(strstr(f->body.p, "}],\"failed\":[]}"));
	assert_int_equal(fixture_kept(f).counted_files, 3);
}

static void test_judges_each(void **state)
{
	struct fixture *f = *state;
	part("files[]", "fits", 1000);
	part("files[]", "large", 1001);
	part("files[]", "also fits", 900);
	part("files[]", "no room", 601);
	part("files[]", "still fits", 600);
	part("files[]", "full", 1);
	put("--B--\r\n");
	assert_int_equal(ask(f, 0), 201);
	assert_non_null(strstr(f->body.p,
		"\"failed\":["
		"{\"filename\":\"large\",\"reason\":\"File size (1001 Bytes) exceeds limit of 1000 "
		"Bytes\"},"
		"{\"filename\":\"no room\",\"reason\":\"Would exceed storage quota (600 Bytes "
		"remaining)\"},"
		"{\"filename\":\"full\",\"reason\":\"Storage quota already exceeded\"}]}"));
	struct kept kept = fixture_kept(f);
	assert_int_equal(kept.counted_files, 3);
	assert_int_equal(kept.counted_bytes, 2500);
	/* Nothing fits any more. */
	form_n = 0;
	part("files[]", "a", 1);
	put("--B--\r\n");
	assert_int_equal(ask(f, 0), 422);
	assert_string_equal(f->body.p, "{\"uploads\":[],\"failed\":[{\"filename\":\"a\",\"reason\":"
				       "\"Storage quota already "
				       "exceeded\"}]}");
	fixture_same(f, &kept);
}

static void test_too_many(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	for (int i = 0; i < 43; i++) {
		part("files[]", "a", 1);
	}
	put("--B--\r\n");
	assert_int_equal(ask(f, 0), 400);
	assert_string_equal(fixture_text(f, "error"), "Too many files");
	assert_string_equal(fixture_text(f, "code"), "too_many_files");
	assert_string_equal(fixture_text(f, "detail"), "Maximum 40 files per batch, got 43");
	fixture_same(f, &before);
	form_n = 0;
	for (int i = 0; i < 40; i++) {
		part("files[]", "a", 1);
	}
	put("--B--\r\n");
	assert_int_equal(ask(f, 0), 201);
	assert_int_equal(fixture_kept(f).counted_files, 40);
}

static void test_none(void **state)
{
	struct fixture *f = *state;
	part("file", "a", 1);
	part("files[]", "", 0);
	put("--B--\r\n");
	assert_int_equal(ask(f, 0), 400);
	assert_string_equal(fixture_text(f, "error"), "Missing files[] parameter");
	assert_string_equal(fixture_text(f, "parameter"), "files[]");
}

/* The 17th file is cut off: so is the body, and nothing of it is stored. */
static void test_cut_off(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	for (int i = 0; i < 17; i++) {
		part("files[]", "a", 10);
	}
	struct ask cut = {.method = "POST",
		.target = "/api/v4/uploads",
		.headers = FORM,
		.key = f->key,
		.body = slice_of(form, form_n),
		.no_length = true};
	assert_int_equal(fixture_ask(f, &cut), 400);
	fixture_same(f, &before);
	cut.fails_at = form_n - 5;
	assert_int_equal(fixture_ask(f, &cut), 400);
	fixture_same(f, &before);
	cut.fails_at = 0;
	cut.ends_at = form_n - 5;
	cut.no_length = false;
	assert_int_equal(fixture_ask(f, &cut), 400);
	fixture_same(f, &before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_stores_in_order, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_judges_each, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_too_many, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_none, open_all, fixture_tear_down),
		cmocka_unit_test_setup_teardown(test_cut_off, open_all, fixture_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
