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

static void test_life(void **state)
{
	(void)state;
	static const struct {
		int64_t expires_ms, revoked_ms;
		int status;
	} rows[] = {
		{0, 0, 0},
		{1001, 0, 0},
		{INT64_MAX, 0, 0},
		{1000, 0, 401},
		{999, 0, 401},
		{1, 0, 401},
		{0, 1, 401},
		{0, 1000, 401},
		{0, 2000, 401},
		{2000, 999, 401},
		{999, 999, 401},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct key key = {
			.expires_ms = rows[i].expires_ms, .revoked_ms = rows[i].revoked_ms};
		struct error err = {0};
		int status = bearer_check_life(&key, 1000, &err);
		assert_int_equal(status, rows[i].status ? -1 : 0);
		assert_int_equal(err.status, rows[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_odd_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
