#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/cursor.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const char some_id[] = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc";

static struct cursor_scope scope_of(const char *account, const char *query)
{
	return (struct cursor_scope){account, slice_view(query)};
}

static void test_round_trip(void **state)
{
	struct sha256 *hash = *state;
	char text[CURSOR_SIZE], id[UUID_SIZE];
	static const char *const queries[] = {NULL, "a", "\xc3\xbc", "\"'&%"};
	for (size_t i = 0; i < COUNT(queries); i++) {
		const struct cursor_scope scope = scope_of("usr_1", queries[i]);
		assert_int_equal(cursor_format(hash, &scope, some_id, text), 0);
		assert_int_equal(strlen(text), CURSOR_LENGTH);
		assert_int_equal(cursor_parse(hash, &scope, slice_view(text), id), 1);
		assert_string_equal(id, some_id);
	}
}

/* Workers of any age, on any machine, give the same. */
static void test_known(void **state)
{
	struct sha256 *hash = *state;
	const struct cursor_scope scope = scope_of("usr_1", "a");
	char text[CURSOR_SIZE];
	assert_int_equal(cursor_format(hash, &scope, some_id, text), 0);
	/* printf 'usr_1\0a\0<id>\0' | sha256sum */
	assert_string_equal(text, "0193a1b2c3d47e5f8a9b0123456ababc304c7f104c37eb25");
}

/* A cursor of another scope, also where their texts put together are the same. */
static void test_other_scopes(void **state)
{
	struct sha256 *hash = *state;
	const struct cursor_scope own = scope_of("usr_12", "a");
	static const struct {
		const char *account, *query;
	} rows[] = {{"usr_12", NULL}, {"usr_12", "A"}, {"usr_12", "ab"}, {"usr_1", "2a"},
		{"usr_12a", NULL}, {"usr_1", "a"}, {"", "usr_12a"}};
	char text[CURSOR_SIZE], id[UUID_SIZE];
	assert_int_equal(cursor_format(hash, &own, some_id, text), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		const struct cursor_scope other = scope_of(rows[i].account, rows[i].query);
		assert_int_equal(cursor_parse(hash, &other, slice_view(text), id), 0);
	}
}

static void test_refused(void **state)
{
	struct sha256 *hash = *state;
	const struct cursor_scope scope = scope_of("usr_1", NULL);
	char good[CURSOR_SIZE], bad[CURSOR_SIZE], id[UUID_SIZE];
	assert_int_equal(cursor_format(hash, &scope, some_id, good), 0);
	for (size_t i = 0; i < CURSOR_LENGTH; i++) {
		assert_int_equal(cursor_parse(hash, &scope, slice_of(good, i), id), 0);
		for (const char *c = "0fFgG-\n ~\x80"; *c; c++) {
			memcpy(bad, good, sizeof bad);
			bad[i] = *c;
			assert_int_equal(
				cursor_parse(hash, &scope, slice_view(bad), id), *c == good[i]);
		}
		memcpy(bad, good, sizeof bad);
		bad[i] = '\0';
		assert_int_equal(cursor_parse(hash, &scope, slice_of(bad, CURSOR_LENGTH), id), 0);
	}
	/* A right check, on what is no id of a file. */
	assert_int_equal(
		cursor_format(hash, &scope, "0193a1b2-c3d4-4e5f-8a9b-0123456ababc", bad), 0);
	assert_int_equal(cursor_parse(hash, &scope, slice_view(bad), id), 0);
	/* With its terminator. */
	assert_int_equal(cursor_parse(hash, &scope, slice_of(good, CURSOR_SIZE), id), 0);
	assert_int_equal(cursor_parse(hash, &scope, slice_view(NULL), id), 0);
	assert_int_equal(cursor_parse(hash, &scope, slice_view(some_id), id), 0);
}

static int open_hash(void **state)
{
	*state = sha256_new();
	return *state ? 0 : -1;
}

static int free_hash(void **state)
{
	sha256_free(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_known),
		cmocka_unit_test(test_other_scopes),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, open_hash, free_hash);
}
