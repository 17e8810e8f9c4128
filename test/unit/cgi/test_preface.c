/* The records in front of a request. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cgi/preface.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

#define BEGIN "\1\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0"
#define EMPTY "\1\4\0\1\0\0\0\0"
#define ROW(bytes, verdict)                                                                        \
	{                                                                                          \
		bytes, sizeof(bytes) - 1, verdict                                                  \
	}

struct row {
	const char *bytes;
	size_t n;
	enum preface verdict;
};

static unsigned char copy[PREFACE_MAX + 1024];

/* In a block of its exact size, so that the sanitizer sees a look beyond it. */
static enum preface judge(const void *bytes, size_t n)
{
	unsigned char *exact = malloc(n ? n : 1);
	assert_non_null(exact);
	memcpy(exact, bytes, n);
	enum preface verdict = preface_judge(exact, n);
	free(exact);
	return verdict;
}

static void check(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		enum preface verdict = judge(rows[i].bytes, rows[i].n);
		if (verdict != rows[i].verdict) {
			fail_msg("row %zu: %d, not %d", i, (int)verdict, (int)rows[i].verdict);
		}
	}
}

static void test_begin(void **state)
{
	(void)state;
	static const struct row rows[] = {
		ROW("", PREFACE_MORE),
		ROW("\1", PREFACE_MORE),
		ROW("\1\1\0\1", PREFACE_MORE),
		ROW("\1\1\0\1\0\10\0\0", PREFACE_MORE),
		ROW(BEGIN, PREFACE_MORE),
		ROW(BEGIN EMPTY, PREFACE_GOOD),
		ROW(BEGIN EMPTY "\1\5\0\1\0\3\0\0abc", PREFACE_GOOD),
		ROW(BEGIN EMPTY "\1\5\0\1\0\0\0\0", PREFACE_BODILESS),
		ROW(BEGIN EMPTY "\1\5\0\1\0\0\0", PREFACE_GOOD),
		ROW(BEGIN EMPTY "\1\5\0\2\0\0\0\0", PREFACE_GOOD),
		ROW(BEGIN EMPTY "\1\2\0\1\0\0\0\0", PREFACE_GOOD),
		ROW(BEGIN "\1\4\0\1\0\0\2\0xy", PREFACE_BAD),
		ROW("\1\1\0\0\0\10\0\0\0\1\0\0\0\0\0\0\1\4\0\0\0\0\0\0", PREFACE_BAD),
		/* padding, KEEP_CONN, the highest id */
		ROW("\1\1\0\1\0\10\3\0\0\1\0\0\0\0\0\0xyz" EMPTY, PREFACE_GOOD),
		ROW("\1\1\0\1\0\10\3\0\0\1\0\0\0\0\0\0xy", PREFACE_MORE),
		ROW("\1\1\0\1\0\10\0\0\0\1\1\0\0\0\0\0" EMPTY, PREFACE_GOOD),
		ROW("\1\1\377\377\0\10\0\0\0\1\0\0\0\0\0\0\1\4\377\377\0\0\0\0", PREFACE_GOOD),
		/* version, type, id 0, length, role */
		ROW("\2", PREFACE_BAD),
		ROW("\0", PREFACE_BAD),
		ROW("G", PREFACE_BAD),
		ROW("\2\1\0\1\0\10\0\0\0\1\0\0\0\0\0\0" EMPTY, PREFACE_BAD),
		ROW("\1\2", PREFACE_BAD),
		ROW("\1\4\0\1\0\0\0\0", PREFACE_BAD),
		ROW("\1\11\0\0\0\0\0\0", PREFACE_BAD),
		ROW("\1\377", PREFACE_BAD),
		ROW("\1\1\0\0\0\10\0\0\0\1\0\0\0\0\0\0" EMPTY, PREFACE_BAD),
		ROW("\1\1\0\1\0\7\0\0\0\1\0\0\0\0\0" EMPTY, PREFACE_BAD),
		ROW("\1\1\0\1\0\11\0\0", PREFACE_BAD),
		ROW("\1\1\0\1\377\377\0\0", PREFACE_BAD),
		ROW("\1\1\0\1\0\10\0\0\0\0\0\0\0\0\0\0" EMPTY, PREFACE_BAD),
		ROW("\1\1\0\1\0\10\0\0\0\2\0\0\0\0\0\0" EMPTY, PREFACE_BAD),
		ROW("\1\1\0\1\0\10\0\0\0\3\0\0\0\0\0\0" EMPTY, PREFACE_BAD),
		ROW("\1\1\0\1\0\10\0\0\1\1\0\0\0\0\0\0" EMPTY, PREFACE_BAD),
	};
	check(rows, COUNT(rows));
}

static void test_records(void **state)
{
	(void)state;
	static const struct row rows[] = {
		ROW(BEGIN "\1\4\0\1\0\4\0\0\1\1ab" EMPTY, PREFACE_GOOD),
		ROW(BEGIN "\1\4\0\1\0\4\2\0\1\1abxy" EMPTY, PREFACE_GOOD),
		ROW(BEGIN "\1\4\0\1\0\4\2\0\1\1abx", PREFACE_MORE),
		ROW(BEGIN "\1\4\0\1\0\4\0\0\1\1ab", PREFACE_MORE),
		ROW(BEGIN "\1\4\0\1\0\4\0\0\1\1a", PREFACE_MORE),
		ROW(BEGIN "\1\4\0\1\0\4\0", PREFACE_MORE),
		/* a pair cut by the end of a record */
		ROW(BEGIN "\1\4\0\1\0\1\0\0\1"
			  "\1\4\0\1\0\1\5\0\1xxxxx"
			  "\1\4\0\1\0\2\0\0ab" EMPTY,
			PREFACE_GOOD),
		/* another id, another type, another version in between */
		ROW(BEGIN "\1\4\0\2\0\4\0\0\1\1ab" EMPTY, PREFACE_BAD),
		ROW(BEGIN "\1\4\0\0\0\4\0\0\1\1ab" EMPTY, PREFACE_BAD),
		ROW(BEGIN "\1\4\1\1\0\4\0\0\1\1ab" EMPTY, PREFACE_BAD),
		ROW(BEGIN "\1\5\0\1\0\4\0\0abcd", PREFACE_BAD),
		ROW(BEGIN "\1\2\0\1\0\0\0\0", PREFACE_BAD),
		ROW(BEGIN BEGIN EMPTY, PREFACE_BAD),
		ROW(BEGIN "\1\11\0\0\0\0\0\0" EMPTY, PREFACE_BAD),
		ROW(BEGIN "\1\143\0\1\0\0\0\0" EMPTY, PREFACE_BAD),
		ROW(BEGIN "\2\4\0\1\0\4\0\0\1\1ab" EMPTY, PREFACE_BAD),
		ROW(BEGIN "\1\4\0\1\0\4\0\0\1\1ab\2\4\0\1\0\0\0\0", PREFACE_BAD),
	};
	check(rows, COUNT(rows));
}

/* One PARAMS record of these bytes, and the end of the stream. */
#define PARAMETERS(count, bytes, verdict) ROW(BEGIN "\1\4\0\1\0" count "\0\0" bytes EMPTY, verdict)

static void test_pairs(void **state)
{
	(void)state;
	static const struct row rows[] = {
		PARAMETERS("\2", "\0\0", PREFACE_GOOD),
		PARAMETERS("\3", "\1\0a", PREFACE_GOOD),
		PARAMETERS("\3", "\0\1b", PREFACE_GOOD),
		PARAMETERS("\7", "\1\0a\1\1cd", PREFACE_GOOD),
		/* lengths of four bytes: a small one is allowed */
		PARAMETERS("\7", "\200\0\0\1\1ab", PREFACE_GOOD),
		PARAMETERS("\12", "\200\0\0\1\200\0\0\1ab", PREFACE_GOOD),
		/* lengths that are cut */
		PARAMETERS("\1", "\1", PREFACE_BAD),
		PARAMETERS("\1", "\200", PREFACE_BAD),
		PARAMETERS("\3", "\200\0\0", PREFACE_BAD),
		PARAMETERS("\4", "\200\0\0\1", PREFACE_BAD),
		PARAMETERS("\6", "\1\200\0\0\1a", PREFACE_BAD),
		PARAMETERS("\5", "\1\1ab\1", PREFACE_BAD),
		/* more than there is */
		PARAMETERS("\3", "\1\1a", PREFACE_BAD),
		PARAMETERS("\3", "\2\0a", PREFACE_BAD),
		PARAMETERS("\4", "\177\1ab", PREFACE_BAD),
		PARAMETERS("\7", "\377\377\377\377\1ab", PREFACE_BAD),
		PARAMETERS("\7", "\1\377\377\377\377ab", PREFACE_BAD),
		PARAMETERS("\12", "\377\377\377\377\377\377\377\377ab", PREFACE_BAD),
		PARAMETERS("\12", "\300\0\0\0\300\0\0\2ab", PREFACE_BAD),
	};
	check(rows, COUNT(rows));
}

static size_t put(size_t at, const void *bytes, size_t n)
{
	assert_true(at + n <= sizeof copy);
	memcpy(copy + at, bytes, n);
	return at + n;
}

/* A record of so many bytes, all `fill`. */
static size_t put_params(size_t at, size_t n, unsigned char fill)
{
	const unsigned char header[] = {
		1, 4, 0, 1, (unsigned char)(n >> 8), (unsigned char)(n & 0xff), 0, 0};
	at = put(at, header, sizeof header);
	assert_true(at + n <= sizeof copy);
	memset(copy + at, fill, n);
	return at + n;
}

static void test_most_parameters(void **state)
{
	(void)state;
	size_t at = put(0, BEGIN, 16);
	/* Zeros are pairs of nothing and nothing. */
	at = put_params(at, 0x8000, 0);
	at = put_params(at, 0x8000, 0);
	size_t full = put(at, EMPTY, 8);
	assert_int_equal(judge(copy, full), PREFACE_GOOD);
	size_t over = put_params(at, 2, 0);
	assert_int_equal(judge(copy, over), PREFACE_BAD);
	assert_int_equal(judge(copy, at + 8), PREFACE_BAD);
}

/* Small records would let a peer spend the space around the parameters. */
static void test_most_records(void **state)
{
	(void)state;
	size_t at = put(0, BEGIN, 16);
	while (at + 10 <= PREFACE_MAX) {
		at = put_params(at, 2, 0);
	}
	assert_int_equal(judge(copy, at), PREFACE_MORE);
	at = put_params(at, 2, 0);
	assert_int_equal(judge(copy, PREFACE_MAX), PREFACE_BAD);
	assert_int_equal(judge(copy, at), PREFACE_BAD);
}

/* However much of a good preface is there, nothing is wrong with it. */
static void test_every_cut(void **state)
{
	(void)state;
	static const char whole[] = BEGIN "\1\4\0\1\0\7\2\0\1\0a\1\1cdxy"
					  "\1\4\0\1\0\2\0\0\0\0" EMPTY;
	size_t n = sizeof whole - 1;
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(judge(whole, i), PREFACE_MORE);
	}
	assert_int_equal(judge(whole, n), PREFACE_GOOD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_begin),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_pairs),
		cmocka_unit_test(test_most_parameters),
		cmocka_unit_test(test_most_records),
		cmocka_unit_test(test_every_cut),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
