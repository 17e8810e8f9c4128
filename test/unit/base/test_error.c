/* Errors as values. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/error.h"

static void is_set_once(void **state)
{
	(void)state;
	struct error err;
	memset(&err, 'x', sizeof err);
	assert_int_equal(error_set(&err, 503, "unavailable", "connect: %s", "refused"), -1);
	assert_int_equal(err.status, 503);
	assert_string_equal(err.code, "unavailable");
	assert_string_equal(err.detail, "connect: refused");
	assert_string_equal(err.text, "");
	assert_null(err.parameter);
	assert_int_equal(error_say(&err, "Upload failed: %d", 7), -1);
	assert_string_equal(err.text, "Upload failed: 7");
	assert_string_equal(err.detail, "connect: refused");
	assert_int_equal(err.status, 503);
}

static void long_texts_are_cut(void **state)
{
	(void)state;
	struct error err;
	error_set(&err, 500, "internal_error", "%1000d", 1);
	error_say(&err, "%1000d", 1);
	assert_int_equal(strlen(err.detail), sizeof err.detail - 1);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(is_set_once),
		cmocka_unit_test(long_texts_are_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
