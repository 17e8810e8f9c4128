/*
 * Content-Digest values. What is accepted stands for its bytes alone, and for the last member.
 *
 * Input: the value.
 */
#include <stddef.h>
#include <stdint.h>

#include "base/base64.h"
#include "http/content_digest.h"
#include "http/dictionary.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
	if (!holds) {
		abort();
	}
}

/* Members are views of the value, one behind the other. */
static int walk(struct slice value)
{
	struct slice rest = value;
	struct dictionary_member m;
	int got;
	const char *end = value.p;
	while ((got = dictionary_next(&rest, &m)) == 1) {
		require(m.key.n > 0 && m.key.p >= end);
		end = m.base64.p ? m.base64.p + m.base64.n : m.key.p + m.key.n;
		require(rest.p >= end && rest.p + rest.n <= value.p + value.n);
	}
	return got;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slice value = slice_of(data, size);
	unsigned char digest[CONTENT_DIGEST_BYTES], again[CONTENT_DIGEST_BYTES];
	struct error err = {0};
	struct arena arena;
	require(arena_init(&arena, 256) == 0);
	int got = content_digest_parse(value, digest, &err);
	require(got >= 0 || err.status == 400);
	require(walk(value) == 0 || got == -1);
	if (got == 1) {
		const char *text = content_digest_print(&arena, digest);
		char base64[64];
		require(content_digest_parse(slice_view(text), again, &err) == 1);
		require(memcmp(digest, again, sizeof digest) == 0);
		base64_encode(digest, sizeof digest, base64);
		require(memmem(value.p, value.n, base64, strlen(base64)) != NULL);
	}
	arena_release(&arena);
	return 0;
}
