/* The access line. */
#include "http/access.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "http/json.h"

enum { PATH_LOGGED_MAX = 512 };

/* As it was sent, so that an attack is seen as it was tried; JSON needs UTF-8. */
static struct slice logged_path(const struct request *req)
{
	struct slice path = slice_head(req->target, slice_find(req->target, '?'));
	path = slice_head(path, PATH_LOGGED_MAX);
	return utf8_is_valid(path) ? path : slice_view("(not UTF-8)");
}

static void set_known(struct json *doc, const char *name, const char *text)
{
	if (text) {
		json_set_str(doc, name, text);
	}
}

/* One by itself, as nearly all are. */
static void set_files(struct json *doc, const struct response *res)
{
	struct json ids;
	if (res->file_count == 1) {
		json_set_str(doc, "file", res->files[0]);
	}
	if (res->file_count < 2) {
		return;
	}
	json_set_array(doc, "files", &ids);
	for (size_t i = 0; i < res->file_count; i++) {
		json_add_str(&ids, res->files[i]);
	}
}

int access_line(const struct request *req, const struct response *res, const struct access *facts,
	struct slice *out)
{
	struct json doc;
	char time[CLOCK_ISO_SIZE];
	clock_format_iso(req->now_ms, time);
	json_init(&doc, req->arena);
	json_set_str(&doc, "time", time);
	json_set_str(&doc, "id", req->id);
	json_set_text(&doc, "remote", req->remote_addr);
	json_set_text(&doc, "method", req->method_name);
	json_set_text(&doc, "path", logged_path(req));
	json_set_integer(&doc, "status", (uint64_t)res->status);
	json_set_integer(&doc, "bytes_in", req->body->received);
	json_set_integer(&doc, "bytes_out", facts->bytes_out);
	json_set_integer(&doc, "ms", (uint64_t)facts->ms);
	set_known(&doc, "account", res->account);
	set_files(&doc, res);
	set_known(&doc, "origin", res->origin);
	if (facts->client_left) {
		json_set_bool(&doc, "client_left", true);
	}
	if (res->error.status) {
		json_set_str(&doc, "error", res->error.code);
		json_set_str(&doc, "detail", res->error.detail);
	}
	return json_print(&doc, out);
}
