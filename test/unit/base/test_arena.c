/* A request's memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <cmocka.h>

#include "base/arena.h"

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	return arena_init(&arena, 256);
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void gives_aligned_zeros(void **state)
{
	(void)state;
	for (size_t n = 0; n < 8; n++) {
		char *p = arena_alloc(&arena, n);
		assert_non_null(p);
		assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
		for (size_t i = 0; i < n; i++) {
			assert_int_equal(p[i], 0);
		}
		memset(p, 0xff, n);
	}
	/* What was used before comes back as zeros. */
	arena_reset(&arena);
	char *p = arena_alloc(&arena, 256);
	assert_non_null(p);
	for (size_t i = 0; i < 256; i++) {
		assert_int_equal(p[i], 0);
	}
}

static void is_full_at_its_size(void **state)
{
	(void)state;
	assert_non_null(arena_alloc(&arena, 256));
	assert_false(arena.overflowed);
	assert_null(arena_alloc(&arena, 1));
	assert_true(arena.overflowed);
	arena_reset(&arena);
	assert_false(arena.overflowed);
	assert_null(arena_alloc(&arena, 257));
	assert_null(arena_alloc(&arena, SIZE_MAX));
	/* A refused piece takes nothing. */
	assert_non_null(arena_alloc(&arena, 256));
	assert_true(arena.overflowed);
}

static void refuses_what_would_wrap(void **state)
{
	(void)state;
	assert_non_null(arena_alloc(&arena, 250));
	assert_null(arena_alloc(&arena, 1));
	assert_null(arena_alloc(&arena, SIZE_MAX - 8));
}

static void copies_and_prints(void **state)
{
	(void)state;
	assert_string_equal(arena_dup(&arena, slice_of("abcdef", 3)), "abc");
	assert_string_equal(arena_dup(&arena, slice_view(NULL)), "");
	assert_memory_equal(arena_dup(&arena, slice_of("a\0b", 3)), "a\0b", 4);
	assert_string_equal(arena_printf(&arena, "%s-%d", "x", 7), "x-7");
	assert_null(arena_printf(&arena, "%300d", 7));
	assert_null(arena_dup(&arena, slice_of("", SIZE_MAX)));
	assert_true(arena.overflowed);
}

struct note {
	char name;
	char *log;
};

static void write_down(void *arg)
{
	struct note *note = arg;
	note->log[strlen(note->log)] = note->name;
}

static void runs_deferred_actions_newest_first(void **state)
{
	(void)state;
	char log[8] = "";
	for (char name = 'a'; name <= 'c'; name++) {
		struct note *note = arena_alloc(&arena, sizeof *note);
		assert_non_null(note);
		*note = (struct note){.name = name, .log = log};
		arena_defer(&arena, write_down, note);
	}
	assert_string_equal(log, "");
	arena_reset(&arena);
	assert_string_equal(log, "cba");
	/* Once only. */
	arena_reset(&arena);
	assert_string_equal(log, "cba");
}

static void release_runs_them_too(void **state)
{
	(void)state;
	char log[8] = "";
	struct arena other;
	struct note note = {.name = 'x', .log = log};
	assert_int_equal(arena_init(&other, 16), 0);
	arena_defer(&other, write_down, &note);
	arena_release(&other);
	assert_string_equal(log, "x");
	arena_release(&other);
	assert_null(arena_alloc(&other, 1));
}

/* What was used is given back, and can be used again. */
static void trims(void **state)
{
	enum { SIZE = 1024 * 1024, PAGE = 4096 };
	struct arena a;
	unsigned char resident[1];
	(void)state;
	assert_int_equal(arena_init(&a, SIZE), 0);
	char *p = arena_take(&a, SIZE);
	memset(p, 'x', SIZE);
	void *middle = (void *)(((uintptr_t)p + SIZE / 2) / PAGE * PAGE);
	assert_int_equal(mincore(middle, PAGE, resident), 0);
	assert_int_equal(resident[0] & 1, 1);
	arena_reset(&a);
	arena_trim(&a);
	assert_int_equal(mincore(middle, PAGE, resident), 0);
	assert_int_equal(resident[0] & 1, 0);
	assert_ptr_equal(arena_take(&a, SIZE), p);
	memset(p, 'y', SIZE);
	arena_release(&a);
	assert_int_equal(arena_init(&a, 1), 0);
	arena_trim(&a);
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(gives_aligned_zeros, setup, teardown),
		cmocka_unit_test_setup_teardown(is_full_at_its_size, setup, teardown),
		cmocka_unit_test_setup_teardown(refuses_what_would_wrap, setup, teardown),
		cmocka_unit_test_setup_teardown(copies_and_prints, setup, teardown),
		cmocka_unit_test_setup_teardown(
			runs_deferred_actions_newest_first, setup, teardown),
		cmocka_unit_test(release_runs_them_too),
		cmocka_unit_test(trims),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
