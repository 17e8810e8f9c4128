/* Content-Digest and Repr-Digest. */
#include "http/content_digest.h"

#include "base/base64.h"
#include "http/dictionary.h"

static int refuse(struct error *err, const char *why)
{
	error_set(err, 400, "bad_request", "Content-Digest: %s", why);
	return error_explain(err, "Content-Digest %s", why);
}

int content_digest_parse(
	struct slice value, unsigned char out[CONTENT_DIGEST_BYTES], struct error *err)
{
	struct dictionary_member member, last = {0};
	struct slice rest = value;
	int got;
	while ((got = dictionary_next(&rest, &member)) == 1) {
		if (slice_equal_str(member.key, "sha-256")) {
			last = member;
		}
	}
	if (got < 0) {
		return refuse(err, "is not a dictionary as in sha-256=:base64:");
	}
	if (!last.key.p) {
		return 0;
	}
	if (base64_decode(last.base64, out, CONTENT_DIGEST_BYTES) != 0) {
		return refuse(err, "has a sha-256 that is not 32 bytes in base64 between colons");
	}
	return 1;
}

const char *content_digest_print(struct arena *a, const unsigned char digest[CONTENT_DIGEST_BYTES])
{
	char text[64];
	_Static_assert(sizeof text > (CONTENT_DIGEST_BYTES + 2) / 3 * 4, "room for the base64");
	base64_encode(digest, CONTENT_DIGEST_BYTES, text);
	return arena_printf(a, "sha-256=:%s:", text);
}
