/* Conditional requests. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/precondition.h"

/* Thu, 29 Jan 2026 12:00:00 GMT, and part of a second that no header can carry. */
enum { FRACTION_MS = 250 };
static const int64_t modified_ms = 1769688000000 + FRACTION_MS;

static struct validators validators(const char *etag)
{
	return (struct validators){slice_view(etag), modified_ms};
}

static const struct {
	const char *none_match, *since, *etag;
	bool not_modified;
} not_modified_rows[] = {
	{"\"a\"", NULL, "\"a\"", true},
	{"W/\"a\"", NULL, "\"a\"", true},
	{"\"a\"", NULL, "W/\"a\"", true},
	{"\"x\", \"a\"", NULL, "\"a\"", true},
	{"\"x\",W/\"a\" , \"y\"", NULL, "\"a\"", true},
	{",,\"a\"", NULL, "\"a\"", true},
	{"\"x,y\", \"a\"", NULL, "\"a\"", true},
	{"\"a,b\"", NULL, "\"a,b\"", true},
	{"*", NULL, "\"a\"", true},
	{" * ", NULL, "\"a\"", true},
	{"\"\"", NULL, "\"\"", true},
	{NULL, "Thu, 29 Jan 2026 12:00:00 GMT", "\"a\"", true},
	{NULL, "Fri, 30 Jan 2026 00:00:00 GMT", "\"a\"", true},
	{NULL, NULL, "\"a\"", false},
	{"\"b\"", NULL, "\"a\"", false},
	{"\"A\"", NULL, "\"a\"", false},
	{"a", NULL, "\"a\"", false},
	{"\"a", NULL, "\"a\"", false},
	{"a\"", NULL, "\"a\"", false},
	{"w/\"a\"", NULL, "\"a\"", false},
	{"W/a", NULL, "\"a\"", false},
	{"\"x, \"a\"", NULL, "\"a\"", false},
	{"\"ab\"", NULL, "\"a\"", false},
	{"", NULL, "\"a\"", false},
	{"\"*\"", NULL, "\"a\"", false},
	{"*, \"b\"", NULL, "\"a\"", false},
	{"W/", NULL, "\"a\"", false},
	{NULL, "Thu, 29 Jan 2026 11:59:59 GMT", "\"a\"", false},
	{NULL, "yesterday", "\"a\"", false},
	{NULL, "", "\"a\"", false},
	{NULL, "2026-01-30T00:00:00Z", "\"a\"", false},
	/* If-None-Match, good or bad, switches If-Modified-Since off. */
	{"\"b\"", "Fri, 30 Jan 2026 00:00:00 GMT", "\"a\"", false},
	{"", "Fri, 30 Jan 2026 00:00:00 GMT", "\"a\"", false},
	{"\"a\"", "Thu, 01 Jan 1970 00:00:00 GMT", "\"a\"", true},
};

static void tells_what_is_not_modified(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof not_modified_rows / sizeof *not_modified_rows; i++) {
		struct validators v = validators(not_modified_rows[i].etag);
		assert_int_equal(
			precondition_not_modified(slice_view(not_modified_rows[i].none_match),
				slice_view(not_modified_rows[i].since), &v),
			not_modified_rows[i].not_modified);
	}
}

static const struct {
	const char *match, *since, *etag;
	bool failed;
} failed_rows[] = {
	{NULL, NULL, "\"a\"", false},
	{"\"a\"", NULL, "\"a\"", false},
	{"\"x\", \"a\"", NULL, "\"a\"", false},
	{"*", NULL, "\"a\"", false},
	{NULL, "Thu, 29 Jan 2026 12:00:00 GMT", "\"a\"", false},
	{NULL, "Fri, 30 Jan 2026 00:00:00 GMT", "\"a\"", false},
	{NULL, "yesterday", "\"a\"", false},
	{"\"b\"", NULL, "\"a\"", true},
	{"", NULL, "\"a\"", true},
	{"a", NULL, "\"a\"", true},
	{"W/\"a\"", NULL, "\"a\"", true},
	{"W/\"a\"", NULL, "W/\"a\"", true},
	{"\"a\"", NULL, "W/\"a\"", true},
	{NULL, "Thu, 29 Jan 2026 11:59:59 GMT", "\"a\"", true},
	/* If-Match, good or bad, switches If-Unmodified-Since off. */
	{"\"a\"", "Thu, 01 Jan 1970 00:00:00 GMT", "\"a\"", false},
	{"\"b\"", "Fri, 30 Jan 2026 00:00:00 GMT", "\"a\"", true},
};

static void tells_that_another_file_is_meant(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof failed_rows / sizeof *failed_rows; i++) {
		struct validators v = validators(failed_rows[i].etag);
		assert_int_equal(precondition_failed(slice_view(failed_rows[i].match),
					 slice_view(failed_rows[i].since), &v),
			failed_rows[i].failed);
	}
}

static const struct {
	const char *header, *etag;
	bool honoured;
} if_range_rows[] = {
	{NULL, "\"a\"", true},
	{"\"a\"", "\"a\"", true},
	{" \"a\" ", "\"a\"", true},
	{"Thu, 29 Jan 2026 12:00:00 GMT", "\"a\"", true},
	{"\"b\"", "\"a\"", false},
	{"W/\"a\"", "\"a\"", false},
	{"W/\"a\"", "W/\"a\"", false},
	{"\"a\"", "W/\"a\"", false},
	{"\"a\", \"b\"", "\"a\"", false},
	{"*", "\"a\"", false},
	{"", "\"a\"", false},
	{"a", "\"a\"", false},
	{"Thu, 29 Jan 2026 12:00:01 GMT", "\"a\"", false},
	{"Thu, 29 Jan 2026 11:59:59 GMT", "\"a\"", false},
	{"Fri, 29 Jan 2026 12:00:00 GMT", "\"a\"", false},
};

static void tells_whether_a_range_holds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof if_range_rows / sizeof *if_range_rows; i++) {
		struct validators v = validators(if_range_rows[i].etag);
		assert_int_equal(precondition_if_range(slice_view(if_range_rows[i].header), &v),
			if_range_rows[i].honoured);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_what_is_not_modified),
		cmocka_unit_test(tells_that_another_file_is_meant),
		cmocka_unit_test(tells_whether_a_range_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
