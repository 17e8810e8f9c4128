/* Random bytes and what is made of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "crypto/random.h"

static void test_bytes(void **state)
{
	(void)state;
	unsigned char a[32] = {0}, b[32] = {0}, guard[34];
	assert_int_equal(random_bytes(a, sizeof a), 0);
	assert_int_equal(random_bytes(b, sizeof b), 0);
	assert_memory_not_equal(a, b, sizeof a);
	memset(guard, 0xa5, sizeof guard);
	assert_int_equal(random_bytes(guard + 1, 32), 0);
	assert_int_equal(guard[0], 0xa5);
	assert_int_equal(guard[33], 0xa5);
	assert_int_equal(random_bytes(guard, 0), 0);
}

static void test_uuid(void **state)
{
	(void)state;
	char a[UUID_SIZE], b[UUID_SIZE];
	assert_int_equal(random_uuid(1700000000123, a), 0);
	assert_int_equal(random_uuid(1700000000123, b), 0);
	assert_true(uuid_is_valid(slice_view(a)));
	assert_int_equal(uuid_time_ms(slice_view(a)), 1700000000123);
	assert_string_not_equal(a, b);
}

/* Each letter and digit turns up, nothing else does, and the end is terminated. */
static void test_alphanumeric(void **state)
{
	(void)state;
	static const char all[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	size_t seen[sizeof all] = {0};
	for (int i = 0; i < 200; i++) {
		char out[101];
		memset(out, '!', sizeof out);
		assert_int_equal(random_alphanumeric(out, 100), 0);
		assert_int_equal(strlen(out), 100);
		assert_int_equal(strspn(out, all), 100);
		for (size_t j = 0; j < 100; j++) {
			seen[strchr(all, out[j]) - all]++;
		}
	}
	for (size_t i = 0; i < sizeof all - 1; i++) {
		/* 20,000 draws of 62: 322 each, give or take 18. */
		assert_in_range(seen[i], 200, 450);
	}
	char none[1];
	assert_int_equal(random_alphanumeric(none, 0), 0);
	assert_string_equal(none, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_alphanumeric),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
