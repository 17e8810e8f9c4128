/* Accept: text/plain or JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/accept.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static bool wants_text(struct slice accept)
{
	return accept_prefers(accept, "text/plain", "application/json");
}

static void test_text(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"text/plain",
		"TEXT/Plain",
		"text/*",
		"text/plain, */*;q=0.1",
		"text/plain;q=1, application/json;q=0.999",
		"text/plain;q=0.5, application/json;q=0.4",
		"text/plain;q=0.001",
		"text/plain; charset=utf-8",
		"text/plain;format=flowed",
		"text/plain ; q=0.9 , application/json ; q=0.8",
		"text/plain;Q=0.9, application/json;Q=0.8",
		"application/json;q=0, */*",
		"application/*;q=0.1, */*;q=0.2",
		"text/*;q=0.9, */*;q=0.8",
		"text/html, text/plain",
		"*/*;q=0.1, text/plain;q=0.2",
		"text/plain;q=0, text/plain",
		",,text/plain,,",
		"nonsense, text/plain",
		"application/json;q=2, text/plain;q=0.1",
		"application/json;q=.9, text/plain;q=0.1",
		"application/json;q=0.1234, text/plain;q=0.1",
		"application/json;q=, text/plain;q=0.1",
		"application/json;q=\"1\", text/plain;q=0.1",
		"application/json;x, text/plain;q=0.1",
		"application/json;a=\",application/json,\";q=0.1, text/plain;q=0.2",
		"text/plain;a=\"\\\",application/json;q=\"",
		"text/plain;q=1.000",
		"text/*, text/plain;q=",
		"text/plain;q=1.",
		"text/plain;q=1,5",
		"text/plain;q=0.;x=1, text/plain;q=0.1",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (!wants_text(slice_view(rows[i]))) {
			fail_msg("JSON for %s", rows[i]);
		}
	}
}

static void test_json(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"",
		" ",
		",",
		"*/*",
		"application/json, text/plain, */*",
		"application/json",
		"application/json, text/plain",
		"text/plain, application/json",
		"text/plain, */*",
		"text/*, application/*",
		"text/plain;q=0.5, application/json;q=0.5",
		"text/plain;q=0.5, application/json",
		"text/plain;q=0",
		"text/plain;q=0.0, */*;q=0",
		"text/plain;q=0.000, application/json;q=0",
		"text/html, application/xhtml+xml, application/xml;q=0.9, */*;q=0.8",
		"text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
		"text/*;q=0.1, */*",
		"text/plain;q=0.1, text/*, application/json;q=0.5",
		"image/png",
		"text/plaintext",
		"text/plai",
		"text",
		"text/",
		"*",
		"*/plain",
		"text*/*",
		"text/plain*",
		"text/*x",
		"textt/*",
		"ext/*",
		"text/plain/x",
		"text /plain",
		"text/plain;q=1.001",
		"text/plain;q=2",
		"text/plain;q=-1",
		"text/plain;q=1e0",
		"text/plain;q=0.5-",
		"text/plain;q=0.x",
		"text/plain;q=0.1234",
		"text/plain;q=00.5",
		"text/plain;q = 1",
		"text/plain;q=\"1\"",
		"text/plain;q",
		"text/plain;q=",
		"text/plain;q=1;q=x",
		"text/plain;a=\"",
		"text/plain;a=\"b",
		"text/plain;a=\"b\\",
		"\"text/plain\"",
		"x=\",text/plain,\"",
		"text/plain;x=\"\"y",
		"application/json;odata=verbose, text/plain;q=0.9",
		"text\xc3\xa9/plain",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (wants_text(slice_view(rows[i]))) {
			fail_msg("text for %s", rows[i]);
		}
	}
	assert_false(wants_text((struct slice){NULL, 0}));
	assert_false(wants_text(slice_of("text/plain\0", 11)));
}

/* 128 kB of anything, then the one that counts. */
static void test_long(void **state)
{
	(void)state;
	static const char *const fill[] = {",", "a,", "*/*;q=0.1,", "text/*;q=0.001,", ";,",
		"\"\",", "a/b;c=\"\\\"\",", "application/json;x,", " ", "\t,"};
	for (size_t i = 0; i < COUNT(fill); i++) {
		static char text[128 * 1024];
		static const char last[] = "text/plain";
		size_t n = 0, step = strlen(fill[i]);
		while (n + step + sizeof last <= sizeof text) {
			memcpy(text + n, fill[i], step);
			n += step;
		}
		memcpy(text + n, last, sizeof last);
		assert_true(wants_text(slice_view(text)));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
