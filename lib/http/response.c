/* One response as a value, and its head on the wire. */
#include "http/response.h"

#include <inttypes.h>

void response_init(struct response *res, int status)
{
	*res = (struct response){.status = status, .fd = -1};
}

static bool is_safe_value(struct slice value)
{
	for (size_t i = 0; i < value.n; i++) {
		if (value.p[i] == '\r' || value.p[i] == '\n' || value.p[i] == '\0') {
			return false;
		}
	}
	return true;
}

void response_set(struct response *res, const char *name, struct slice value)
{
	if (!is_safe_value(value)) {
		res->spoiled = true;
		return;
	}
	for (size_t i = 0; i < res->header_count; i++) {
		if (slice_equal_nocase(res->headers[i].name, name)) {
			res->headers[i].value = value;
			return;
		}
	}
	if (res->header_count == RESPONSE_HEADERS_MAX) {
		res->spoiled = true;
		return;
	}
	res->headers[res->header_count++] = (struct header){slice_view(name), value};
}

void response_set_bytes(struct response *res, struct slice bytes)
{
	res->body = RESPONSE_BYTES;
	res->bytes = bytes;
}

void response_set_file(struct response *res, int fd, uint64_t offset, uint64_t length)
{
	res->body = RESPONSE_FILE;
	res->fd = fd;
	res->file_offset = offset;
	res->file_length = length;
}

struct slice response_get(const struct response *res, const char *name)
{
	for (size_t i = 0; i < res->header_count; i++) {
		if (slice_equal_nocase(res->headers[i].name, name)) {
			return res->headers[i].value;
		}
	}
	return (struct slice){NULL, 0};
}

static uint64_t full_length(const struct response *res)
{
	switch (res->body) {
	case RESPONSE_BYTES:
		return res->bytes.n;
	case RESPONSE_FILE:
		return res->file_length;
	case RESPONSE_EMPTY:
		break;
	}
	return 0;
}

uint64_t response_body_length(const struct response *res, enum method method)
{
	return method == METHOD_HEAD ? 0 : full_length(res);
}

static const char *reason(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{200, "OK"},
		{201, "Created"},
		{204, "No Content"},
		{206, "Partial Content"},
		{302, "Found"},
		{304, "Not Modified"},
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{402, "Payment Required"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{409, "Conflict"},
		{412, "Precondition Failed"},
		{413, "Content Too Large"},
		{415, "Unsupported Media Type"},
		{416, "Range Not Satisfiable"},
		{422, "Unprocessable Content"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{503, "Service Unavailable"},
		{507, "Insufficient Storage"},
	};
	for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
		if (phrases[i].status == status) {
			return phrases[i].phrase;
		}
	}
	return "Unknown";
}

/* No Content-Length with 204 and 304 (RFC 9110 section 8.6), nor where the web server sends the
 * body. */
static bool has_length(const struct response *res)
{
	return res->status != 204 && res->status != 304 && !res->handed_off;
}

int response_head(const struct response *res, struct buf *out)
{
	if (res->spoiled) {
		return -1;
	}
	buf_printf(out, "Status: %d %s\r\n", res->status, reason(res->status));
	for (size_t i = 0; i < res->header_count; i++) {
		buf_put(out, res->headers[i].name);
		buf_put_str(out, ": ");
		buf_put(out, res->headers[i].value);
		buf_put_str(out, "\r\n");
	}
	if (has_length(res)) {
		buf_printf(out, "Content-Length: %" PRIu64 "\r\n", full_length(res));
	}
	buf_put_str(out, "\r\n");
	return out->failed ? -1 : 0;
}
