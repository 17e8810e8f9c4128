/* When a key's use is to be noted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/key.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define NOW 1700000000000

static void test_due(void **state)
{
	(void)state;
	static const struct {
		int64_t last_used_ms;
		bool due;
	} rows[] = {
		{0, true},
		{NOW, false},
		{NOW - 1, false},
		{NOW - KEY_USE_MS + 1, false},
		{NOW - KEY_USE_MS, true},
		{NOW - KEY_USE_MS - 1, true},
		{NOW + 1, false},
		{NOW + KEY_USE_MS - 1, false},
		{NOW + KEY_USE_MS, true},
		{INT64_MAX, true},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct key key = {.last_used_ms = rows[i].last_used_ms};
		assert_int_equal(key_use_is_due(&key, NOW), rows[i].due);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_due)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
