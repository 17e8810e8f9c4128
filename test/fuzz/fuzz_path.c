/*
 * Request targets and the queries in them. Whatever was accepted is safe to compare and split.
 *
 * Input: the target.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/utf8.h"
#include "http/path.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

static bool contains(struct slice s, const char *what)
{
	return s.n && memmem(s.p, s.n, what, strlen(what));
}

static bool ends(struct slice s, const char *what)
{
	size_t n = strlen(what);
	return s.n >= n && slice_equal_str(slice_from(s, s.n - n), what);
}

static void check_path(struct slice path)
{
	require(slice_starts(path, "/") && utf8_is_valid(path));
	require(!contains(path, "//") && !contains(path, "\\"));
	require(!contains(path, "/../") && !contains(path, "/./"));
	require(!ends(path, "/..") && !ends(path, "/."));
	for (size_t i = 0; i < path.n; i++) {
		unsigned char c = (unsigned char)path.p[i];
		require(c >= 0x20 && c != 0x7f);
	}
}

/* A path without characters that mean something in a target stands for itself. */
static void check_again(struct arena *a, struct slice path)
{
	struct slice again, query;
	struct error err;
	if (slice_find(path, '%') == path.n && slice_find(path, '?') == path.n &&
		slice_find(path, '#') == path.n) {
		require(path_parse(a, path, &again, &query, &err) == 0);
		require(slice_equal(path, again) && !query.p);
	}
}

static void check_value(struct slice value, struct slice query)
{
	require(value.p && value.n <= query.n && slice_find(value, '\0') == value.n);
}

/* What is found first is collected first, unless it is empty. */
static void check_query(struct arena *a, struct slice query)
{
	struct slice first, all[2];
	struct error err = {0};
	size_t count = 0;
	int got = query_get(a, query, "a", &first, &err);
	int collected = query_collect(a, query, "a", all, 2, &count, &err);
	require((got >= 0 && collected == 0) || err.status == 400);
	require(got != 0 || (collected == 0 && count == 0));
	for (size_t i = 0; i < count && i < 2; i++) {
		check_value(all[i], query);
	}
	if (got == 1) {
		check_value(first, query);
		require(first.n == 0 || (count > 0 && slice_equal(all[0], first)));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct slice path, query;
	struct error err = {0};
	/* Room for each value with its alignment. */
	require(arena_init(&arena, 32 * size + 256) == 0);
	if (path_parse(&arena, slice_of(data, size), &path, &query, &err) == 0) {
		check_path(path);
		check_again(&arena, path);
		check_query(&arena, query);
	} else {
		require(err.status == 400);
	}
	arena_release(&arena);
	return 0;
}
