/* Answers as JSON, errors among them. */
#include <math.h>

#include "app/inside.h"
#include "base/clock.h"
#include "http/filename.h"

enum { UNAVAILABLE_RETRY_S = 5 };

static const struct reply_words {
	const char *code, *error, *message;
} words[] = {
	{"missing_parameter", "Missing parameter", "A required parameter was not sent."},
	{"too_many_files", "Too many files", "The batch has more files than one call takes."},
	{"bad_request", "Bad request", "The request is incomplete or cannot be understood."},
	{"invalid_auth", "invalid_auth", "Send a valid API key: Authorization: Bearer sk_cdn_..."},
	{"insufficient_scope", "insufficient_scope", "Your API key is not meant for this."},
	{"file_too_large", "File too large",
		"The file is larger than your account's limit per file."},
	{"quota_exceeded", "Storage quota exceeded",
		"The file does not fit into your storage quota."},
	{"not_found", "Not found", "There is nothing here, or it is not yours."},
	{"upload_not_found", "Upload not found", "There is no such upload, or it is not yours."},
	{"route_not_found", "Not found", "There is no such address in this API."},
	{"method_not_allowed", "Method not allowed", "This address does not take that method."},
	{"request_timeout", "Request timeout", "The request body came too slowly."},
	{"body_too_large", "Request body too large",
		"The request body is above this server's limit."},
	{"precondition_failed", "Precondition failed",
		"The file is not the one that the request's condition names."},
	{"range_not_satisfiable", "Range not satisfiable", "The file has no such range of bytes."},
	{"unsupported_media_type", "Unsupported media type",
		"The request body is of a type that this address does not take."},
	{"conflict", "Request in progress",
		"A request with this Idempotency-Key is still being carried out."},
	{"validation_failed", "Validation failed", "The request cannot be taken as it is."},
	{"upload_failed", "Upload failed", "The file could not be stored."},
	{"rename_failed", "Rename failed", "The file keeps the name it has."},
	{"rate_limited", "Too many requests",
		"Your account has asked for this too often; try again later."},
	{"internal_error", "Internal error", "Something went wrong here."},
	{"unavailable", "Service unavailable", "A part of the service is down; try again soon."},
	{"storage_full", "Storage full", "The service has no space left for files."},
};

static const char json_type[] = "application/json; charset=utf-8";

static const struct reply_words *words_of(const char *code)
{
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(words[i].code, code) == 0) {
			return &words[i];
		}
	}
	return words_of("internal_error");
}

static void set_common_headers(struct call *c, const char *type)
{
	response_set(c->res, "Content-Type", slice_view(type));
	response_set(c->res, "Cache-Control", slice_view("no-store"));
	response_set(c->res, "X-Content-Type-Options", slice_view("nosniff"));
}

void reply_document(struct call *c, int status, struct slice text)
{
	c->res->status = status;
	set_common_headers(c, json_type);
	response_set_bytes(c->res, text);
}

int reply_json(struct call *c, int status, struct json *doc, struct error *err)
{
	struct slice text;
	if (json_print(doc, &text) != 0) {
		return call_full(err);
	}
	reply_document(c, status, text);
	return 0;
}

void reply_sandbox(struct call *c)
{
	response_set(c->res, "Content-Security-Policy",
		slice_view("sandbox; default-src 'none'; style-src 'unsafe-inline'; "
			   "img-src data: 'self'"));
}

int reply_text(struct call *c, int status, struct slice text)
{
	c->res->status = status;
	set_common_headers(c, "text/plain; charset=utf-8");
	response_set_bytes(c->res, text);
	return 0;
}

const char *file_url(struct call *c, const struct record *record)
{
	return filename_url(
		c->req->arena, c->app->config->public_url, record->id, record->filename);
}

void reply_again(struct call *c, int status, struct slice type, struct slice body)
{
	c->res->status = status;
	set_common_headers(c, type.p);
	response_set(c->res, "Idempotency-Replayed", slice_view("true"));
	response_set_bytes(c->res, body);
}

void file_object(struct call *c, struct json *object, const struct record *record)
{
	char created[CLOCK_ISO_SIZE];
	clock_format_iso(record->created_ms, created);
	json_set_str(object, "id", record->id);
	json_set_str(object, "filename", record->filename);
	json_set_integer(object, "size", record->size);
	json_set_str(object, "content_type", record->content_type);
	json_set_str(object, "url", file_url(c, record));
	json_set_str(object, "created_at", created);
	json_set_str(object, "sha256", record->sha256);
}

int reply_file(struct call *c, int status, const struct record *record, struct error *err)
{
	struct json doc;
	json_init(&doc, c->req->arena);
	file_object(c, &doc, record);
	return reply_json(c, status, &doc, err);
}

int reply_upload(struct call *c, const struct record *record, struct error *err)
{
	if (!c->wants_text) {
		return reply_file(c, 201, record, err);
	}
	const char *url = file_url(c, record);
	const char *line = url ? arena_printf(c->req->arena, "%s\n", url) : NULL;
	return line ? reply_text(c, 201, slice_view(line)) : call_full(err);
}

/* How full the account is, so that a client can say so without asking again. */
static void add_quota(struct call *c, struct json *doc, struct json *quota)
{
	uint64_t used = c->identity->account.bytes, limit = call_limits(c)->total_bytes;
	double percentage = limit ? 100.0 * (double)used / (double)limit : 100.0;
	json_set_object(doc, "quota", quota);
	json_set_integer(quota, "storage_used", used);
	json_set_integer(quota, "storage_limit", limit);
	json_set_str(quota, "quota_tier", tier_name(c->identity->account.tier));
	json_set_number(quota, "percentage_used", round(percentage * 100.0) / 100.0);
}

/* `details` where several might be wrong, as the contract has it; we name the first. */
static void add_detail(const struct error *err, struct json *doc)
{
	struct json details;
	if (*err->more && strcmp(err->code, "validation_failed") == 0) {
		json_set_array(doc, "details", &details);
		json_add_str(&details, err->more);
	} else if (*err->more) {
		json_set_str(doc, "detail", err->more);
	}
}

static void build_envelope(
	struct call *c, const struct error *err, struct json *doc, struct json *quota)
{
	const struct reply_words *w = words_of(err->code);
	json_init(doc, c->req->arena);
	json_set_str(doc, "error", *err->text ? err->text : w->error);
	json_set_str(doc, "code", w->code);
	json_set_str(doc, "message", w->message);
	json_set_integer(doc, "status", (uint64_t)err->status);
	json_set_str(doc, "documentation_url",
		arena_printf(c->req->arena, "%s/docs/api#errors", c->app->config->public_url));
	if (c->lacking) {
		json_set_str(doc, "hint",
			arena_printf(c->req->arena, "Use a key that has the scope %s.",
				scope_name(c->lacking)));
	}
	if (err->parameter) {
		json_set_str(doc, "parameter", err->parameter);
	}
	add_detail(err, doc);
	if (err->status == 402 && c->identity) {
		add_quota(c, doc, quota);
	}
	json_set_str(doc, "request_id", c->req->id);
}

/* RFC 6750 section 3.1. */
static struct slice lacking_scope(const struct call *c)
{
	return slice_view(arena_printf(c->req->arena,
		"Bearer error=\"insufficient_scope\", scope=\"%s\"", scope_name(c->lacking)));
}

void reply_error(struct call *c, const struct error *err)
{
	static const char last_words[] =
		"{\"error\":\"Internal error\",\"code\":\"internal_error\","
		"\"message\":\"Something went wrong here.\",\"status\":500}";
	struct json doc, quota;
	struct slice text;
	struct slice allow = response_get(c->res, "Allow");
	struct slice range = response_get(c->res, "Content-Range");
	response_init(c->res, err->status);
	c->res->error = *err;
	build_envelope(c, err, &doc, &quota);
	if (json_print(&doc, &text) != 0) {
		c->res->status = 500;
		text = slice_view(last_words);
	}
	set_common_headers(c, json_type);
	if (allow.p) {
		response_set(c->res, "Allow", allow);
	}
	if (err->status == 416) {
		response_set(c->res, "Content-Range", range);
		response_set(c->res, "Access-Control-Expose-Headers", slice_view("Content-Range"));
	}
	if (err->status == 401) {
		response_set(c->res, "WWW-Authenticate", slice_view("Bearer"));
	} else if (c->lacking) {
		response_set(c->res, "WWW-Authenticate", lacking_scope(c));
	}
	unsigned retry_s = err->status == 503 && !err->retry_s ? UNAVAILABLE_RETRY_S : err->retry_s;
	if (retry_s) {
		response_set(c->res, "Retry-After",
			slice_view(arena_printf(c->req->arena, "%u", retry_s)));
	}
	response_set_bytes(c->res, text);
}
