/* Request targets, queries and form bodies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/path.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	return arena_init(&arena, 64 * 1024);
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void check_slice(struct slice got, const char *expected)
{
	assert_int_equal(got.n, strlen(expected));
	if (got.n) {
		assert_memory_equal(got.p, expected, got.n);
	}
}

static void test_good_targets(void **state)
{
	(void)state;
	static const struct {
		const char *target, *path, *query; /* query NULL: there is none */
	} rows[] = {
		{"/", "/", NULL},
		{"/api/v4/me", "/api/v4/me", NULL},
		{"/a/", "/a/", NULL},
		{"/?", "/", ""},
		{"/a?b=c&d", "/a", "b=c&d"},
		{"/a?b?c", "/a", "b?c"},
		{"/rescue?url=http://x/../%zz//#", "/rescue", "url=http://x/../%zz//#"},
		{"/a%20b+c", "/a b+c", NULL},
		{"/%61%2e%2Epng", "/a..png", NULL},
		{"/...", "/...", NULL},
		{"/.a/b.", "/.a/b.", NULL},
		{"/%25", "/%", NULL},
		{"/%252e%252e/%252f", "/%2e%2e/%2f", NULL},
		{"/%3F%23", "/?#", NULL},
		{"/na%C3%AFve", "/na\xc3\xafve", NULL},
		{"/na\xc3\xafve", "/na\xc3\xafve", NULL},
		{"/%F0%9F%8E%89", "/\xf0\x9f\x8e\x89", NULL},
		{"/\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
			"/\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", NULL},
		{"http://host/a?b", "/a", "b"},
		{"HTTPS://user@host:1/a", "/a", NULL},
		{"http://host", "/", NULL},
		{"http://host?a/b", "/", "a/b"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice path, query;
		struct error err;
		assert_int_equal(
			path_parse(&arena, slice_view(rows[i].target), &path, &query, &err), 0);
		check_slice(path, rows[i].path);
		assert_int_equal(query.p != NULL, rows[i].query != NULL);
		check_slice(query, rows[i].query ? rows[i].query : "");
	}
}

static int parse_status(struct slice target)
{
	struct slice path, query;
	struct error err = {0};
	return path_parse(&arena, target, &path, &query, &err) == 0 ? 0 : err.status;
}

static void test_bad_targets(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"",
		"*",
		"a",
		"?a",
		"host:443",
		"http:/a",
		"http://",
		"http:///a",
		"http://?a",
		"ftp://host/a",
		"%2fa",

		"//",
		"//a",
		"/a//b",
		"/a//",
		"http://h//a",
		"/.",
		"/..",
		"/./a",
		"/../a",
		"/a/./b",
		"/a/../b",
		"/a/.",
		"/a/..",
		"/%2e",
		"/%2E%2e/b",
		"/a/.%2e/b",
		"/a%2fb",
		"/a%2Fb",
		"/a%2f",
		"/a\\b",
		"/a%5cb",
		"/a%5C",
		"/%",
		"/%4",
		"/%zz",
		"/%4g",
		"/a%",
		"/%00",
		"/a%00.png",
		"/%01",
		"/%0a",
		"/%0D%0aX",
		"/%7f",
		"/\x01",
		"/a\r\nb",
		"/\x7f",
		"/a?\x01",
		"/a?b\n",
		"/a#b",
		"/\xff",
		"/%ff",
		"/%80",
		"/%c0%ae",
		"/%c0%af",
		"/%e0%80%af",
		"/%f0%80%80%af",
		"/%ed%a0%80",
		"/%f4%90%80%80",
		"/%f8%88%80%80",
		"/%c3",
		"/%e2%82",
		"/%f0%9f%8e",
		"/%c3/",
		"/%e2%28%a1",
		"/%f0%9f%28%89",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (parse_status(slice_view(rows[i])) != 400) {
			fail_msg("accepted: %s", rows[i]);
		}
	}
	assert_int_equal(parse_status(slice_of("/a\0b", 4)), 400);
	assert_int_equal(parse_status(slice_of("/a?\0", 4)), 400);
}

static void test_limits(void **state)
{
	(void)state;
	static char target[PATH_TARGET_MAX + 1];
	memset(target, 'a', sizeof target);
	target[0] = '/';
	assert_int_equal(parse_status(slice_of(target, PATH_TARGET_MAX)), 0);
	assert_int_equal(parse_status(slice_of(target, PATH_TARGET_MAX + 1)), 400);
	arena.used = arena.size - 8;
	assert_int_equal(parse_status(slice_view("/a-longer-path")), 500);
}

#define MANY "&a=1&&b+c=%20+x&ids%5B%5D=&d&=e&f==g"

static void test_get(void **state)
{
	(void)state;
	static const struct {
		const char *query, *name;
		int found;
		const char *value;
	} rows[] = {
		{"limit=5", "limit", 1, "5"},
		{"a=1&limit=5&limit=6", "limit", 1, "5"},
		{"li%6Dit=5+6%2B", "limit", 1, "5 6+"},
		{"limit", "limit", 1, ""},
		{"limit=", "limit", 1, ""},
		{"ids%5b%5d=x", "ids[]", 1, "x"},
		{"%zz=1&a=%zz&limit=5", "limit", 1, "5"},
		{MANY, "a", 1, "1"},
		{MANY, "b c", 1, "  x"},
		{MANY, "ids[]", 1, ""},
		{MANY, "d", 1, ""},
		{MANY, "", 1, "e"},
		{MANY, "f", 1, "=g"},
		{"", "limit", 0, ""},
		{"&&", "", 0, ""},
		{"%00=a", "", 0, ""},
		{"limit%00=5", "limit", 0, ""},
		{"Limit=5", "limit", 0, ""},
		{"limits=5&xlimit=5", "limit", 0, ""},
		{"limit=%", "limit", -1, ""},
		{"limit=%4", "limit", -1, ""},
		{"limit=%zz", "limit", -1, ""},
		{"limit=b%2", "limit", -1, ""},
		{"limit=%00", "limit", -1, ""},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice value = {0};
		struct error err = {0};
		int got = query_get(&arena, slice_view(rows[i].query), rows[i].name, &value, &err);
		assert_int_equal(got, rows[i].found);
		if (got == 1) {
			check_slice(value, rows[i].value);
			assert_non_null(value.p);
		}
		assert_int_equal(err.status, got < 0 ? 400 : 0);
	}
	assert_int_equal(query_get(&arena, (struct slice){NULL, 0}, "a", &(struct slice){0},
				 &(struct error){0}),
		0);
}

static void test_collect(void **state)
{
	static const struct {
		const char *query;
		int status;
		size_t count;
		const char *first, *second;
	} rows[] = {
		{"ids[]=a&ids[]=b", 0, 2, "a", "b"},
		{"ids%5B%5D=a%2Bb&x=1&ids%5b%5d=c+d", 0, 2, "a+b", "c d"},
		{"ids[]=&ids[]&ids[]=b&&", 0, 1, "b", NULL},
		{"ids[]=1&ids[]=2&ids[]=3&ids[]=%", 0, 4, "1", "2"},
		{"x=%&ids[]=a", 0, 1, "a", NULL},
		{"ids=a&IDS[]=b&ids[0]=c", 0, 0, NULL, NULL},
		{"", 0, 0, NULL, NULL},
		{"ids[]=%zz", -1, 0, NULL, NULL},
		{"ids[]=a%00", -1, 0, NULL, NULL},
	};
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice out[2];
		size_t count = 0;
		struct error err = {0};
		int status = query_collect(
			&arena, slice_view(rows[i].query), "ids[]", out, 2, &count, &err);
		assert_int_equal(status, rows[i].status);
		assert_int_equal(err.status, status ? 400 : 0);
		assert_int_equal(count, rows[i].count);
		if (rows[i].first) {
			check_slice(out[0], rows[i].first);
		}
		if (rows[i].second) {
			check_slice(out[1], rows[i].second);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_good_targets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_targets, setup, teardown),
		cmocka_unit_test_setup_teardown(test_limits, setup, teardown),
		cmocka_unit_test_setup_teardown(test_get, setup, teardown),
		cmocka_unit_test_setup_teardown(test_collect, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
