/* Heads of answers, line by line, as libcurl hands them on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fetch/head.h"

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	return arena_init(&arena, 64 * 1024);
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

/* Lines are separated by '|'. length is -1 where there is none to be; location NULL likewise. */
static const struct {
	const char *lines;
	enum head_state state; /* after the last line */
	int64_t length;
	const char *location;
} rows[] = {
	{"HTTP/1.1 200 OK|", HEAD_COMPLETE, -1, NULL},
	{"HTTP/1.1 200 OK|Content-Length: 10|", HEAD_COMPLETE, 10, NULL},
	{"HTTP/1.1 200 OK|content-length:0|", HEAD_COMPLETE, 0, NULL},
	{"HTTP/1.1 200 OK|Content-Length : 7", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Content-Length\t: 7", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK| Content-Length: 7", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Content-Length: 7|Content-Length: 7|", HEAD_COMPLETE, 7, NULL},
	{"HTTP/1.1 200 OK|Content-Length: 7|Content-Length: 8", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Content-Length: 5, 5", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Content-Length: 5x", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Content-Length: -5", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Content-Length: +5", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Content-Length:", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Content-Length: 18446744073709551616", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Transfer-Encoding: chunked|", HEAD_COMPLETE, -1, NULL},
	{"HTTP/1.1 200 OK|transfer-encoding:  Chunked |", HEAD_COMPLETE, -1, NULL},
	{"HTTP/1.1 200 OK|Transfer-Encoding: gzip", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Transfer-Encoding: gzip, chunked", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Transfer-Encoding: identity", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 200 OK|Transfer-Encoding:", HEAD_BAD, 0, NULL},
	{"HTTP/1.1 302 Found|Location: /a|", HEAD_COMPLETE, -1, "/a"},
	{"HTTP/1.1 302 Found|LOCATION:\t/a \t|", HEAD_COMPLETE, -1, "/a"},
	{"HTTP/1.1 302 Found|Location: /a|Location: /b|", HEAD_COMPLETE, -1, "/b"},
	{"HTTP/1.1 302 Found|Location:|", HEAD_COMPLETE, -1, NULL},
	{"HTTP/1.1 302 Found|X-Location: /a|", HEAD_COMPLETE, -1, NULL},
	{"HTTP/1.1 302 Found|Location|", HEAD_COMPLETE, -1, NULL},
	/* What an interim answer says is not said by the final one. */
	{"HTTP/1.1 103 Hints|Location: /a|Content-Length: 5||HTTP/1.1 302 Found|", HEAD_COMPLETE,
		-1, NULL},
	{"HTTP/1.1 100 Continue||HTTP/1.1 200 OK|Content-Length: 5|", HEAD_COMPLETE, 5, NULL},
	/* Only a status line begins a head, and it stands outside of one. */
	{"HTTP/1.1 200 OK|Content-Length: 10|HTTP/foo: 1|Content-Length: 5", HEAD_BAD, 0, NULL},
	/* Behind a head come the trailers of a body. */
	{"HTTP/1.1 200 OK|Content-Length: 5||Content-Length: 6|Location: /a|", HEAD_MORE, 5, NULL},
	{"Content-Length: 6|", HEAD_MORE, -1, NULL},
};

static void test_lines(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct head h;
		struct slice rest = slice_view(rows[i].lines);
		enum head_state last = HEAD_MORE;
		assert_int_equal(head_init(&h, &arena), 0);
		while (rest.p) {
			char line[128];
			struct slice part = slice_cut(&rest, '|');
			int n = snprintf(line, sizeof line, "%.*s%s", (int)part.n, part.p,
				i % 2 ? "\r\n" : "\n");
			assert_int_not_equal(last, HEAD_BAD);
			last = head_take(&h, slice_of(line, (size_t)n));
		}
		assert_int_equal(last, rows[i].state);
		assert_int_equal(h.fault != NULL, last == HEAD_BAD);
		if (last == HEAD_BAD) {
			continue;
		}
		assert_int_equal(h.has_length, rows[i].length >= 0);
		assert_true(rows[i].length < 0 || h.length == (uint64_t)rows[i].length);
		if (rows[i].location) {
			assert_string_equal(head_location(&h), rows[i].location);
		} else {
			assert_null(head_location(&h));
		}
		arena_reset(&arena);
	}
}

/* One that is too long is none, and does not come back cut. */
static void test_long_location(void **state)
{
	static char line[HEAD_LOCATION_MAX + 64];
	struct head h;
	(void)state;
	for (int more = -1; more <= 0; more++) {
		size_t n = (size_t)((int)HEAD_LOCATION_MAX + more);
		memset(line, 'a', sizeof line);
		memcpy(line, "Location: ", 10);
		assert_int_equal(head_init(&h, &arena), 0);
		assert_int_equal(head_take(&h, slice_view("HTTP/1.1 302 Found\r\n")), HEAD_MORE);
		assert_int_equal(head_take(&h, slice_of(line, 10 + n)), HEAD_MORE);
		assert_int_equal(head_take(&h, slice_view("\r\n")), HEAD_COMPLETE);
		if (more < 0) {
			assert_int_equal(strlen(head_location(&h)), n);
		} else {
			assert_null(head_location(&h));
		}
		arena_reset(&arena);
	}
}

/* All heads together have a limit, so that interim answers without end have one too. */
static void test_endless(void **state)
{
	struct head h;
	size_t taken = 0;
	(void)state;
	assert_int_equal(head_init(&h, &arena), 0);
	enum head_state last = HEAD_MORE;
	while (last != HEAD_BAD) {
		struct slice line = slice_view(taken % 3 ? "\r\n" : "HTTP/1.1 100 Continue\r\n");
		last = head_take(&h, line);
		taken += line.n;
	}
	assert_in_range(taken, HEAD_MAX, HEAD_MAX + 64);
}

static void test_no_memory(void **state)
{
	struct arena small;
	struct head h;
	(void)state;
	assert_int_equal(arena_init(&small, HEAD_LOCATION_MAX - 1), 0);
	assert_int_equal(head_init(&h, &small), -1);
	arena_release(&small);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_long_location, setup, teardown),
		cmocka_unit_test_setup_teardown(test_endless, setup, teardown),
		cmocka_unit_test(test_no_memory),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
