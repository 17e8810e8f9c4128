/* Methods, headers and lengths of requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/request.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_lengths(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		int status;
		bool known;
		uint64_t length;
	} rows[] = {
		{"0", 0, true, 0},
		{"1", 0, true, 1},
		{"00012", 0, true, 12},
		{"9223372036854775807", 0, true, INT64_MAX},
		{"", 0, false, 0},
		{"-1", 0, false, 0},
		{"9223372036854775808", 400, false, 0},
		{"18446744073709551615", 400, false, 0},
		{"18446744073709551616", 400, false, 0},
		{"18446744073709551621", 400, false, 0},
		{"99999999999999999999999999", 400, false, 0},
		{"abc", 400, false, 0},
		{"1e3", 400, false, 0},
		{"+5", 400, false, 0},
		{"5,5", 400, false, 0},
		{"-0", 400, false, 0},
		{"-2", 400, false, 0},
		{"--1", 400, false, 0},
		{" 5", 400, false, 0},
		{"5 ", 400, false, 0},
		{"0x5", 400, false, 0},
		{"5.0", 400, false, 0},
		{"\xd9\xa5", 400, false, 0},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct body body = {.length_known = true};
		struct error err = {0};
		int got = request_parse_length(slice_view(rows[i].value), &body, &err);
		assert_int_equal(got, rows[i].status ? -1 : 0);
		assert_int_equal(err.status, rows[i].status);
		assert_int_equal(body.length_known, rows[i].known);
		if (rows[i].known) {
			assert_int_equal(body.length, rows[i].length);
		}
	}
	struct body body = {.length_known = true};
	struct error err;
	assert_int_equal(request_parse_length((struct slice){NULL, 0}, &body, &err), 0);
	assert_false(body.length_known);
	assert_int_equal(request_parse_length(slice_of("5\0", 2), &body, &err), -1);
}

static void test_methods(void **state)
{
	(void)state;
	for (enum method m = METHOD_GET; m < METHOD_OTHER; m++) {
		assert_int_equal(method_parse(slice_view(method_name(m))), m);
	}
	static const char *const others[] = {"", "get", "GETS", "GE", "BREW", "OTHER", " GET"};
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_int_equal(method_parse(slice_view(others[i])), METHOD_OTHER);
	}
	assert_string_equal(method_name(METHOD_OTHER), "");
}

static void test_headers(void **state)
{
	struct error err;
	(void)state;
	struct arena arena;
	assert_int_equal(arena_init(&arena, 4096), 0);
	struct request req = {.arena = &arena};
	char name[] = "IF_NONE_MATCH";
	assert_int_equal(
		request_add_cgi_header(&req, slice_view(name), slice_view("\"x\""), &err), 0);
	memset(name, '?', sizeof name - 1);
	assert_true(slice_equal_str(request_header(&req, "if-none-match"), "\"x\""));
	assert_null(request_header(&req, "range").p);
	assert_int_equal(
		request_add_cgi_header(&req, slice_view("RANGE"), slice_view(""), &err), 0);
	assert_non_null(request_header(&req, "range").p);
	arena_release(&arena);
}

static void test_header_limits(void **state)
{
	struct error err;
	(void)state;
	struct arena arena;
	assert_int_equal(arena_init(&arena, 16 * (REQUEST_HEADERS_MAX + 1)), 0);
	struct request req = {.arena = &arena};
	struct slice x = slice_view("X");
	for (size_t i = 0; i < REQUEST_HEADERS_MAX; i++) {
		assert_int_equal(request_add_cgi_header(&req, x, x, &err), 0);
	}
	assert_int_equal(request_add_cgi_header(&req, x, x, &err), -1);
	assert_int_equal(err.status, 400);
	assert_int_equal(req.header_count, REQUEST_HEADERS_MAX);
	req.header_count = 0;
	arena.used = arena.size;
	assert_int_equal(request_add_cgi_header(&req, x, x, &err), -1);
	assert_int_equal(err.status, 500);
	assert_int_equal(req.header_count, 0);
	arena_release(&arena);
}

static void test_header_lists(void **state)
{
	(void)state;
	struct arena a;
	struct slice got;
	struct error err;
	assert_int_equal(arena_init(&a, 1024), 0);
	struct request req = {.arena = &a,
		.headers = {{slice_view("a"), slice_view("1")}, {slice_view("b"), slice_view("x")},
			{slice_view("a"), slice_view("2, 3")}, {slice_view("aa"), slice_view("y")},
			{slice_view("a"), slice_view("4")}},
		.header_count = 5};
	assert_int_equal(request_header_list(&req, "c", &got, &err), 0);
	assert_null(got.p);
	assert_int_equal(request_header_list(&req, "b", &got, &err), 1);
	assert_true(got.p == req.headers[1].value.p && got.n == 1);
	assert_int_equal(request_header_list(&req, "a", &got, &err), 1);
	assert_true(slice_equal_str(got, "1, 2, 3, 4"));
	a.used = a.size;
	assert_int_equal(request_header_list(&req, "b", &got, &err), 1);
	assert_int_equal(request_header_list(&req, "a", &got, &err), -1);
	assert_int_equal(err.status, 500);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_header_limits),
		cmocka_unit_test(test_header_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
