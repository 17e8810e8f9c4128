/* Bytes under a ceiling. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"

static void builds_up_to_the_ceiling(void **state)
{
	(void)state;
	char storage[9] = "--------!";
	struct buf b;
	buf_init(&b, storage, 8);
	buf_put_str(&b, "abc");
	buf_put_char(&b, '-');
	buf_put(&b, slice_of("\0x", 2));
	buf_put(&b, slice_view(NULL));
	buf_put_str(&b, "yz");
	assert_false(b.failed);
	assert_int_equal(buf_view(&b).n, 8);
	assert_memory_equal(buf_view(&b).p, "abc-\0xyz", 8);
	buf_put_str(&b, "");
	assert_false(b.failed);
	buf_put_char(&b, '!');
	assert_true(b.failed);
	assert_int_equal(storage[8], '!');
}

static void failure_is_sticky(void **state)
{
	(void)state;
	char storage[4];
	struct buf b;
	buf_init(&b, storage, sizeof storage);
	buf_put_str(&b, "ab");
	buf_put_str(&b, "cde");
	assert_true(b.failed);
	buf_put_char(&b, 'x');
	buf_printf(&b, "%d", 1);
	buf_put_str(&b, "");
	assert_true(b.failed);
	assert_true(slice_equal_str(buf_view(&b), "ab"));
}

static void prints(void **state)
{
	(void)state;
	char storage[9] = "--------!";
	struct buf b;
	buf_init(&b, storage, 8);
	buf_printf(&b, "%d-%s", 12, "ab");
	assert_true(slice_equal_str(buf_view(&b), "12-ab"));
	buf_printf(&b, "%s", "xy");
	assert_true(slice_equal_str(buf_view(&b), "12-abxy"));
	/* The terminator of a print needs room as well. */
	buf_printf(&b, "z");
	assert_true(b.failed);
	assert_true(slice_equal_str(buf_view(&b), "12-abxy"));
	assert_int_equal(storage[8], '!');
}

static void cuts_no_print_short(void **state)
{
	(void)state;
	char storage[8];
	struct buf b;
	buf_init(&b, storage, sizeof storage);
	buf_printf(&b, "%s", "much too long");
	assert_true(b.failed);
	assert_int_equal(buf_view(&b).n, 0);
}

static void no_room_at_all(void **state)
{
	(void)state;
	struct buf b;
	buf_init(&b, NULL, 0);
	buf_put_str(&b, "");
	assert_false(b.failed);
	buf_put_char(&b, 'x');
	assert_true(b.failed);
}

static void takes_from_an_arena(void **state)
{
	(void)state;
	struct arena arena;
	struct buf b;
	assert_int_equal(arena_init(&arena, 64), 0);
	buf_new(&b, &arena, 64);
	assert_false(b.failed);
	buf_put_str(&b, "abc");
	assert_true(slice_equal_str(buf_view(&b), "abc"));
	buf_new(&b, &arena, 1);
	assert_true(b.failed);
	buf_put_str(&b, "abc");
	buf_printf(&b, "abc");
	assert_int_equal(buf_view(&b).n, 0);
	arena_release(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(builds_up_to_the_ceiling),
		cmocka_unit_test(failure_is_sticky),
		cmocka_unit_test(prints),
		cmocka_unit_test(cuts_no_print_short),
		cmocka_unit_test(no_room_at_all),
		cmocka_unit_test(takes_from_an_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
