/* Bodies against their lengths and ceilings. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/body.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* Gives `left` bytes in pieces, then a clean end, or an error. */
struct tap {
	size_t left, piece;
	bool breaks;
	unsigned calls;
};

static int next(void *context, struct slice *chunk, struct error *err)
{
	static const char bytes[64];
	struct tap *tap = context;
	tap->calls++;
	if (tap->left == 0) {
		return tap->breaks ? error_set(err, 408, "request_timeout", "asked to") : 0;
	}
	*chunk = slice_of(bytes, tap->left < tap->piece ? tap->left : tap->piece);
	tap->left -= chunk->n;
	return 1;
}

static void test_ends(void **state)
{
	(void)state;
	static const struct {
		size_t sent;
		bool breaks, length_known;
		uint64_t length, ceiling;
		int status;
		uint64_t received;
	} rows[] = {
		{0, false, false, 0, 10, 0, 0},
		{0, false, true, 0, 10, 0, 0},
		{10, false, true, 10, 10, 0, 10},
		{10, false, false, 0, 10, 0, 10},
		{10, false, false, 0, UINT64_MAX, 0, 10},
		{0, false, true, 1, 10, 400, 0},
		{9, false, true, 10, 10, 400, 9},
		{11, false, true, 10, 20, 400, 11},
		{11, false, true, INT64_MAX, 20, 400, 11},
		{11, false, false, 0, 10, 413, 11},
		{11, false, true, 11, 10, 413, 11},
		{1, false, false, 0, 0, 413, 1},
		{5, true, false, 0, 10, 408, 5},
		{5, true, true, 10, 10, 408, 5},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t piece = 1; piece <= 3; piece += 2) {
			struct tap tap = {rows[i].sent, piece, rows[i].breaks, 0};
			struct body body = {.source = {next, &tap},
				.length_known = rows[i].length_known,
				.length = rows[i].length,
				.ceiling = rows[i].ceiling};
			struct slice chunk;
			struct error err = {0};
			int got;
			while ((got = body_next(&body, &chunk, &err)) > 0) {
				assert_true(body.received <= rows[i].ceiling);
			}
			assert_int_equal(got, rows[i].status ? -1 : 0);
			assert_int_equal(err.status, rows[i].status);
			assert_int_equal(body.ended, rows[i].status == 0);
			assert_true(body.received >= rows[i].received);
		}
	}
}

static void test_end_is_remembered(void **state)
{
	(void)state;
	struct tap tap = {1, 1, false, 0};
	struct body body = {.source = {next, &tap}, .ceiling = 10};
	struct slice chunk;
	struct error err;
	assert_int_equal(body_next(&body, &chunk, &err), 1);
	assert_int_equal(body_next(&body, &chunk, &err), 0);
	assert_int_equal(body_next(&body, &chunk, &err), 0);
	assert_int_equal(tap.calls, 2);
}

/* A front end that saw the end of an empty body at once says so; a length that promised more still counts. */
static void test_ended_before_it_began(void **state)
{
	(void)state;
	struct slice chunk;
	struct error err;
	struct body none = {.ended = true, .ceiling = 10};
	assert_int_equal(body_next(&none, &chunk, &err), 0);
	struct body empty = {.ended = true, .ceiling = 10, .length_known = true};
	assert_int_equal(body_next(&empty, &chunk, &err), 0);
	struct body short_of = {.ended = true, .ceiling = 10, .length_known = true, .length = 5};
	assert_int_equal(body_next(&short_of, &chunk, &err), -1);
	assert_int_equal(err.status, 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_ended_before_it_began),
		cmocka_unit_test(test_end_is_remembered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
