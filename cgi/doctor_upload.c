/* The doctor's uploads: the picture, and bodies too large for a web server that was not told of them. */
#include <stdlib.h>

#include "cgi/doctor_visit.h"
#include "http/human.h"

enum { KIB = 1024, LARGE = 2048 * KIB, AROUND = 4 * KIB };

static const char begin[] = "--doctor\r\nContent-Disposition: form-data; name=\"file\"; "
			    "filename=\"doctor.png\"\r\n\r\n";
static const char see_logs[] =
	"see the worker's log under the answer's request_id, and the web server's";
static const char end[] = "\r\n--doctor--\r\n";

/* As large as a limit lets through, or just about, and whose limit it is by default. */
static const struct {
	uint64_t bytes;
	const char *limit;
} defaults[] = {
	{1024 * KIB - AROUND, "1 MiB, as nginx has it without client_max_body_size 0 for uploads"},
	{128 * KIB - AROUND, "128 KiB, as mod_fcgid has it without FcgidMaxRequestLen (in the "
			     "server's configuration: ask the host)"},
};

/* The contents between the lines of a form, or for PUT by themselves. Free it. */
static char *make_body(bool form, struct slice contents, struct slice *body)
{
	size_t before = form ? sizeof begin - 1 : 0, after = form ? sizeof end - 1 : 0;
	char *memory = malloc(before + contents.n + after + 1);
	if (memory) {
		memcpy(memory, begin, before);
		memcpy(memory + before, contents.p, contents.n);
		memcpy(memory + before + contents.n, end, after);
		*body = slice_of(memory, before + contents.n + after);
	}
	return memory;
}

/* The answered request, or NULL and why there was no answer. */
static struct exchange *upload(struct visit *v, bool form, struct slice contents, const char **why)
{
	struct arena *a = v->d->ctl->arena;
	const char *path = form ? "/api/v4/upload" : "/api/v4/upload/doctor.png";
	struct exchange *x = visit_ask(v, form ? "POST" : "PUT", path);
	struct error err = {0};
	char *memory = x ? make_body(form, contents, &x->body) : NULL;
	if (!memory) {
		*why = "no memory";
		return NULL;
	}
	x->headers[1] = form ? "Content-Type: multipart/form-data; boundary=doctor"
			     : "Content-Type: application/octet-stream";
	int status = exchange_run(x, &err);
	free(memory);
	*why = status == 0 ? visit_status(v, x) : arena_dup(a, slice_view(err.detail));
	return status == 0 ? x : NULL;
}

static bool understand(
	struct visit *v, const struct exchange *x, struct slice *id, struct slice *url)
{
	struct arena *a = v->d->ctl->arena;
	struct json *doc = arena_alloc(a, sizeof *doc);
	return doc && json_parse(doc, a, buf_view(&x->answer)) == 0 &&
	       json_get_text(doc, "id", id) && json_get_text(doc, "url", url);
}

/* Those of web servers have the same code, and no detail. */
static bool is_a_workers_413(struct visit *v, const struct exchange *x)
{
	struct json *doc = arena_alloc(v->d->ctl->arena, sizeof *doc);
	struct slice code;
	return x->status == 413 && doc &&
	       json_parse(doc, v->d->ctl->arena, buf_view(&x->answer)) == 0 &&
	       json_get_text(doc, "code", &code) && slice_equal_str(code, "body_too_large") &&
	       json_has(doc, "detail");
}

/* What the status tells by itself; NULL where it may be a limit of the web server's, or anything. */
static const char *cure_of(struct visit *v, const struct exchange *x)
{
	if (x && is_a_workers_413(v, x)) {
		return "raise CDN_MAX_BODY; if it is larger than that, restart the workers, which "
		       "have other settings";
	}
	switch (x ? x->status : 0) {
	case 401:
		return "the web server drops Authorization on uploads (Apache: CGIPassAuth On)";
	case 402:
		return "raise CDN_TIER_UNLIMITED_FILE or CDN_TIER_UNLIMITED_TOTAL; if they are "
		       "larger than that, restart the workers, which have other settings";
	case 408:
		return "a body comes too slowly to a worker or to the web server: raise "
		       "CDN_RECEIVE_TIMEOUT, or the web server's (Apache: RequestReadTimeout)";
	case 502:
	case 504:
		return "the web server got no answer from a worker: see its log, and the worker's "
		       "for one that ended";
	case 503:
		return "the workers do not reach the store or Redis that this command reaches; see "
		       "their log";
	case 507:
		return "free some space, or lower CDN_MIN_FREE";
	default:
		return NULL;
	}
}

static const char *cure_of_small(struct visit *v, const struct exchange *x)
{
	const char *cure = cure_of(v, x);
	if (cure) {
		return cure;
	}
	return x && x->status == 413
		       ? "lift the web server's limit of bodies (nginx: client_max_body_size 0)"
		       : see_logs;
}

static bool is_below(struct slice url, const char *base)
{
	return slice_starts(url, base) && slice_starts(slice_from(url, strlen(base)), "/");
}

bool visit_upload(struct visit *v)
{
	const char *why;
	struct slice id, url;
	struct exchange *x = upload(v, true, visit_picture(), &why);
	if (!x || x->status != 201) {
		doctor_wrong(v->d, "upload", why, cure_of_small(v, x));
		return false;
	}
	if (!understand(v, x, &id, &url)) {
		doctor_wrong(v->d, "upload", why, "something else answers for the worker");
		return false;
	}
	v->id = id.p;
	v->file_url = url.p;
	doctor_right(v->d, "upload", v->file_url);
	if (!is_below(url, v->url)) {
		doctor_note(v->d, "public URL",
			arena_printf(v->d->ctl->arena,
				"files get the address %s, and %s was visited",
				v->d->ctl->config.public_url, v->url),
			"fine from inside; if it is not the address that the world uses, correct "
			"CDN_PUBLIC_URL");
	}
	return true;
}

/* What is stored goes again: an account that has files cannot be removed. */
static void forget(struct visit *v, const struct exchange *x)
{
	struct slice id, url;
	if (understand(v, x, &id, &url)) {
		struct exchange *gone = visit_ask(v, "DELETE",
			arena_printf(v->d->ctl->arena, "/api/v4/upload/%.*s", (int)id.n, id.p));
		(void)visit_answered(v, gone, "delete");
	}
}

/* As upload(). */
static struct exchange *upload_zeroes(struct visit *v, bool form, uint64_t bytes, const char **why)
{
	char *zeroes = calloc(1, (size_t)bytes + 1);
	*why = "no memory";
	struct exchange *x = zeroes ? upload(v, form, slice_of(zeroes, (size_t)bytes), why) : NULL;
	free(zeroes);
	if (x && x->status == 201) {
		forget(v, x);
	}
	return x;
}

static const char *cure_for_limit(struct visit *v, bool form, uint64_t tried)
{
	const char *ignored;
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
		struct exchange *x = defaults[i].bytes < tried
					     ? upload_zeroes(v, form, defaults[i].bytes, &ignored)
					     : NULL;
		if (x && x->status == 201) {
			return arena_printf(v->d->ctl->arena,
				"a smaller one comes through; lift the limit: %s",
				defaults[i].limit);
		}
	}
	return "lift the web server's limit of bodies (nginx: client_max_body_size; Apache: "
	       "LimitRequestBody; mod_fcgid: FcgidMaxRequestLen; Caddy: request_body; lighttpd: "
	       "server.max-request-size), or see the worker's log";
}

/* A limit is told by 413, by mod_fcgid's 500, or by a connection that is closed while the body comes. */
static const char *cure_of_large(
	struct visit *v, const struct exchange *x, bool form, uint64_t tried)
{
	const char *cure = cure_of(v, x);
	if (cure) {
		return cure;
	}
	return !x || x->status == 413 || x->status == 500 ? cure_for_limit(v, form, tried)
							  : see_logs;
}

/* What the settings let through beside the picture, up to what no default of a web server does. */
static uint64_t large(const struct config *config)
{
	const struct tier_limits *tier = &config->tiers[TIER_FUNCTIONALLY_UNLIMITED];
	uint64_t most = tier->file_bytes < LARGE ? tier->file_bytes : LARGE;
	uint64_t picture = visit_picture().n;
	uint64_t left = tier->total_bytes > picture ? tier->total_bytes - picture : 0;
	most = left < most ? left : most;
	return config->max_body_bytes < most + AROUND
		       ? config->max_body_bytes - config->max_body_bytes / 2
		       : most;
}

void visit_large_uploads(struct visit *v)
{
	uint64_t bytes = large(&v->d->ctl->config);
	char human[HUMAN_SIZE];
	human_size(bytes, human);
	for (int form = 1; form >= 0; form--) {
		const char *hop = form ? "large upload" : "large upload by PUT";
		const char *why;
		struct exchange *x = upload_zeroes(v, form, bytes, &why);
		if (x && x->status == 201) {
			doctor_right(v->d, hop,
				arena_printf(v->d->ctl->arena, "%s come through", human));
		} else {
			doctor_wrong(v->d, hop,
				arena_printf(v->d->ctl->arena, "%s: %s", human, why),
				cure_of_large(v, x, form, bytes));
		}
	}
}
