/* The few values that a call takes beside its path. */
#include "app/fields.h"

#include "http/path.h"

static int too_large(struct error *err)
{
	return error_set(err, 413, "body_too_large", "more than FIELDS_MAX of fields");
}

static int read_all(struct call *c, struct buf *text, struct error *err)
{
	const struct body *body = c->req->body;
	struct slice chunk;
	int got;
	if (body->length_known && body->length > FIELDS_MAX) {
		return too_large(err);
	}
	while ((got = body_next(c->req->body, &chunk, err)) == 1) {
		buf_put(text, chunk);
		if (text->failed) {
			return too_large(err);
		}
	}
	return got;
}

static int parse_document(
	struct call *c, struct fields *fields, struct slice text, struct error *err)
{
	fields->document = arena_alloc(c->req->arena, sizeof *fields->document);
	if (!fields->document) {
		return call_full(err);
	}
	if (json_parse(fields->document, c->req->arena, text) != 0) {
		return error_set(err, 400, "bad_request", "body is not a JSON object");
	}
	return 0;
}

static int unsupported(struct error *err)
{
	return error_set(err, 415, "unsupported_media_type", "body is neither JSON nor a form");
}

int fields_read(struct call *c, struct fields *out, struct error *err)
{
	bool is_json = mediatype_is(&c->type, "application/json");
	bool is_form = mediatype_is(&c->type, "application/x-www-form-urlencoded");
	struct buf text;
	*out = (struct fields){.query = c->req->query};
	if (c->type.type.n && !is_json && !is_form) {
		return unsupported(err);
	}
	buf_new(&text, c->req->arena, FIELDS_MAX);
	if (text.failed) {
		return call_full(err);
	}
	if (read_all(c, &text, err) != 0) {
		return -1;
	}
	if (text.n == 0) {
		return 0;
	}
	if (is_form) {
		out->form = buf_view(&text);
		return 0;
	}
	return is_json ? parse_document(c, out, buf_view(&text), err) : unsupported(err);
}

int fields_text(struct call *c, const struct fields *fields, const char *name, struct slice *out,
	struct error *err)
{
	if (fields->document && json_get_text(fields->document, name, out)) {
		return 1;
	}
	int found = query_get(c->req->arena, fields->form, name, out, err);
	return found != 0 ? found : query_get(c->req->arena, fields->query, name, out, err);
}
