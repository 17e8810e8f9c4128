/* Numbers and hexadecimal, strictly. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/number.h"

static const struct {
	const char *text;
	int result;
	uint64_t value;
} numbers[] = {
	{"0", 0, 0},
	{"7", 0, 7},
	{"007", 0, 7},
	{"1234567890", 0, 1234567890},
	{"9223372036854775808", 0, UINT64_C(9223372036854775808)},
	{"18446744073709551615", 0, UINT64_MAX},
	{"000000000000000000000000000001", 0, 1},
	{"18446744073709551616", -1, 0},
	{"18446744073709551620", -1, 0},
	{"99999999999999999999", -1, 0},
	{"", -1, 0},
	{NULL, -1, 0},
	{"-1", -1, 0},
	{"+5", -1, 0},
	{" 5", -1, 0},
	{"5 ", -1, 0},
	{"5,5", -1, 0},
	{"1e3", -1, 0},
	{"0x10", -1, 0},
	{"abc", -1, 0},
	{"1.5", -1, 0},
	{"\xd9\xa1", -1, 0},
	{"/", -1, 0},
	{":", -1, 0},
};

static void parses_digits_only(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		uint64_t value = 0;
		assert_int_equal(
			number_parse(slice_view(numbers[i].text), &value), numbers[i].result);
		assert_true(value == numbers[i].value);
	}
	uint64_t value;
	assert_int_equal(number_parse(slice_of("1\0", 2), &value), -1);
}

static void reads_hexadecimal_digits(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		const char *lower = memchr("0123456789abcdef", c, 16);
		const char *upper = memchr("0123456789ABCDEF", c, 16);
		int digit = number_hex_digit((char)c);
		assert_int_equal(digit >= 0, lower || upper);
		if (digit >= 0) {
			assert_true(
				"0123456789abcdef"[digit] == c || "0123456789ABCDEF"[digit] == c);
		}
	}
}

static void hexadecimal_goes_there_and_back(void **state)
{
	(void)state;
	unsigned char all[256], back[256];
	char text[513];
	for (size_t i = 0; i < sizeof all; i++) {
		all[i] = (unsigned char)i;
	}
	number_hex(all, sizeof all, text);
	assert_memory_equal(text, "000102030405060708090a0b", 24);
	assert_int_equal(text[512], '\0');
	assert_int_equal(number_unhex(slice_view(text), back, sizeof back), 0);
	assert_memory_equal(all, back, sizeof all);
	number_hex(all, 0, text);
	assert_string_equal(text, "");
}

static void unhex_refuses(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"", "0", "012", "01234", "0x12", "AB12", "aB12", "012g", " 012", "01-2", "/:@G"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		unsigned char out[2];
		assert_int_equal(number_unhex(slice_view(bad[i]), out, 2), -1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_digits_only),
		cmocka_unit_test(reads_hexadecimal_digits),
		cmocka_unit_test(hexadecimal_goes_there_and_back),
		cmocka_unit_test(unhex_refuses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
