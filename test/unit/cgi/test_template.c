/* Names in configuration files, and their values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cgi/template.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct template_value values[] = {
	{{"A", 1}, {"one", 3}, {NULL, 0}},
	{{"B_2", 3}, {"@A@", 3}, {NULL, 0}},
	{{"EMPTY", 5}, {"", 0}, {NULL, 0}},
	{{"LINES", 5}, {"x\n\ty", 4}, {NULL, 0}},
	{{"UNKNOWN", 7}, {NULL, 0}, {NULL, 0}},
};

/* In a block of its exact size, so that the sanitizer sees a look beyond it. */
static struct slice exact(const char *text, char **block)
{
	size_t n = strlen(text);
	*block = malloc(n ? n : 1);
	assert_non_null(*block);
	memcpy(*block, text, n);
	return slice_of(*block, n);
}

static void test_fill(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"a\n", "a\n"},
		{"a", "a\n"},
		{"a\n\nb\n", "a\n\nb\n"},
		{"@A@\n", "one\n"},
		{"x@A@@A@y @B_2@\n", "xoneoney @A@\n"},
		/* What is none. */
		{"@ @@ @a@ @Ab@ @A @1A@ @_A@ @A B@ @A?\n",
			"@ @@ @a@ @Ab@ @A @1A@ @_A@ @A B@ @A?\n"},
		{"@@A@@", "@one@\n"},
		{"@A@A@", "oneA@\n"},
		/* Lines that go. */
		{"a\n@EMPTY@\nb\n", "a\nb\n"},
		{"a\n\t @EMPTY@ \nb\n", "a\nb\n"},
		{"a@EMPTY@\n", "a\n"},
		{"@EMPTY@@EMPTY@\n", "\n"},
		{"a\nuser @EMPTY?@;\nb\n", "a\nb\n"},
		{"a\n@A@ user @EMPTY?@ @A@;\nb\n", "a\nb\n"},
		{"user @A?@;\n", "user one;\n"},
		{"\t@LINES@\n", "\tx\n\ty\n"},
		/* Declarations. */
		{"# head\n#: A two means\n;: UNKNOWN @NOBODY@\n#:\n #: C\n", "# head\n#:\n #: C\n"},
		{"#: A two", ""},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char storage[256], *block;
		struct buf out;
		struct slice missing;
		buf_init(&out, storage, sizeof storage);
		int status = template_fill(
			exact(rows[i].text, &block), values, COUNT(values), &out, &missing);
		struct slice got = buf_view(&out);
		if (status != 0 || !slice_equal_str(got, rows[i].expected)) {
			fail_msg("row %zu: %d, %.*s", i, status, (int)got.n, got.p);
		}
		free(block);
	}
}

static void test_fill_without_a_value(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"@NONE@", "a\n@NONE?@\n", "@A@ @NONE@", "@NONE@ @UNKNOWN@"};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char storage[64];
		struct buf out;
		struct slice missing;
		buf_init(&out, storage, sizeof storage);
		assert_int_equal(
			template_fill(slice_view(rows[i]), values, COUNT(values), &out, &missing),
			-1);
		assert_true(slice_equal_str(missing, "NONE"));
	}
	struct buf out = {0};
	struct slice missing;
	assert_int_equal(
		template_fill(slice_view("@UNKNOWN@"), values, COUNT(values), &out, &missing), -1);
}

static void test_title(void **state)
{
	(void)state;
	static const struct {
		const char *text, *title;
	} rows[] = {
		{"# It is.\n# More\n", "It is."},
		{"; It is.", "It is."},
		{"-- It is.", "It is."},
		{"#!/bin/sh\n# It is.\n", "It is."},
		{"#!/bin/sh", ""},
		{"", ""},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_true(
			slice_equal_str(template_title(slice_view(rows[i].text)), rows[i].title));
	}
}

static void test_declared(void **state)
{
	(void)state;
	struct slice rest =
		slice_view("# head\n#: RUN /run/cdn  where\tsockets are\nx\n;: B -\n#: C\n");
	static const char *const expected[][3] = {
		{"RUN", "/run/cdn", "where\tsockets are"}, {"B", "", ""}, {"C", "", ""}};
	struct template_declared d;
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_true(template_next_declared(&rest, &d));
		assert_true(slice_equal_str(d.name, expected[i][0]));
		assert_true(slice_equal_str(d.fallback, expected[i][1]));
		assert_true(slice_equal_str(d.meaning, expected[i][2]));
	}
	assert_false(template_next_declared(&rest, &d));
	assert_false(template_next_declared(&rest, &d));
}

static void test_used(void **state)
{
	(void)state;
	struct slice text = slice_view("#: A @HIDDEN@ means\n@B@ a@C?@\n\n@B@"), rest = text, name;
	static const char *const expected[] = {"B", "C", "B"};
	for (size_t i = 0; i < COUNT(expected); i++) {
		assert_true(template_next_used(&rest, &name));
		assert_true(slice_equal_str(name, expected[i]));
	}
	assert_false(template_next_used(&rest, &name));
	static const char *const has[] = {"A", "B", "C", "HIDDEN"}, *const has_not[] = {
									    "D", "HIDDE", ""};
	for (size_t i = 0; i < COUNT(has); i++) {
		assert_true(template_has(text, slice_view(has[i])));
	}
	for (size_t i = 0; i < COUNT(has_not); i++) {
		assert_false(template_has(text, slice_view(has_not[i])));
	}
}

static void test_plain(void **state)
{
	(void)state;
	static const char *const good[] = {"", "/srv/cdn", "https://a.example:8443/~ann/c+d",
		"unix:/run/x.sock", "user=cdn", "a,b_c-D9"};
	static const char *const bad[] = {"a b", "a\tb", "a\nb", "a;b", "a\"", "'a", "{", "}",
		"$HOME", "a\\", "%(x)s", "a#b", "`a`", "(a)", "[a]", "a|b", "<a>", "a@b", "a&b",
		"a?b", "a*", "!a", "^a", "\xc3\xa9", "\x7f"};
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(template_is_plain(slice_view(good[i])));
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		if (template_is_plain(slice_view(bad[i]))) {
			fail_msg("%s", bad[i]);
		}
	}
	assert_false(template_is_plain(slice_of("a\0b", 3)));
	assert_false(template_is_plain(slice_of("a\0", 2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fill),
		cmocka_unit_test(test_fill_without_a_value),
		cmocka_unit_test(test_title),
		cmocka_unit_test(test_declared),
		cmocka_unit_test(test_used),
		cmocka_unit_test(test_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
