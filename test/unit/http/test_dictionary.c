/* Dictionaries of structured fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/dictionary.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The members as "key" or "key:base64:", separated by blanks; NULL when it is no dictionary. */
static const char *read_all(struct slice value)
{
	static char told[512];
	struct dictionary_member m;
	size_t n = 0;
	int got;
	*told = '\0';
	while ((got = dictionary_next(&value, &m)) == 1) {
		n += (size_t)snprintf(
			told + n, sizeof told - n, "%s%.*s", n ? " " : "", (int)m.key.n, m.key.p);
		if (m.base64.p) {
			n += (size_t)snprintf(
				told + n, sizeof told - n, ":%.*s:", (int)m.base64.n, m.base64.p);
		}
		assert_true(n < sizeof told);
	}
	return got == 0 ? told : NULL;
}

static void test_good(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{"", ""},
		{"   ", ""},
		{"a", "a"},
		{" a ", "a"},
		{"a=1", "a"},
		{"a=-1", "a"},
		{"a=123456789012345", "a"},
		{"a=123456789012.125", "a"},
		{"a=-0.1", "a"},
		{"a=?1, b=?0", "a b"},
		{"a=token, b=*x:/~, c=A", "a b c"},
		{"a=\"\"", "a"},
		{"a=\"x, b=:AA==:, c\"", "a"},
		{"a=\"\\\\\\\"\", b", "a b"},
		{"a=::", "a::"},
		{"a=:Zm9v:", "a:Zm9v:"},
		{"a=:Zg:", "a:Zg:"},
		{"a=:Zm9v:,b=:Zg==:", "a:Zm9v: b:Zg==:"},
		{"a=:Zm9v: ,\tb", "a:Zm9v: b"},
		{"a=:Zm9v:;x;y=1; z=\"q,\", b", "a:Zm9v: b"},
		{"a;x=:Zm9v:, b", "a b"},
		{"a=();x", "a"},
		{"a=( )", "a"},
		{"a=(1 2;x=3  :Zm9v: \")\" tok)", "a"},
		{"a=(1 ), b=( 1)", "a b"},
		{"a=1, a=:Zg==:, a", "a a:Zg==: a"},
		{"*, *a, a*, a-b_c.d9", "* *a a* a-b_c.d9"},
		{"sha-256=:Zg==:, sha-512=:Zg==:", "sha-256:Zg==: sha-512:Zg==:"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *got = read_all(slice_view(rows[i][0]));
		if (!got || strcmp(got, rows[i][1]) != 0) {
			fail_msg("%s: %s", rows[i][0], got ? got : "no dictionary");
		}
	}
}

static void test_bad(void **state)
{
	(void)state;
	static const char *const rows[] = {",", "a,", "a, ", ",a", "a,,b", "a b", "a=", "a=,b",
		"a= 1", "a =1", "A", "A=1", "Sha-256=:Zg==:", "9a", "-a", "_a", ".a", "=a", "a=b c",
		"a=1.", "a=.5", "a=-", "a=--1", "a=1.2345", "a=1.2.3", "a=1234567890123456",
		"a=1234567890123.1", "a=+1", "a=1e3", "a=?", "a=?2", "a=?10", "a=?true", "a=\"",
		"a=\"x", "a=\"\\", "a=\"\\\"", "a=\"\\n\"", "a=\"\x01\"", "a=\"\x7f\"",
		"a=\"\xc3\xa9\"", "a=\"x\"y", "a=:", "a=:Zg",
		"a=:Zg==", "a=:Z g:", "a=:Z-_g:", "a=:Zg==:x", "a=:Zg==::", "a=(", "a=(1", "a=(1 ",
		"a=(1,2)", "a=(1\t2)", "a=(1)(2)", "a=((1))", "a=(1\"x\")", "a=(:Zg==:1)",
		"a=(1;x\"y\")", "a=)", "a=(a)b", "a=(1;)", "a;", "a; ", "a;X", "a;x=", "a;x=(1)",
		"a ;x", "a;x =1", "a;;x", "a=\xc3\xa9", "a\x01", "a=@1", "a={}", "a;x y",
		"X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="};
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (read_all(slice_view(rows[i]))) {
			fail_msg("taken for a dictionary: %s", rows[i]);
		}
	}
	assert_null(read_all(slice_of("a=\0", 3)));
	assert_null(read_all(slice_of("a=(\0)", 5)));
	assert_null(read_all(slice_of("a=\"\0\"", 5)));
	assert_null(read_all(slice_of("\0", 1)));
}

/* `one` repeated to fill 64 kB, then `end`. */
static size_t count_members(const char *one, const char *end, int *got)
{
	static char text[64 * 1024];
	size_t n = 0, count = 0;
	struct dictionary_member m;
	while (n + strlen(one) + strlen(end) <= sizeof text) {
		memcpy(text + n, one, strlen(one));
		n += strlen(one);
	}
	memcpy(text + n, end, strlen(end));
	struct slice rest = slice_of(text, n + strlen(end));
	while ((*got = dictionary_next(&rest, &m)) == 1) {
		count++;
	}
	return count;
}

static void test_long(void **state)
{
	(void)state;
	int got;
	assert_true(count_members("a=1,", "b", &got) > 10000);
	assert_int_equal(got, 0);
	static const char *const endless[] = {"a;", "a=(", "a=( ", "(", ":", "\"", "a=\"\\\"", " ",
		"a", "a=:A", "a=\"", "=", ";", "a=1", "a=:a:;x="};
	for (size_t i = 0; i < COUNT(endless); i++) {
		size_t count = count_members(endless[i], "!", &got);
		assert_int_equal(got, -1);
		assert_int_equal(count, 0);
	}
	assert_int_equal(count_members(" ", "", &got), 0);
	assert_int_equal(got, 0);
	assert_int_equal(count_members("a", "", &got), 1);
	assert_int_equal(got, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
