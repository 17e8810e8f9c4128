/* GET /<id>/<any name>: the worker lane, from the record beside the file; Redis is not asked. */
#include <inttypes.h>
#include <unistd.h>

#include "app/inside.h"
#include "base/clock.h"
#include "base/number.h"
#include "http/content_digest.h"
#include "http/filename.h"
#include "http/precondition.h"
#include "http/range.h"

/* Enough for two numbers of nine digits, too little for one of 19, which nginx refuses. */
enum { PLAIN_RANGE_MAX = 25 };

static int not_found(struct error *err, const char *why)
{
	return error_set(err, 404, "not_found", "%s", why);
}

static void set_headers(struct call *c, const struct record *record, struct slice disposition)
{
	struct response *res = c->res;
	res->status = 200;
	response_set(res, "Content-Type", slice_view(record->content_type));
	response_set(res, "Content-Disposition", disposition);
	response_set(res, "X-Content-Type-Options", slice_view("nosniff"));
	response_set(res, "Access-Control-Expose-Headers",
		slice_view(
			"Accept-Ranges, Content-Range, Content-Disposition, Content-Length, ETag"));
	response_set(res, "Cross-Origin-Resource-Policy", slice_view("cross-origin"));
	if (sniff_may_run(record->content_type)) {
		reply_sandbox(c);
	}
}

/* Of the whole file, whatever part of it is sent (RFC 9530 section 3). */
static void set_digest(struct call *c, const struct record *record)
{
	unsigned char digest[SHA256_BYTES];
	if (number_unhex(slice_view(record->sha256), digest, sizeof digest) == 0) {
		response_set(c->res, "Repr-Digest",
			slice_view(content_digest_print(c->req->arena, digest)));
	}
}

/* Only once the bytes are there: a file that is gone must not be kept for ever. */
static void keep_for_ever(struct response *res)
{
	response_set(res, "Cache-Control", slice_view("public, max-age=31536000, immutable"));
}

static int unsatisfiable(struct call *c, uint64_t size, struct error *err)
{
	response_set(c->res, "Content-Range",
		slice_view(arena_printf(c->req->arena, "bytes */%" PRIu64, size)));
	return error_set(err, 416, "range_not_satisfiable", "it has %" PRIu64 " bytes", size);
}

static int answer_range(struct call *c, const struct volume_stat *file, const struct validators *v,
	struct error *err)
{
	struct byte_range range = {0, file->size};
	struct slice header = request_header(c->req, "range");
	enum range_kind kind = RANGE_WHOLE;
	/* Only GET has ranges (RFC 9110 section 14.2). */
	if (header.p && c->req->method == METHOD_GET &&
		precondition_if_range(request_header(c->req, "if-range"), v)) {
		kind = range_parse(header, file->size, &range);
	}
	if (kind == RANGE_UNSATISFIABLE) {
		return unsatisfiable(c, file->size, err);
	}
	if (kind == RANGE_PART) {
		c->res->status = 206;
		response_set(c->res, "Content-Range",
			slice_view(arena_printf(c->req->arena,
				"bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64, range.offset,
				range.offset + range.length - 1, file->size)));
	}
	response_set_file(c->res, file->fd, range.offset, range.length);
	return 0;
}

/* Validators in the form that nginx gives them, so that a file has one ETag on every way out. */
static int stream(struct call *c, const struct record *record, struct error *err)
{
	struct arena *a = c->req->arena;
	struct volume_stat file;
	char *modified = arena_take(a, CLOCK_HTTP_SIZE);
	if (!modified) {
		return call_full(err);
	}
	int found = volume_read(&c->root, VOLUME_FILES, record->id, record->ext, &file, err);
	if (found <= 0) {
		return found < 0 ? -1 : not_found(err, "the bytes are gone");
	}
	arena_defer_close(a, file.fd);
	clock_format_http(file.mtime_s * 1000, modified);
	const struct validators v = {
		.etag = slice_view(arena_printf(
			a, "\"%" PRIx64 "-%" PRIx64 "\"", (uint64_t)file.mtime_s, file.size)),
		.last_modified_ms = file.mtime_s * 1000,
	};
	keep_for_ever(c->res);
	set_digest(c, record);
	response_set(c->res, "Accept-Ranges", slice_view("bytes"));
	response_set(c->res, "ETag", v.etag);
	response_set(c->res, "Last-Modified", slice_view(modified));
	if (precondition_failed(request_header(c->req, "if-match"),
		    request_header(c->req, "if-unmodified-since"), &v)) {
		return error_set(
			err, 412, "precondition_failed", "it is not the file that was meant");
	}
	if (precondition_not_modified(request_header(c->req, "if-none-match"),
		    request_header(c->req, "if-modified-since"), &v)) {
		c->res->status = 304;
		return 0;
	}
	return answer_range(c, &file, &v, err);
}

/* Of a conditional request: the web server gives a file its validators, and judges by them. */
static bool has_condition(const struct request *req)
{
	static const char *const names[] = {"if-match", "if-unmodified-since", "if-none-match",
		"if-modified-since", "if-range"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (request_header(req, names[i]).p) {
			return true;
		}
	}
	return false;
}

/*
 * A range of nothing is refused here, so that each web server says it alike. With a condition it may
 * be that the range does not count.
 */
static bool is_unsatisfiable(const struct call *c, uint64_t size)
{
	struct byte_range ignored;
	const struct request *req = c->req;
	struct slice header = request_header(req, "range");
	return req->method == METHOD_GET && header.p && !has_condition(req) &&
	       range_parse(header, size, &ignored) == RANGE_UNSATISFIABLE;
}

/*
 * Whether the web server will find that it has nothing to send: it keeps our headers then, and the
 * digest is not the one of its error. It refuses more than we do, so only a plain range will do; to
 * leave the digest out is no lie.
 */
static bool may_be_unsatisfiable(const struct call *c, uint64_t size)
{
	struct byte_range ignored;
	struct slice header = request_header(c->req, "range");
	return header.n > PLAIN_RANGE_MAX ||
	       (header.p && range_parse(header, size, &ignored) != RANGE_PART);
}

/*
 * The web server sends the bytes, and answers Range and conditions by itself: validators and
 * Accept-Ranges are its own, and would be there twice if they were ours as well. nginx, which would
 * keep our Cache-Control even for a file that is gone by then, adds its own to that.
 */
static int hand_off(struct call *c, const struct record *record, struct error *err)
{
	/* What was planted in its place is not named: some web servers would follow a link. */
	struct volume_stat file;
	int found = volume_read(&c->root, VOLUME_FILES, record->id, record->ext, &file, err);
	if (found <= 0) {
		return found < 0 ? -1 : not_found(err, "the bytes are gone");
	}
	close(file.fd);
	if (is_unsatisfiable(c, record->size)) {
		return unsatisfiable(c, record->size, err);
	}
	const struct config *config = c->app->config;
	bool accel = config->sendfile == SENDFILE_X_ACCEL_REDIRECT;
	const char *path = arena_printf(c->req->arena, "%s%s/%s/%s.%s",
		accel ? config->public_prefix : config->data_dir, accel ? "/.files" : "/files",
		record->id + UUID_LENGTH - 3, record->id, record->ext);
	if (!path) {
		return call_full(err);
	}
	if (!accel) {
		keep_for_ever(c->res);
	}
	if (!may_be_unsatisfiable(c, record->size)) {
		set_digest(c, record);
	}
	response_set(c->res, accel ? "X-Accel-Redirect" : "X-Sendfile", slice_view(path));
	c->res->handed_off = true;
	return 0;
}

int file_serve(struct call *c, struct error *err)
{
	const char *id = arena_dup(c->req->arena, c->parameters[0]);
	struct record record;
	struct slice disposition;
	if (!id) {
		return call_full(err);
	}
	if (!uuid_is_valid(c->parameters[0])) {
		return not_found(err, "not an id");
	}
	if (call_open_store(c, err) != 0) {
		return -1;
	}
	int found = record_read(&c->root, c->req->arena, id, &record, err);
	if (found <= 0) {
		return found < 0 ? -1 : not_found(err, "no record");
	}
	if (filename_disposition(c->req->arena, slice_view(record.filename), &disposition) != 0) {
		return call_full(err);
	}
	set_headers(c, &record, disposition);
	/* Of nothing there is nothing to hand off, and a web server can tell a file by its having a size. */
	bool ours = c->app->config->sendfile == SENDFILE_OFF || record.size == 0;
	return ours ? stream(c, &record, err) : hand_off(c, &record, err);
}
