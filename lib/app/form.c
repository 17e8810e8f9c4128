/* A multipart/form-data body, streamed once. */
#include "app/form.h"

bool form_is_file(const struct part *part, const char *name)
{
	return slice_equal_str(part->name, name) && !(part->has_filename && part->filename.n == 0);
}

static int check_rest(const struct call *c, uint64_t file_bytes, struct error *err)
{
	if (c->req->body->received - file_bytes > FORM_ALLOWANCE) {
		return error_set(err, 413, "body_too_large", "too much beside the files");
	}
	return 0;
}

static int feed(struct call *c, struct multipart *m, const uint64_t *file_bytes, struct error *err)
{
	struct slice chunk;
	int got;
	while ((got = body_next(c->req->body, &chunk, err)) == 1) {
		if (multipart_feed(m, chunk, err) != 0 || check_rest(c, *file_bytes, err) != 0) {
			return -1;
		}
	}
	return got == 0 ? multipart_end(m, err) : -1;
}

int form_read(struct call *c, const struct multipart_handler *handler, void *context,
	const uint64_t *file_bytes, struct error *err)
{
	struct slice boundary;
	struct multipart *m = arena_take(c->req->arena, sizeof *m);
	if (!m) {
		return call_full(err);
	}
	if (mediatype_boundary(c->req->arena, &c->type, &boundary, err) != 0) {
		return -1;
	}
	multipart_init(m, boundary, handler, context);
	return feed(c, m, file_bytes, err);
}
