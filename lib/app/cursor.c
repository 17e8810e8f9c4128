/* Cursors: an id and a check on it. */
#include "app/cursor.h"

#include "base/number.h"

static int add(struct sha256 *hash, struct slice text)
{
	/* With its end, so that no byte of one can pass for one of the next. */
	return sha256_add(hash, text) == 0 ? sha256_add(hash, slice_of("", 1)) : -1;
}

int cursor_format(struct sha256 *hash, const struct cursor_scope *scope, const char *id,
	char out[CURSOR_SIZE])
{
	unsigned char digest[SHA256_BYTES];
	if (sha256_begin(hash) != 0 || add(hash, slice_view(scope->account)) != 0 ||
		add(hash, scope->query) != 0 || add(hash, slice_view(id)) != 0 ||
		sha256_end(hash, digest) != 0) {
		return -1;
	}
	size_t n = 0;
	for (const char *c = id; *c; c++) {
		if (*c != '-' && n < 32) {
			out[n++] = *c;
		}
	}
	number_hex(digest, CURSOR_CHECK, out + n);
	return 0;
}

int cursor_parse(struct sha256 *hash, const struct cursor_scope *scope, struct slice text,
	char id[UUID_SIZE])
{
	char again[CURSOR_SIZE];
	if (text.n != CURSOR_LENGTH) {
		return 0;
	}
	snprintf(id, UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", text.p, text.p + 8, text.p + 12,
		text.p + 16, text.p + 20);
	if (!uuid_is_valid(slice_view(id))) {
		return 0;
	}
	if (cursor_format(hash, scope, id, again) != 0) {
		return -1;
	}
	return slice_equal_str(text, again);
}
