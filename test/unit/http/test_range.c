/* The Range header. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "http/range.h"

static const struct {
	const char *header;
	uint64_t size;
	enum range_kind kind;
	uint64_t offset, length;
} rows[] = {
	{"bytes=0-0", 10, RANGE_PART, 0, 1},
	{"bytes=0-9", 10, RANGE_PART, 0, 10},
	{"bytes=2-4", 10, RANGE_PART, 2, 3},
	{"bytes=5-", 10, RANGE_PART, 5, 5},
	{"bytes=0-", 10, RANGE_PART, 0, 10},
	{"bytes=9-", 10, RANGE_PART, 9, 1},
	{"bytes=-5", 10, RANGE_PART, 5, 5},
	{"bytes=-10", 10, RANGE_PART, 0, 10},
	{"bytes=-11", 10, RANGE_PART, 0, 10},
	{"bytes=5-100", 10, RANGE_PART, 5, 5},
	{"BYTES=0-0", 10, RANGE_PART, 0, 1},
	{"Bytes= 0-0 ", 10, RANGE_PART, 0, 1},
	{"bytes=,0-0,,", 10, RANGE_PART, 0, 1},
	{"bytes=007-008", 10, RANGE_PART, 7, 2},
	/* numbers beyond 64 bits */
	{"bytes=0-18446744073709551615", 10, RANGE_PART, 0, 10},
	{"bytes=0-99999999999999999999999", 10, RANGE_PART, 0, 10},
	{"bytes=-99999999999999999999999", 10, RANGE_PART, 0, 10},
	{"bytes=18446744073709551616-", 10, RANGE_UNSATISFIABLE, 0, 10},
	{"bytes=18446744073709551616-18446744073709551617", 10, RANGE_UNSATISFIABLE, 0, 10},
	{"bytes=1-", UINT64_MAX, RANGE_PART, 1, UINT64_MAX - 1},
	{"bytes=0-", UINT64_MAX, RANGE_PART, 0, UINT64_MAX},
	/* past the end */
	{"bytes=10-", 10, RANGE_UNSATISFIABLE, 0, 10},
	{"bytes=10-20", 10, RANGE_UNSATISFIABLE, 0, 10},
	{"bytes=-0", 10, RANGE_UNSATISFIABLE, 0, 10},
	{"bytes=10-,11-12,-0", 10, RANGE_UNSATISFIABLE, 0, 10},
	/* several */
	{"bytes=0-1,3-4", 10, RANGE_WHOLE, 0, 10},
	{"bytes=0-1, -1", 10, RANGE_WHOLE, 0, 10},
	{"bytes=0-1,20-", 10, RANGE_PART, 0, 2},
	{"bytes=20- , 0-1", 10, RANGE_PART, 0, 2},
	/* an empty file */
	{"bytes=0-", 0, RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=0-0", 0, RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=-0", 0, RANGE_UNSATISFIABLE, 0, 0},
	{"bytes=-5", 0, RANGE_WHOLE, 0, 0},
	/* not a byte range */
	{NULL, 10, RANGE_WHOLE, 0, 10},
	{"", 10, RANGE_WHOLE, 0, 10},
	{"bytes", 10, RANGE_WHOLE, 0, 10},
	{"bytes=", 10, RANGE_WHOLE, 0, 10},
	{"bytes=,", 10, RANGE_WHOLE, 0, 10},
	{"bytes=-", 10, RANGE_WHOLE, 0, 10},
	{"bytes=5", 10, RANGE_WHOLE, 0, 10},
	{"bytes=4-2", 10, RANGE_WHOLE, 0, 10},
	{"bytes=0-1,4-2", 10, RANGE_WHOLE, 0, 10},
	{"bytes=20-,x", 10, RANGE_WHOLE, 0, 10},
	{"bytes=a-b", 10, RANGE_WHOLE, 0, 10},
	{"bytes=0x1-2", 10, RANGE_WHOLE, 0, 10},
	{"bytes=+1-2", 10, RANGE_WHOLE, 0, 10},
	{"bytes=0 - 1", 10, RANGE_WHOLE, 0, 10},
	{"bytes=--1", 10, RANGE_WHOLE, 0, 10},
	{"bytes=1-2-3", 10, RANGE_WHOLE, 0, 10},
	{"bytes =0-1", 10, RANGE_WHOLE, 0, 10},
	{"bytes:0-1", 10, RANGE_WHOLE, 0, 10},
	{"0-1", 10, RANGE_WHOLE, 0, 10},
	{"items=0-1", 10, RANGE_WHOLE, 0, 10},
};

static void parses(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct byte_range out;
		assert_int_equal(
			range_parse(slice_view(rows[i].header), rows[i].size, &out), rows[i].kind);
		assert_int_equal(out.offset, rows[i].offset);
		assert_int_equal(out.length, rows[i].length);
	}
}

static void a_thousand_ranges_are_the_whole(void **state)
{
	(void)state;
	char text[16 * 1024];
	struct buf b;
	struct byte_range out;
	buf_init(&b, text, sizeof text);
	buf_put_str(&b, "bytes=0-0");
	for (int i = 1; i < 1000; i++) {
		buf_printf(&b, ",%d-", i);
	}
	assert_false(b.failed);
	assert_int_equal(range_parse(buf_view(&b), 10, &out), RANGE_WHOLE);
	assert_int_equal(range_parse(buf_view(&b), 1, &out), RANGE_PART);
	assert_int_equal(range_parse(buf_view(&b), 0, &out), RANGE_UNSATISFIABLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses),
		cmocka_unit_test(a_thousand_ranges_are_the_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
