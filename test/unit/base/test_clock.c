/* Times and their texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/clock.h"

static const struct {
	int64_t seconds;
	const char *iso, *http;
} times[] = {
	{0, "1970-01-01T00:00:00Z", "Thu, 01 Jan 1970 00:00:00 GMT"},
	{784111777, "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT"},
	{951782400, "2000-02-29T00:00:00Z", "Tue, 29 Feb 2000 00:00:00 GMT"},
	{1769688000, "2026-01-29T12:00:00Z", "Thu, 29 Jan 2026 12:00:00 GMT"},
	{INT64_C(2147483648), "2038-01-19T03:14:08Z", "Tue, 19 Jan 2038 03:14:08 GMT"},
	{INT64_C(4102444799), "2099-12-31T23:59:59Z", "Thu, 31 Dec 2099 23:59:59 GMT"},
	{INT64_C(253402300799), "9999-12-31T23:59:59Z", "Fri, 31 Dec 9999 23:59:59 GMT"},
};

static void writes_and_reads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
		char iso[CLOCK_ISO_SIZE], http[CLOCK_HTTP_SIZE];
		int64_t ms;
		clock_format_iso(times[i].seconds * 1000 + 999, iso);
		clock_format_http(times[i].seconds * 1000 + 999, http);
		assert_string_equal(iso, times[i].iso);
		assert_string_equal(http, times[i].http);
		assert_int_equal(clock_parse_iso(slice_view(iso), &ms), 0);
		assert_true(ms == times[i].seconds * 1000);
		assert_int_equal(clock_parse_http(slice_view(http), &ms), 0);
		assert_true(ms == times[i].seconds * 1000);
	}
}

static void what_has_no_such_text_is_empty(void **state)
{
	(void)state;
	static const int64_t beyond[] = {INT64_C(253402300800000), INT64_MAX};
	for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
		char iso[CLOCK_ISO_SIZE], http[CLOCK_HTTP_SIZE];
		clock_format_iso(beyond[i], iso);
		clock_format_http(beyond[i], http);
		assert_string_equal(iso, "");
		assert_string_equal(http, "");
	}
}

static void iso_refuses(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "2026-01-29", "2026-01-29T12:00:00",
		"2026-01-29 12:00:00Z", "2026-01-29T12:00:00z", "2026-01-29T12:00:00.000Z",
		"2026-01-29T12:00:00+00:00", "2026-02-29T12:00:00Z", "2026-13-01T12:00:00Z",
		"2026-00-01T12:00:00Z", "2026-01-29T24:00:00Z", "2026-01-29T12:60:00Z",
		"2026-01-29T12:00:60Z", "2026-1-29T12:00:000Z", " 026-01-29T12:00:00Z",
		"+026-01-29T12:00:00Z", "2026-01-29T12:00: 0Z", "2026-01-29T12:00:00Zx",
		"aaaaaaaaaaaaaaaaaaaa"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t ms;
		assert_int_equal(clock_parse_iso(slice_view(bad[i]), &ms), -1);
	}
	int64_t ms;
	assert_int_equal(clock_parse_iso(slice_of("2026-01-29T12:00:00\0", 20), &ms), -1);
}

static void http_refuses(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "Sunday, 06-Nov-94 08:49:37 GMT",
		"Sun Nov  6 08:49:37 1994", "Mon, 06 Nov 1994 08:49:37 GMT",
		"Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 6 Nov 1994 08:49:37 GMT ",
		"sun, 06 nov 1994 08:49:37 gmt", "Sun, 06 Nov 1994 08:49:37",
		"Sun, 06 Nov 1994 08:49:60 GMT", "Wed, 31 Nov 1994 08:49:37 GMT",
		"Sunday, 06 Nov 1994 08:49:37 GMT", "-----------------------------"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t ms;
		assert_int_equal(clock_parse_http(slice_view(bad[i]), &ms), -1);
	}
}

static void the_clocks_run(void **state)
{
	(void)state;
	int64_t first = clock_monotonic_ms();
	assert_true(clock_monotonic_ms() >= first);
	/* Later than this test was written. */
	assert_true(clock_now_ms() > INT64_C(1767225600000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_and_reads),
		cmocka_unit_test(what_has_no_such_text_is_empty),
		cmocka_unit_test(iso_refuses),
		cmocka_unit_test(http_refuses),
		cmocka_unit_test(the_clocks_run),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
