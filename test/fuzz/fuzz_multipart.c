/*
 * Forms, and the Content-Type that names their boundary. How a body is cut must not change what the
 * handler is told.
 *
 * Input: one byte that seeds the cuts, the Content-Type up to LF, the body.
 */
#include <stddef.h>
#include <stdint.h>

#include "http/multipart.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct told {
	uint64_t digest; /* FNV-1a of all events */
	uint64_t bytes;
	bool open;
};

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

static void digest(struct told *t, struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		t->digest = (t->digest ^ (unsigned char)s.p[i]) * 0x100000001b3;
	}
}

static int on_begin(void *context, const struct part *part, struct error *err)
{
	struct told *t = context;
	(void)err;
	require(!t->open && part->has_name);
	require(slice_find(part->name, '\0') == part->name.n);
	require(slice_find(part->filename, '\0') == part->filename.n);
	t->open = true;
	digest(t, slice_view("<"));
	digest(t, part->name);
	digest(t, slice_view(part->has_filename ? "|" : ">"));
	digest(t, part->filename);
	return 0;
}

static int on_data(void *context, struct slice data, struct error *err)
{
	struct told *t = context;
	(void)err;
	require(t->open && data.n > 0);
	t->bytes += data.n;
	digest(t, data);
	return 0;
}

static int on_end(void *context, struct error *err)
{
	struct told *t = context;
	(void)err;
	require(t->open);
	t->open = false;
	digest(t, slice_of("\0.", 2));
	return 0;
}

/* Feed the body in cuts drawn from `seed`, or whole when it is 0. */
static int run(struct slice boundary, struct slice body, unsigned seed, struct told *t)
{
	static const struct multipart_handler handler = {on_begin, on_data, on_end};
	static struct multipart m;
	struct error err = {0};
	size_t total = body.n;
	*t = (struct told){.digest = 0xcbf29ce484222325};
	multipart_init(&m, boundary, &handler, t);
	for (uint32_t draw = seed; body.n;) {
		draw = draw * 1664525 + 1013904223;
		size_t n = seed ? 1 + (draw >> 16) % seed : body.n;
		if (multipart_feed(&m, slice_head(body, n), &err) != 0) {
			require(err.status == 400);
			return -1;
		}
		body = slice_from(body, n);
	}
	require(t->bytes <= total);
	if (multipart_end(&m, &err) != 0) {
		require(err.status == 400);
		return -1;
	}
	require(!t->open);
	return 0;
}

static int find_boundary(struct arena *a, struct slice type, struct slice *boundary)
{
	struct mediatype m;
	struct error err;
	if (mediatype_parse(type, &m, &err) != 0 ||
		mediatype_boundary(a, &m, boundary, &err) != 0) {
		return -1;
	}
	require(boundary->n > 0 && boundary->n <= MEDIATYPE_BOUNDARY_MAX);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0) {
		return 0;
	}
	struct slice body = slice_of(data + 1, size - 1), boundary;
	struct slice type = slice_cut(&body, '\n');
	struct arena arena;
	require(arena_init(&arena, size + 64) == 0);
	if (find_boundary(&arena, type, &boundary) == 0) {
		struct told whole, bytes, cut;
		int result = run(boundary, body, 0, &whole);
		require(run(boundary, body, 1, &bytes) == result);
		require(run(boundary, body, 2 + data[0], &cut) == result);
		require(whole.digest == bytes.digest && whole.digest == cut.digest);
	}
	arena_release(&arena);
	return 0;
}
