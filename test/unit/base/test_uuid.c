/* UUIDv7. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/uuid.h"

static void writes_the_example_of_the_rfc(void **state)
{
	(void)state;
	/* RFC 9562 appendix A.6; version and variant are put over whatever bits are given. */
	static const unsigned char random[UUID_RANDOM] = {
		0xfc, 0xc3, 0xd8, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f};
	char out[UUID_SIZE];
	uuid_format(INT64_C(1645557742000), random, out);
	assert_string_equal(out, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void times_go_there_and_back(void **state)
{
	(void)state;
	static const int64_t times[] = {
		0, 1, INT64_C(1645557742000), INT64_C(1769688000123), (INT64_C(1) << 48) - 1};
	static const unsigned char fills[] = {0x00, 0x5a, 0xff};
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		for (size_t k = 0; k < sizeof fills; k++) {
			unsigned char random[UUID_RANDOM];
			char out[UUID_SIZE];
			memset(random, fills[k], sizeof random);
			uuid_format(times[i], random, out);
			assert_int_equal(strlen(out), UUID_LENGTH);
			assert_true(uuid_is_valid(slice_view(out)));
			assert_true(uuid_time_ms(slice_view(out)) == times[i]);
		}
	}
}

static void later_sorts_after(void **state)
{
	(void)state;
	static const unsigned char high[UUID_RANDOM] = {0xff, 0xff}, low[UUID_RANDOM] = {0};
	char first[UUID_SIZE], second[UUID_SIZE];
	uuid_format(INT64_C(1769688000123), high, first);
	uuid_format(INT64_C(1769688000124), low, second);
	assert_true(strcmp(first, second) < 0);
}

static const struct {
	const char *text;
	bool valid;
} rows[] = {
	{"017f22e2-79b0-7cc3-98c4-dc0c0c07398f", true},
	{"00000000-0000-7000-8000-000000000000", true},
	{"ffffffff-ffff-7fff-bfff-ffffffffffff", true},
	{"017f22e2-79b0-7cc3-a8c4-dc0c0c07398f", true},
	{"", false},
	{"017F22E2-79B0-7CC3-98C4-DC0C0C07398F", false},
	{"017f22e2-79b0-4cc3-98c4-dc0c0c07398f", false},
	{"017f22e2-79b0-7cc3-c8c4-dc0c0c07398f", false},
	{"017f22e2-79b0-7cc3-08c4-dc0c0c07398f", false},
	{"017f22e279b07cc398c4dc0c0c07398f", false},
	{"{017f22e2-79b0-7cc3-98c4-dc0c0c07398}", false},
	{"017f22e2-79b0-7cc3-98c4-dc0c0c07398", false},
	{"017f22e2-79b0-7cc3-98c4-dc0c0c07398f0", false},
	{"017f22e2-79b0-7cc3-98c4-dc0c0c07398g", false},
	{"017f22e2-79b0-7cc3-98c4-dc0c0c07398/", false},
	{"017f22e2079b0-7cc3-98c4-dc0c0c07398f", false},
	{"-17f22e2-79b0-7cc3-98c4-dc0c0c07398f", false},
	{"017f22e2-79b0-7cc3-98c4-../../../../", false},
};

static void knows_its_own(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(uuid_is_valid(slice_view(rows[i].text)), rows[i].valid);
	}
	assert_false(uuid_is_valid(slice_of("017f22e2-79b0-7cc3-98c4-dc0c0c0739\0f", UUID_LENGTH)));
	assert_false(uuid_is_valid(slice_view(NULL)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_the_example_of_the_rfc),
		cmocka_unit_test(times_go_there_and_back),
		cmocka_unit_test(later_sorts_after),
		cmocka_unit_test(knows_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
