/* Content-Type values and boundaries. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/mediatype.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	return arena_init(&arena, 4096);
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void test_types(void **state)
{
	(void)state;
	static const struct {
		const char *value, *type; /* NULL: 415 */
	} rows[] = {
		{"application/json", "application/json"},
		{"Application/JSON; charset=utf-8", "application/json"},
		{" text/plain ;x", "text/plain"},
		{"image/svg+xml;", "image/svg+xml"},
		{"", NULL},
		{";", NULL},
		{"text", NULL},
		{"text/", NULL},
		{"/plain", NULL},
		{"text/a/b", NULL},
		{"text /plain", NULL},
		{"text/plain, text/html", NULL},
		{"t\xc3\xa9xt/plain", NULL},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct mediatype m;
		struct error err = {0};
		int got = mediatype_parse(slice_view(rows[i].value), &m, &err);
		assert_int_equal(got, rows[i].type ? 0 : -1);
		assert_int_equal(err.status, rows[i].type ? 0 : 415);
		if (rows[i].type) {
			assert_true(mediatype_is(&m, rows[i].type));
			assert_false(mediatype_is(&m, "text/xml"));
		}
	}
}

/* The status; 0 with *boundary set. */
static int find_boundary(const char *parameters, struct slice *boundary)
{
	char value[256];
	struct mediatype m;
	struct error err = {0};
	snprintf(value, sizeof value, "multipart/form-data%s", parameters);
	assert_int_equal(mediatype_parse(slice_view(value), &m, &err), 0);
	if (mediatype_boundary(&arena, &m, boundary, &err) != 0) {
		return err.status;
	}
	boundary->p = arena_dup(&arena, *boundary);
	return 0;
}

static void test_good_boundaries(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"; boundary=b", "b"},
		{";boundary=----WebKitFormBoundary7MA4", "----WebKitFormBoundary7MA4"},
		{"; BOUNDARY=b ; charset=utf-8", "b"},
		{"; charset=\"boundary=x;\"; boundary=b;", "b"},
		{" ; ;; boundary=\"b\"", "b"},
		{"; boundary=\"a b\"", "a b"},
		{"; boundary=\"a\\b\\'\"", "ab'"},
		{"; boundary=a'()+_,-./:=?z", "a'()+_,-./:=?z"},
		{"; boundary=\"'()+_,-./:=?\"", "'()+_,-./:=?"},
		{"; "
		 "boundary=0123456789012345678901234567890123456789012345678901234567890123456789",
			"0123456789012345678901234567890123456789012345678901234567890123456789"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice boundary;
		assert_int_equal(find_boundary(rows[i][0], &boundary), 0);
		assert_string_equal(boundary.p, rows[i][1]);
	}
}

static void test_bad_boundaries(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"",
		";",
		"; charset=utf-8",
		"; boundary",
		"; boundary=",
		"; boundary=\"\"",
		"; boundary=;",
		"; boundary= ",
		"; boundary=a b",
		"; boundary=a, multipart/form-data; boundary=b",
		"; boundary=a; boundary=b",
		"; boundary=a; Boundary=a",
		"; boundary=\"a ",
		"; boundary=\"a \"",
		"; boundary=\"a\"b",
		"; boundary=\"a\\",
		"; boundary=\"a\\\"",
		"; boundary=\"a\\\"b\"",
		"; boundary=\"a\\\\b\"",
		"; boundary=\"a\tb\"",
		"; boundary=a\"b",
		"; boundary=a*b",
		"; boundary=a\xc3\xa9",
		"; boundary = a",
		"; =a; boundary=a",
		"; boundary=a; junk",
		"; "
		"boundary=01234567890123456789012345678901234567890123456789012345678901234567890",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice boundary;
		if (find_boundary(rows[i], &boundary) != 400) {
			fail_msg("accepted: %s", rows[i]);
		}
	}
}

static void test_full_arena(void **state)
{
	(void)state;
	struct mediatype m;
	struct slice boundary;
	struct error err;
	struct slice value = slice_view("multipart/form-data; boundary=\"\\a\"");
	assert_int_equal(mediatype_parse(value, &m, &err), 0);
	arena.used = arena.size;
	assert_int_equal(mediatype_boundary(&arena, &m, &boundary, &err), -1);
	assert_int_equal(err.status, 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test_setup_teardown(test_good_boundaries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_boundaries, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_arena, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
