/* The few values that a call takes beside its path. */
#include "app/fields.h"

#include "http/path.h"

static int too_large(struct error *err)
{
	error_set(err, 413, "body_too_large", "more than FIELDS_MAX of fields");
	return error_explain(err, "At most %d KB here", FIELDS_MAX / 1024);
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
		error_set(err, 400, "bad_request", "body is not a JSON object");
		return error_explain(err, "The body is not a JSON object");
	}
	return 0;
}

static int unsupported(struct error *err)
{
	error_set(err, 415, "unsupported_media_type", "body is neither JSON nor a form");
	return error_explain(err, "Send application/json or application/x-www-form-urlencoded");
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

static int collect(struct call *c, struct slice pairs, const char *name, struct slice *out,
	size_t max, size_t *count, struct error *err)
{
	const char *bracketed = arena_printf(c->req->arena, "%s[]", name);
	if (!bracketed) {
		return call_full(err);
	}
	if (query_collect(c->req->arena, pairs, bracketed, out, max, count, err) != 0) {
		return -1;
	}
	/* As some clients write a list: one field of the name for each element. */
	return query_collect(c->req->arena, pairs, name, out, max, count, err);
}

int fields_texts(struct call *c, const struct fields *fields, const char *name, struct slice *out,
	size_t max, size_t *count, struct error *err)
{
	*count = 0;
	if (fields->document && json_has(fields->document, name)) {
		if (json_get_texts(fields->document, name, out, max, count) < 0) {
			error_set(err, 400, "bad_request", "%s holds what is no text", name);
			return error_explain(err, "%s holds something that is no string", name);
		}
		return 0;
	}
	if (collect(c, fields->form, name, out, max, count, err) != 0) {
		return -1;
	}
	return *count ? 0 : collect(c, fields->query, name, out, max, count, err);
}
