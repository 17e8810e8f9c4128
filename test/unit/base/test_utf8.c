/* base/utf8.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/utf8.h"

static const struct {
	const char *bytes;
	size_t n;
	bool valid;
	uint32_t point;
	size_t length;
} rows[] = {
	{"a", 1, true, 'a', 1},
	{"\0", 1, true, 0, 1},
	{"\x7f", 1, true, 0x7f, 1},
	{"\xc2\x80", 2, true, 0x80, 2},
	{"\xc3\xa9z", 3, true, 0xe9, 2},
	{"\xe2\x82\xac", 3, true, 0x20ac, 3},
	{"\xef\xbf\xbd", 3, true, 0xfffd, 3},
	{"\xf0\x9f\x98\x80", 4, true, 0x1f600, 4},
	{"\xf4\x8f\xbf\xbf", 4, true, 0x10ffff, 4},
	{"\x80", 1, false, 0xfffd, 1},
	{"\xc0\xaf", 2, false, 0xfffd, 1},
	{"\xc1\xbf", 2, false, 0xfffd, 1},
	{"\xc3", 1, false, 0xfffd, 1},
	{"\xc3\x28", 2, false, 0xfffd, 1},
	{"\xe0\x80\xaf", 3, false, 0xfffd, 1},
	{"\xe2\x82", 2, false, 0xfffd, 2},
	{"\xed\xa0\x80", 3, false, 0xfffd, 1},
	{"\xf0\x80\x80\xaf", 4, false, 0xfffd, 1},
	{"\xf0\x9f\x98", 3, false, 0xfffd, 3},
	{"\xf4\x90\x80\x80", 4, false, 0xfffd, 1},
	{"\xf5\x80\x80\x80", 4, false, 0xfffd, 1},
	{"\xff", 1, false, 0xfffd, 1},
};

static void reads_one_character(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint32_t point;
		size_t length;
		assert_int_equal(utf8_read(slice_of(rows[i].bytes, rows[i].n), &point, &length),
			rows[i].valid);
		assert_int_equal(point, rows[i].point);
		assert_int_equal(length, rows[i].length);
	}
}

static void judges_a_text(void **state)
{
	(void)state;
	assert_true(utf8_is_valid((struct slice){NULL, 0}));
	assert_true(utf8_is_valid(slice_view("na\xc3\xafve \xf0\x9f\x98\x80")));
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(utf8_is_valid(slice_of(rows[i].bytes, rows[i].n)), rows[i].valid);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_one_character),
		cmocka_unit_test(judges_a_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
