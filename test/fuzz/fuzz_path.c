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

/* The first pair that query_next gives under a name is what query_get finds. */
static void check_query(struct arena *a, struct slice query)
{
	struct slice rest = query, name, value, found;
	struct error err = {0};
	int got;
	bool seen = false;
	while ((got = query_next(a, &rest, &name, &value, &err)) > 0) {
		require(slice_find(name, '\0') == name.n && slice_find(value, '\0') == value.n);
		require(name.n + value.n <= query.n && value.p);
		if (!seen && slice_equal_str(name, "a")) {
			seen = true;
			require(query_get(a, query, "a", &found, &err) == 1);
			require(slice_equal(found, value));
		}
	}
	require(got == 0 || err.status == 400);
	if (got == 0 && !seen) {
		require(query_get(a, query, "a", &found, &err) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct slice path, query;
	struct error err = {0};
	/* Room for each name and value with its alignment. */
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
