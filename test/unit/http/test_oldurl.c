/* Old URLs: in queries, as claims, of pictures. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/oldurl.h"
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

static void test_found(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		/* As it stands, to the end, whatever is in it. */
		{"url=https://old.example/a.png", "https://old.example/a.png"},
		{"url=http://old/a?b=c&d=e&url=f", "http://old/a?b=c&d=e&url=f"},
		{"url=https://old//a%2Fb%20c%zz+%", "https://old//a%2Fb%20c%zz+%"},
		{"url=https://old/%00%0a", "https://old/%00%0a"},
		{"url=HTTPS://Old/A", "HTTPS://Old/A"},
		{"url=http://", "http://"},
		{"url=https://old/#a", "https://old/#a"},
		{"url=https://old/\xc3\xa9\xff", "https://old/\xc3\xa9\xff"},
		{"url=https://old/a&", "https://old/a&"},
		/* Encoded, wholly or in part. */
		{"url=https%3A%2F%2Fold%2Fa", "https://old/a"},
		{"url=https%3a//old/a?b", "https://old/a?b"},
		{"url=https:%2F%2Fold%2Fa%26b&c=d", "https://old/a&b"},
		{"url=http%3A%2F%2Fold%2Fa%2520b+c&url=x", "http://old/a%20b+c"},
		{"url=%68ttp://old/a&b", "http://old/a"},
		{"url=hTTp%3A//old/%C3%A9%ff", "hTTp://old/\xc3\xa9\xff"},
		/* Behind others. */
		{"a=b&url=https://old/?a=b&c", "https://old/?a=b&c"},
		{"a&&url=https%3A//old", "https://old"},
		{"xurl=http://no&my-url=http://no&URL=x&url=http://old", "http://old"},
		{"u%72l=http://no&url=http://old", "http://old"},
		{"a=%zz&url=http://old", "http://old"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice url;
		struct error err;
		assert_int_equal(oldurl_find(&arena, slice_view(rows[i][0]), &url, &err), 1);
		assert_int_equal(url.n, strlen(rows[i][1]));
		assert_memory_equal(url.p, rows[i][1], url.n);
	}
}

static void test_missing(void **state)
{
	(void)state;
	static const char *const rows[] = {
		NULL,
		"",
		"&",
		"url",
		"url=",
		"url=&",
		"url=&a=b",
		"url=&url=http://old",
		"ur=http://old",
		"a=url=http://old",
		"https://old",
		"URL=http://old",
		"url[]=http://old",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice url;
		struct error err;
		assert_int_equal(oldurl_find(&arena, slice_view(rows[i]), &url, &err), 0);
	}
}

static void test_bad(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"url=x",
		"url=%",
		"url=%zz",
		"url=https%3A//old/%",
		"url=https%3A//old/%2",
		"url=https%3A//old/%g0",
		"url=https%3A//old/%00",
		"url=https%3A//old/%0d%0aSet-Cookie:x",
		"url=https%3A//old/%7f",
		"url=https%3A//old/%1f&a",
		"url=https://old/\n",
		"url=ftp://old/a",
		"url=file:///etc/passwd",
		"url=//old/a",
		"url=/a",
		"url=https:/old",
		"url=https",
		"url= https://old",
		"url=+https://old",
		"url=%20https://old",
		"url=javascript:alert(1)",
		"url=https%253A%252F%252Fold",
		"url=x&url=https://old",
	};
	for (size_t i = 0; i <= COUNT(rows); i++) {
		struct slice url;
		struct error err = {0};
		struct slice query =
			i < COUNT(rows) ? slice_view(rows[i]) : slice_of("url=https://old/\0", 17);
		assert_int_equal(oldurl_find(&arena, query, &url, &err), -1);
		assert_int_equal(err.status, 400);
		assert_string_equal(err.code, "bad_request");
	}
}

static void test_full(void **state)
{
	(void)state;
	static char query[PATH_TARGET_MAX + 1] = "url=https%3A//";
	struct arena small;
	struct slice url;
	struct error err;
	memset(query + 14, 'a', PATH_TARGET_MAX - 14);
	assert_int_equal(arena_init(&small, 1024), 0);
	assert_int_equal(oldurl_find(&small, slice_view(query), &url, &err), -1);
	assert_int_equal(err.status, 500);
	assert_int_equal(oldurl_find(&arena, slice_view(query), &url, &err), 1);
	assert_int_equal(url.n, PATH_TARGET_MAX - 6);
	arena_release(&small);
}

static void test_claimable(void **state)
{
	(void)state;
	static const char *const good[] = {"http://a", "https://a/b?c#d&e,f%zz\"'<>\\", "HTTP://A",
		"https://old/%C3%A9", "https:///", "https://~"};
	static const char *const bad[] = {"", "a", "http://", "https://", "ftp://a", "http:/a",
		"https://a b", "https://a ", " https://a", "https://a\tb", "https://a\n",
		"https://a\x7f", "https://old/\xc3\xa9", "https://\xe2\x80\x8b",
		"https://a\xc2\x9b", "https://a\xc2\x80", "https://\xff", "https://\xc3",
		"https://\xc0\xaf", "https://\xed\xa0\x80"};
	for (size_t i = 0; i < COUNT(good); i++) {
		assert_true(oldurl_is_claimable(slice_view(good[i])));
	}
	for (size_t i = 0; i < COUNT(bad); i++) {
		assert_false(oldurl_is_claimable(slice_view(bad[i])));
	}
	assert_false(oldurl_is_claimable(slice_of("https://a\0b", 11)));
	char longest[OLDURL_MAX + 2] = "https://";
	memset(longest + 8, 'a', OLDURL_MAX - 8);
	assert_true(oldurl_is_claimable(slice_view(longest)));
	longest[OLDURL_MAX] = 'a';
	assert_false(oldurl_is_claimable(slice_view(longest)));
}

static void test_picture(void **state)
{
	(void)state;
	static const char *const pictures[] = {"https://old/a.png", "http://old/a.JPG",
		"https://old/a.jpeg", "https://old/a.Png?x=y.txt", "https://old/a.png#b",
		"https://old/a.jpg#b?c", "https://old/.png", "https://old/a.b.png",
		"https://old/a.png?"};
	static const char *const others[] = {"https://old/a", "https://old/png",
		"https://old/a.gif", "https://old/a.png/", "https://old/a.png/b",
		"https://old/a?b.png", "https://old/#b.png", "https://old.png",
		"https://old.png?a/b.png", "https://old/a.pn", "https://old/a.png%20", "https://"};
	for (size_t i = 0; i < COUNT(pictures); i++) {
		assert_true(oldurl_is_picture(slice_view(pictures[i])));
	}
	for (size_t i = 0; i < COUNT(others); i++) {
		assert_false(oldurl_is_picture(slice_view(others[i])));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found),
		cmocka_unit_test(test_missing),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_claimable),
		cmocka_unit_test(test_picture),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
