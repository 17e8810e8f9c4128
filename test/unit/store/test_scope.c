/* What a key may be used for, as words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/scope.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_parse(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		unsigned scopes;
		int status;
	} rows[] = {
		{"upload", SCOPE_UPLOAD, 0},
		{"read", SCOPE_READ, 0},
		{"delete", SCOPE_DELETE, 0},
		{"upload,read", SCOPE_UPLOAD | SCOPE_READ, 0},
		{"read,upload", SCOPE_UPLOAD | SCOPE_READ, 0},
		{"delete,read,upload", SCOPE_ALL, 0},
		{"read,read", SCOPE_READ, 0},
		{"", SCOPE_NONE, -1},
		{",", SCOPE_NONE, -1},
		{" ", SCOPE_NONE, -1},
		{"all", SCOPE_NONE, -1},
		{"*", SCOPE_NONE, -1},
		{"rea", SCOPE_NONE, -1},
		{"reads", SCOPE_NONE, -1},
		{"Read", SCOPE_NONE, -1},
		{" read", SCOPE_NONE, -1},
		{"upload read", SCOPE_NONE, -1},
		{"upload;read", SCOPE_NONE, -1},
		{"read,", SCOPE_READ, -1},
		{",read", SCOPE_READ, -1},
		{"read,,upload", SCOPE_READ | SCOPE_UPLOAD, -1},
		{"read,admin", SCOPE_READ, -1},
		{"admin,read", SCOPE_READ, -1},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned scopes = SCOPE_ALL;
		int status = scope_parse_list(slice_view(rows[i].text), &scopes);
		if (status != rows[i].status || scopes != rows[i].scopes) {
			fail_msg("\"%s\": %d, %u", rows[i].text, status, scopes);
		}
	}
	/* A NUL is no end. */
	unsigned scopes;
	assert_int_equal(scope_parse_list(slice_of("read\0", 5), &scopes), -1);
	assert_int_equal(scopes, SCOPE_NONE);
}

static void test_print(void **state)
{
	(void)state;
	struct arena a;
	assert_int_equal(arena_init(&a, 4096), 0);
	for (unsigned scopes = SCOPE_NONE + 1; scopes <= SCOPE_ALL; scopes++) {
		unsigned again;
		const char *text = scope_print_list(&a, scopes);
		assert_int_equal(scope_parse_list(slice_view(text), &again), 0);
		assert_int_equal(again, scopes);
	}
	assert_string_equal(scope_print_list(&a, SCOPE_ALL), "upload,read,delete");
	assert_string_equal(scope_print_list(&a, SCOPE_NONE), "");
	arena_release(&a);
	struct arena small;
	assert_int_equal(arena_init(&small, 8), 0);
	assert_null(scope_print_list(&small, SCOPE_ALL));
	arena_release(&small);
}

static void test_name(void **state)
{
	(void)state;
	assert_string_equal(scope_name(SCOPE_UPLOAD), "upload");
	assert_string_equal(scope_name(SCOPE_READ), "read");
	assert_string_equal(scope_name(SCOPE_DELETE), "delete");
	assert_string_equal(scope_name(SCOPE_NONE), "");
	assert_string_equal(scope_name(SCOPE_ALL), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_print),
		cmocka_unit_test(test_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
