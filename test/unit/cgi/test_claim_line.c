/* Lines of claims, and the targets in them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cgi/claim_line.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define BASE "https://cdn.example.org/x"
#define ID "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
#define OLD "https://old.example/a.png"

static void test_targets(void **state)
{
	(void)state;
	static const char *const good[] = {
		ID, BASE "/" ID "/a.png", BASE "/" ID "/a,b?c#d", BASE "/" ID "/%20"};
	static const char *const bad[] = {"", "x", ID "0", "0193A1B2-C3D4-7E5F-8A9B-0123456ABABC",
		"/" ID "/a.png", ID "/a.png", BASE, BASE "/", BASE "/" ID, BASE "/" ID "/",
		BASE "/" ID "/a/b", BASE "/y/" ID "/a", BASE "y/" ID "/a", BASE ID "/a",
		BASE "//" ID "/a", BASE "/" ID "/a b", BASE "/" ID "/a\tb",
		"http://cdn.example.org/x/" ID "/a", "https://cdn.example.org/" ID "/a",
		"https://evil.example/" ID "/a", ID " ", " " ID, ID "\n"};
	char id[UUID_SIZE];
	struct error err;
	for (size_t i = 0; i < COUNT(good); i++) {
		memset(id, 0, sizeof id);
		assert_int_equal(claim_line_target(BASE, slice_view(good[i]), id, &err), 0);
		assert_string_equal(id, ID);
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_int_equal(claim_line_target(BASE, slice_view(bad[i]), id, &err), -1);
		assert_int_equal(err.status, 400);
	}
}

static void test_lines(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{OLD " " ID, OLD},
		{OLD "\t" ID, OLD},
		{OLD "," ID, OLD},
		{"  " OLD " \t  " ID "\t \r", OLD},
		{OLD "," BASE "/" ID "/a,b.png", OLD},
		{OLD "\t" BASE "/" ID "/a.png", OLD},
		{"https://old/a,b,c.png," ID, "https://old/a,b,c.png"},
		{"https://old/a,b.png " ID, "https://old/a,b.png"},
		{"https://old/a,," ID, "https://old/a,"},
		{"https://old/#a " ID, "https://old/#a"},
		{"x " ID, "x"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char id[UUID_SIZE] = "";
		struct slice url;
		struct error err;
		assert_int_equal(claim_line_read(BASE, slice_view(rows[i][0]), &url, id, &err), 1);
		assert_true(slice_equal_str(url, rows[i][1]));
		assert_string_equal(id, ID);
	}
}

static void test_nothing(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"", " ", "\t \r", "\r", "# a comment", "  #" OLD " " ID, "#"};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char id[UUID_SIZE];
		struct slice url;
		struct error err;
		assert_int_equal(claim_line_read(BASE, slice_view(rows[i]), &url, id, &err), 0);
	}
}

static void test_bad(void **state)
{
	(void)state;
	static const char *const rows[] = {
		OLD,
		ID,
		OLD ",",
		OLD " x",
		OLD ", " ID,
		OLD " ," ID,
		OLD " " ID " more",
		OLD " " ID " # why",
		OLD "," ID ",more",
		OLD ";" ID,
		OLD "\n" ID,
		"\"" OLD "\",\"" ID "\"",
		OLD " https://evil.example/" ID "/a.png",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char id[UUID_SIZE];
		struct slice url;
		struct error err = {0};
		assert_int_equal(claim_line_read(BASE, slice_view(rows[i]), &url, id, &err), -1);
		assert_int_equal(err.status, 400);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_bad),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
