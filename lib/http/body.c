/* A request's body. */
#include "http/body.h"

#include <inttypes.h>

#include "http/human.h"

static int refuse_length(const struct body *b, const char *how, struct error *err)
{
	return error_set(err, 400, "bad_request",
		"body %s than its length: %" PRIu64 " of %" PRIu64, how, b->received, b->length);
}

int body_refuse_size(const struct body *b, struct error *err)
{
	char most[HUMAN_SIZE];
	human_size(b->ceiling, most);
	error_set(err, 413, "body_too_large", "body above %" PRIu64 " bytes", b->ceiling);
	return error_explain(err, "At most %s", most);
}

int body_next(struct body *b, struct slice *chunk, struct error *err)
{
	int got = b->ended ? 0 : b->source.next(b->source.context, chunk, err);
	if (got < 0) {
		return -1;
	}
	if (got == 0) {
		/* A stream that ends early but cleanly looks like any other end: only the length
		 * tells. */
		if (b->length_known && b->received < b->length) {
			return refuse_length(b, "shorter", err);
		}
		b->ended = true;
		return 0;
	}
	b->received += chunk->n;
	if (b->received > b->ceiling) {
		return body_refuse_size(b, err);
	}
	if (b->length_known && b->received > b->length) {
		return refuse_length(b, "longer", err);
	}
	return 1;
}
