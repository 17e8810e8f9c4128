/* The key in an Authorization header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "auth/bearer.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define DIGITS "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde"
#define KEY "sk_cdn_" DIGITS "f"

static void test_good(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"Bearer " KEY,
		"bearer " KEY,
		"BEARER " KEY,
		"bEaReR " KEY,
		"Token " KEY,
		"token " KEY,
		"Bearer  \t" KEY " ",
		" Bearer " KEY,
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice key;
		struct error err;
		if (bearer_parse(slice_view(rows[i]), &key, &err) != 0) {
			fail_msg("%s: %s", rows[i], err.detail);
		}
		assert_true(slice_equal_str(key, KEY));
	}
}

static void test_bad(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"",
		" ",
		KEY,
		"Bearer",
		"Bearer ",
		"Bearer\t" KEY,
		"Bearer" KEY,
		"Bearer: " KEY,
		"Basic " KEY,
		"Bearer Bearer " KEY,
		"Bearer " KEY ", Bearer " KEY,
		"Bearer " KEY "," KEY,
		"Bearer " KEY " x",
		"Bearer " KEY "0",
		"Bearer sk_cdn_" DIGITS,
		"Bearer sk_cdn_" DIGITS "F",
		"Bearer sk_cdn_" DIGITS "g",
		"Bearer SK_CDN_" DIGITS "f",
		"Bearer sk-cdn-" DIGITS "f",
		"Bearer \"" KEY "\"",
		"Bearer xx" DIGITS "f",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct slice key;
		struct error err;
		if (bearer_parse(slice_view(rows[i]), &key, &err) == 0) {
			fail_msg("%s was taken", rows[i]);
		}
		assert_int_equal(err.status, 401);
		assert_string_equal(err.code, "invalid_auth");
		/* The detail goes to the log, and what was sent does not. */
		assert_null(strstr(err.detail, "0123456789"));
	}
}

static void test_odd_bytes(void **state)
{
	(void)state;
	struct slice key;
	struct error err;
	static char long_one[64 * 1024];
	memset(long_one, 'a', sizeof long_one);
	memcpy(long_one, "Bearer sk_cdn_", 14);
	assert_int_equal(bearer_parse(slice_of(long_one, sizeof long_one), &key, &err), -1);
	assert_int_equal(bearer_parse((struct slice){NULL, 0}, &key, &err), -1);
	char with_nul[] = "Bearer " KEY;
	with_nul[20] = '\0';
	assert_int_equal(bearer_parse(slice_of(with_nul, sizeof with_nul - 1), &key, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_odd_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
