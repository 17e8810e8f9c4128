/* Borrowed runs of bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/slice.h"

static void views(void **state)
{
	(void)state;
	assert_int_equal(slice_view("abc").n, 3);
	assert_int_equal(slice_view("").n, 0);
	assert_non_null(slice_view("").p);
	assert_int_equal(slice_view(NULL).n, 0);
	assert_null(slice_view(NULL).p);
	assert_int_equal(slice_of("a\0b", 3).n, 3);
}

static void takes_parts(void **state)
{
	(void)state;
	struct slice s = slice_view("abcdef");
	assert_true(slice_equal_str(slice_from(s, 0), "abcdef"));
	assert_true(slice_equal_str(slice_from(s, 4), "ef"));
	assert_true(slice_equal_str(slice_from(s, 6), ""));
	assert_int_equal(slice_from(s, SIZE_MAX).n, 0);
	assert_int_equal(slice_from(slice_view(NULL), 1).n, 0);
	assert_true(slice_equal_str(slice_head(s, 2), "ab"));
	assert_true(slice_equal_str(slice_head(s, 0), ""));
	assert_true(slice_equal_str(slice_head(s, SIZE_MAX), "abcdef"));
}

static const struct {
	const char *a, *b;
	bool equal, equal_nocase, starts;
} comparisons[] = {
	{"abc", "abc", true, true, true},
	{"", "", true, true, true},
	{NULL, "", true, true, true},
	{"aBc", "AbC", false, true, false},
	{"abc", "ab", false, false, true},
	{"ab", "abc", false, false, false},
	{"abc", "", false, false, true},
	{"", "a", false, false, false},
	{"abc", "abd", false, false, false},
	{"\xc3\xa9", "\xc3\x89", false, false, false},
	{"[", "{", false, false, false},
};

static void compares(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof comparisons / sizeof *comparisons; i++) {
		struct slice a = slice_view(comparisons[i].a);
		const char *b = comparisons[i].b;
		assert_int_equal(slice_equal_str(a, b), comparisons[i].equal);
		assert_int_equal(slice_equal(a, slice_view(b)), comparisons[i].equal);
		assert_int_equal(slice_equal_nocase(a, b), comparisons[i].equal_nocase);
		assert_int_equal(slice_starts(a, b), comparisons[i].starts);
	}
	assert_false(slice_equal(slice_of("a\0b", 3), slice_of("a\0c", 3)));
}

static const struct {
	const char *s;
	char c;
	size_t first, last;
} finds[] = {
	{"a.b.c", '.', 1, 3},
	{".", '.', 0, 0},
	{"abc", '.', 3, 3},
	{"", '.', 0, 0},
	{NULL, '.', 0, 0},
};

static void finds_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof finds / sizeof *finds; i++) {
		assert_int_equal(slice_find(slice_view(finds[i].s), finds[i].c), finds[i].first);
		assert_int_equal(
			slice_find_last(slice_view(finds[i].s), finds[i].c), finds[i].last);
	}
	assert_int_equal(slice_find(slice_of("a\0b", 3), '\0'), 1);
}

static const struct {
	const char *s;
	size_t pieces;
	const char *last;
} cuts[] = {
	{"a,b,c", 3, "c"},
	{"a", 1, "a"},
	{"a,", 2, ""},
	{",a", 2, "a"},
	{",", 2, ""},
	{"", 1, ""},
	{NULL, 0, NULL},
};

static void cuts_at_every_separator(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		struct slice rest = slice_view(cuts[i].s), piece = {NULL, 0};
		size_t pieces = 0;
		while (rest.p) {
			piece = slice_cut(&rest, ',');
			pieces++;
		}
		assert_int_equal(pieces, cuts[i].pieces);
		assert_true(slice_equal(piece, slice_view(cuts[i].last)));
	}
}

static const struct {
	const char *s, *trimmed;
} trims[] = {
	{" a ", "a"},
	{"\t a b \t", "a b"},
	{"a", "a"},
	{"   ", ""},
	{"", ""},
	{NULL, ""},
	{"\na\r", "\na\r"},
	{"\xc2\xa0"
	 "a",
		"\xc2\xa0"
		"a"},
};

static void trims_optional_white_space(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof trims / sizeof *trims; i++) {
		assert_true(slice_equal_str(slice_trim(slice_view(trims[i].s)), trims[i].trimmed));
	}
}

static void test_has_control(void **state)
{
	static const char *const without[] = {"", " ", "a~", "\xc2\x80", "\xff"};
	static const char *const with[] = {"\x01", "a\n", "\x1f", "a\x7f", "\tb"};
	(void)state;
	for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
		assert_false(slice_has_control(slice_view(without[i])));
	}
	for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
		assert_true(slice_has_control(slice_view(with[i])));
	}
	assert_true(slice_has_control(slice_of("a\0b", 3)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(views),
		cmocka_unit_test(takes_parts),
		cmocka_unit_test(compares),
		cmocka_unit_test(finds_bytes),
		cmocka_unit_test(cuts_at_every_separator),
		cmocka_unit_test(trims_optional_white_space),
		cmocka_unit_test(test_has_control),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
