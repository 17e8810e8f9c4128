/* One request as a value. */
#include "http/request.h"

#include "base/buf.h"
#include "base/number.h"
#include "http/path.h"

static const char *const names[METHOD__COUNT] = {
	[METHOD_GET] = "GET",
	[METHOD_HEAD] = "HEAD",
	[METHOD_POST] = "POST",
	[METHOD_PUT] = "PUT",
	[METHOD_PATCH] = "PATCH",
	[METHOD_DELETE] = "DELETE",
	[METHOD_OPTIONS] = "OPTIONS",
	[METHOD_OTHER] = "",
};

enum method method_parse(struct slice name)
{
	for (enum method m = METHOD_GET; m < METHOD_OTHER; m++) {
		if (slice_equal_str(name, names[m])) {
			return m;
		}
	}
	return METHOD_OTHER;
}

const char *method_name(enum method m)
{
	return names[m];
}

struct slice request_header(const struct request *req, const char *name)
{
	for (size_t i = 0; i < req->header_count; i++) {
		if (slice_equal_str(req->headers[i].name, name)) {
			return req->headers[i].value;
		}
	}
	return (struct slice){NULL, 0};
}

/* How many values a header has, and their length with a separator behind each. */
static size_t count_values(const struct request *req, const char *name, size_t *length)
{
	size_t count = 0;
	*length = 0;
	for (size_t i = 0; i < req->header_count; i++) {
		if (slice_equal_str(req->headers[i].name, name)) {
			count++;
			*length += req->headers[i].value.n + strlen(", ");
		}
	}
	return count;
}

int request_header_list(
	const struct request *req, const char *name, struct slice *out, struct error *err)
{
	size_t length, count = count_values(req, name, &length);
	struct buf list;
	*out = request_header(req, name);
	if (count < 2) {
		return (int)count;
	}
	buf_new(&list, req->arena, length);
	for (size_t i = 0; i < req->header_count; i++) {
		if (slice_equal_str(req->headers[i].name, name)) {
			buf_put_str(&list, list.n ? ", " : "");
			buf_put(&list, req->headers[i].value);
		}
	}
	*out = buf_view(&list);
	return list.failed ? error_set(err, 500, "internal_error", "arena is full") : 1;
}

int request_add_cgi_header(
	struct request *req, struct slice name, struct slice value, struct error *err)
{
	/* A header that is left out unseen could be the one that matters. */
	if (req->header_count == REQUEST_HEADERS_MAX) {
		return error_set(
			err, 400, "bad_request", "more than %d headers", REQUEST_HEADERS_MAX);
	}
	char *lower = arena_dup(req->arena, name);
	if (!lower) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	for (char *c = lower; *c; c++) {
		if (*c == '_') {
			*c = '-';
		} else if (*c >= 'A' && *c <= 'Z') {
			*c = (char)(*c - 'A' + 'a');
		}
	}
	req->headers[req->header_count++] = (struct header){slice_of(lower, name.n), value};
	return 0;
}

int request_parse_target(struct request *req, struct slice prefix, struct error *err)
{
	if (path_parse(req->arena, req->target, &req->path, &req->query, err) != 0) {
		return -1;
	}
	if (prefix.n == 0) {
		return 0;
	}
	bool inside = slice_equal(slice_head(req->path, prefix.n), prefix);
	struct slice rest = slice_from(req->path, prefix.n);
	req->path = inside && rest.n && *rest.p == '/' ? rest : (struct slice){"", 0};
	return 0;
}

int request_parse_length(struct slice value, struct body *body, struct error *err)
{
	body->length_known = false;
	if (value.n == 0 || slice_equal_str(value, "-1")) {
		return 0;
	}
	if (number_parse(value, &body->length) != 0 || body->length > INT64_MAX) {
		return error_set(err, 400, "bad_request", "Content-Length is not a length");
	}
	body->length_known = true;
	return 0;
}

bool request_client_left(const struct request *req)
{
	return req->client_left && req->client_left(req->client);
}
