/* POST /api/v4/upload_from_url: the bytes come from an origin instead of the client. */
#include "app/fields.h"
#include "app/once.h"
#include "app/publish.h"
#include "base/utf8.h"
#include "fetch/download.h"
#include "fetch/reason.h"
#include "http/filename.h"
#include "http/human.h"
#include "store/rate.h"

enum { URL_MAX = 4096, AUTHORIZATION_MAX = 4096, MINUTE_MS = 60 * 1000 };

struct fetching {
	struct call *call;
	struct intake intake;
	struct slice text; /* the URL as it was sent */
	struct url url;
	const char *authorization;
	char filename[FILENAME_SIZE];
};

static int read_url(struct fetching *f, struct error *err)
{
	struct call *c = f->call;
	struct fields fields;
	if (fields_read(c, &fields, err) != 0) {
		return -1;
	}
	int found = fields_text(c, &fields, "url", &f->text, err);
	if (found < 0) {
		return -1;
	}
	f->text = slice_trim(f->text);
	if (!found || f->text.n == 0) {
		return call_missing("url", err);
	}
	if (f->text.n > URL_MAX || slice_has_control(f->text) || !utf8_is_valid(f->text)) {
		return error_set(err, 400, "bad_request", "url: too long, control or not UTF-8");
	}
	const char *text = arena_dup(c->req->arena, f->text);
	if (!text) {
		return call_full(err);
	}
	int parsed = url_parse(&f->url, c->req->arena, text, &c->app->config->fetch_ports, err);
	/* One that was refused may be any text. */
	c->origin = parsed == 0 ? f->url.host : NULL;
	return parsed;
}

static int read_authorization(struct fetching *f, struct error *err)
{
	struct slice value = request_header(f->call->req, "x-download-authorization");
	if (!value.n) {
		return 0;
	}
	if (value.n > AUTHORIZATION_MAX || slice_has_control(value)) {
		return error_set(err, 400, "bad_request", "X-Download-Authorization");
	}
	f->authorization = arena_dup(f->call->req->arena, value);
	return f->authorization ? 0 : call_full(err);
}

static int read_name(struct fetching *f, struct error *err)
{
	const char *path = url_path(&f->url, f->call->req->arena);
	if (!path) {
		return call_full(err);
	}
	filename_clean(slice_view(path), f->filename);
	return 0;
}

static struct rate rate_of(const struct config *config)
{
	return (struct rate){
		.what = "fetch",
		.calls_max = config->fetch_per_minute,
		.window_ms = MINUTE_MS,
		.hold_ms = config->fetch_timeout_s * 1000,
	};
}

static int begin_counting(struct call *c, const struct rate *rate, struct error *err)
{
	uint64_t wait_ms;
	if (rate->calls_max == 0) {
		return 0;
	}
	int may = rate_begin(c->app->redis, c->req->arena, c->identity->account.id, c->req->id,
		rate, &wait_ms, err);
	if (may != 0) {
		return may < 0 ? -1 : 0;
	}
	error_set(err, 429, "rate_limited", "above CDN_FETCH_PER_MINUTE");
	err->retry_s = (unsigned)((wait_ms + 999) / 1000);
	return -1;
}

/* Should Redis not hear of it, the fetch counts for as long as it might have taken. */
static void end_counting(struct call *c, const struct rate *rate)
{
	struct error err;
	if (rate->calls_max && rate_end(c->app->redis, c->req->arena, c->identity->account.id,
				       c->req->id, rate, &err) != 0) {
		log_say(c->app->log, LOG_WARNING, "%s: %s", c->req->id, err.detail);
	}
}

/* `size` is for people; NULL: without a length nobody knows how large it would have been. */
static int refuse_size(uint64_t limit, const char *size, struct error *err)
{
	char most[HUMAN_SIZE], reason[3 * HUMAN_SIZE];
	human_size(limit, most);
	bool exact = size && strcmp(size, most) != 0;
	snprintf(reason, sizeof reason, "File too large: %s%s exceeds limit of %s",
		exact ? "" : "more than ", exact ? size : most, most);
	return reason_set(err, reason, "file above the limit of its tier");
}

/* A client that gave up would never learn where the file is. */
static int wanted(void *context, struct error *err)
{
	const struct fetching *f = context;
	if (request_client_left(f->call->req)) {
		return error_set(
			err, 400, "bad_request", "the client left before the origin was done");
	}
	return once_hold(f->call, err);
}

static int expect(void *context, uint64_t bytes, struct error *err)
{
	const struct fetching *f = context;
	uint64_t limit = call_limits(f->call)->file_bytes;
	char size[HUMAN_SIZE];
	if (bytes > limit) {
		human_size(bytes, size);
		return refuse_size(limit, size, err);
	}
	return intake_check(f->call, bytes, err);
}

static int take(void *context, struct slice bytes, struct error *err)
{
	struct fetching *f = context;
	uint64_t limit = call_limits(f->call)->file_bytes;
	if (f->intake.blob.size + bytes.n > limit) {
		return refuse_size(limit, NULL, err);
	}
	return intake_write(&f->intake, bytes, err);
}

static int fetch(struct fetching *f, struct error *err)
{
	const struct download_sink sink = {wanted, expect, take, f};
	struct call *c = f->call;
	if (intake_open(&f->intake, c, err) != 0 || intake_begin(&f->intake, err) != 0) {
		return -1;
	}
	return download_run(c->app->config, c->req->arena, &f->url, f->authorization, &sink, err);
}

static int store(struct fetching *f, struct error *err)
{
	struct call *c = f->call;
	struct staged file;
	const struct source source = {"url", url_without_userinfo(c->req->arena, f->text)};
	if (!source.original_url) {
		return call_full(err);
	}
	if (intake_stage(&f->intake, 0, slice_view(f->filename), &source, &file, err) != 0 ||
		staged_publish(c, &file, err) != 0) {
		return -1;
	}
	return reply_upload(c, &file.record, err);
}

/* 1 answered, 0 go on, -1. */
static int look_back(struct fetching *f, struct error *err)
{
	struct call *c = f->call;
	struct record record;
	struct slice what = slice_view(arena_printf(c->req->arena, "%.*s %s", (int)f->text.n,
		f->text.p, f->authorization ? f->authorization : ""));
	int answered = once_judge(c, what, err);
	if (answered != 0) {
		return answered;
	}
	int stored = once_stored(c, 0, &record, err);
	if (stored != 1) {
		return stored;
	}
	return reply_upload(c, &record, err) == 0 ? 1 : -1;
}

static int fetch_and_store(struct fetching *f, struct error *err)
{
	struct call *c = f->call;
	const struct rate rate = rate_of(c->app->config);
	if (intake_check(c, 0, err) != 0 || begin_counting(c, &rate, err) != 0) {
		return -1;
	}
	int fetched = fetch(f, err);
	end_counting(c, &rate);
	return fetched == 0 ? store(f, err) : -1;
}

int upload_from_url(struct call *c, struct error *err)
{
	struct fetching *f = arena_alloc(c->req->arena, sizeof *f);
	if (!f) {
		return call_full(err);
	}
	f->call = c;
	if (read_url(f, err) != 0 || read_authorization(f, err) != 0 || read_name(f, err) != 0) {
		return -1;
	}
	int answered = look_back(f, err);
	if (answered != 0) {
		return answered < 0 ? -1 : 0;
	}
	return fetch_and_store(f, err);
}
