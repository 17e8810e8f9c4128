/* Whether a body arrived as its client meant it. */
#include "app/intact.h"

#include "http/content_digest.h"

_Static_assert((int)SHA256_BYTES == (int)CONTENT_DIGEST_BYTES, "one kind of digest");

struct watch {
	struct body_source inner;
	struct sha256 *hash;
	unsigned char wanted[SHA256_BYTES];
};

static int broken(struct error *err)
{
	return error_set(err, 500, "internal_error", "libcrypto: the digest of a body failed");
}

static int judge(struct watch *w, struct error *err)
{
	unsigned char digest[SHA256_BYTES];
	if (sha256_end(w->hash, digest) != 0) {
		return broken(err);
	}
	if (memcmp(digest, w->wanted, sizeof digest) == 0) {
		return 0;
	}
	error_set(err, 400, "bad_request", "the body is not what Content-Digest says");
	return error_explain(err, "Content-Digest does not match the body");
}

static int next_chunk(void *context, struct slice *chunk, struct error *err)
{
	struct watch *w = context;
	int got = w->inner.next(w->inner.context, chunk, err);
	if (got == 0) {
		return judge(w, err);
	}
	return got == 1 && sha256_add(w->hash, *chunk) != 0 ? broken(err) : got;
}

int intact_watch(struct call *c, struct error *err)
{
	struct body *body = c->req->body;
	struct slice header;
	struct watch *w = arena_alloc(c->req->arena, sizeof *w);
	if (!w) {
		return call_full(err);
	}
	if (request_header_list(c->req, "content-digest", &header, err) < 0) {
		return -1;
	}
	int asked = content_digest_parse(header, w->wanted, err);
	if (asked <= 0) {
		return asked;
	}
	w->hash = c->app->body_hash;
	w->inner = body->source;
	if (sha256_begin(w->hash) != 0) {
		return broken(err);
	}
	if (body->ended) {
		return judge(w, err);
	}
	body->source = (struct body_source){next_chunk, w};
	return 0;
}
