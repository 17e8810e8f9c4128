/* Sizes for people, rounded as ActiveSupport rounds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/human.h"

static const struct {
	uint64_t bytes;
	const char *text;
} rows[] = {
	{0, "0 Bytes"},
	{1, "1 Byte"},
	{2, "2 Bytes"},
	{1000, "1000 Bytes"},
	{1023, "1023 Bytes"},
	{1ULL << 10, "1 KB"},
	{(1ULL << 10) + 1, "1 KB"},
	{1029, "1 KB"},
	{1030, "1.01 KB"},
	{1152, "1.13 KB"}, /* 1.125: halves go up */
	{1234, "1.21 KB"},
	{12345, "12.1 KB"},
	{123456, "121 KB"},
	{1234567, "1.18 MB"},
	{1234567890, "1.15 GB"},
	{UINT64_C(1234567890123), "1.12 TB"},
	{10235, "10 KB"},   /* 9.995 KB */
	{10234, "9.99 KB"}, /* 9.994 KB */
	{102348, "99.9 KB"},
	{102349, "100 KB"},
	{1023ULL << 10, "1020 KB"},
	{(1ULL << 20) - 1, "1020 KB"},
	{1000ULL << 10, "1000 KB"},
	{1004ULL << 10, "1000 KB"},
	{1005ULL << 10, "1010 KB"},
	{(1014ULL << 10) + 512, "1010 KB"}, /* not 1015 first and 1020 then */
	{(999ULL << 10) + 512, "1000 KB"},
	{1ULL << 20, "1 MB"},
	{(1ULL << 20) + 524288, "1.5 MB"},
	{10ULL << 20, "10 MB"},
	{(10ULL << 20) + 52428, "10 MB"},
	{(10ULL << 20) + 52429, "10.1 MB"}, /* 10.05 */
	{50ULL << 20, "50 MB"},
	{100ULL << 20, "100 MB"},
	{500ULL << 20, "500 MB"},
	{50ULL << 30, "50 GB"},
	{300ULL << 30, "300 GB"},
	{1ULL << 40, "1 TB"},
	{1023ULL << 40, "1020 TB"},
	{1024ULL << 40, "1020 TB"},
	{UINT64_MAX, "16800000 TB"},
};

static void writes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char out[HUMAN_SIZE];
		human_size(rows[i].bytes, out);
		assert_string_equal(out, rows[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(writes)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
