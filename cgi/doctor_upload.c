/* The doctor's uploads: the picture, and bodies too large for a web server that was not told of them. */
#include <stdlib.h>

#include "cgi/doctor_visit.h"
#include "http/human.h"

enum { KIB = 1024, LARGE = 2048 * KIB, AROUND = 4 * KIB };

static const char begin[] = "--doctor\r\nContent-Disposition: form-data; name=\"file\"; "
			    "filename=\"doctor.png\"\r\n\r\n";
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

static const char *cure_of(const struct exchange *x)
{
	switch (x ? x->status : 0) {
	case 401:
		return "the web server drops Authorization on uploads (Apache: CGIPassAuth On)";
	case 413:
		return "the web server or CDN_MAX_BODY limits bodies too tightly (nginx: "
		       "client_max_body_size 0)";
	case 503:
		return "the workers do not reach the store or Redis that this command reaches; see "
		       "their log";
	case 507:
		return "free some space, or lower CDN_MIN_FREE";
	default:
		return "see the worker's log under the answer's request_id, and the web server's";
	}
}

bool visit_upload(struct visit *v)
{
	const char *why;
	struct slice id, url;
	struct exchange *x = upload(v, true, visit_picture(), &why);
	if (!x || x->status != 201) {
		doctor_wrong(v->d, "upload", why, cure_of(x));
		return false;
	}
	if (!understand(v, x, &id, &url)) {
		doctor_wrong(v->d, "upload", why, "something else answers for the worker");
		return false;
	}
	v->id = id.p;
	v->file_url = url.p;
	doctor_right(v->d, "upload", v->file_url);
	if (!slice_starts(url, v->url)) {
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

static bool comes_through(struct visit *v, bool form, uint64_t bytes, const char **why)
{
	char *zeroes = calloc(1, (size_t)bytes + 1);
	*why = "no memory";
	struct exchange *x = zeroes ? upload(v, form, slice_of(zeroes, (size_t)bytes), why) : NULL;
	free(zeroes);
	if (!x || x->status != 201) {
		return false;
	}
	forget(v, x);
	return true;
}

static const char *cure_for_limit(struct visit *v, bool form, uint64_t tried)
{
	const char *ignored;
	for (size_t i = 0; i < sizeof defaults / sizeof *defaults; i++) {
		if (defaults[i].bytes < tried &&
			comes_through(v, form, defaults[i].bytes, &ignored)) {
			return arena_printf(v->d->ctl->arena,
				"a smaller one comes through; lift the limit: %s",
				defaults[i].limit);
		}
	}
	return "lift the web server's limit of bodies (nginx: client_max_body_size; Apache: "
	       "LimitRequestBody; mod_fcgid: FcgidMaxRequestLen; Caddy: request_body; lighttpd: "
	       "server.max-request-size), or see the worker's log";
}

/* What the settings let through in any case, up to what no default of a web server does. */
static uint64_t large(const struct config *config)
{
	const struct tier_limits *tier = &config->tiers[TIER_FUNCTIONALLY_UNLIMITED];
	uint64_t most = tier->file_bytes < LARGE ? tier->file_bytes : LARGE;
	most = tier->total_bytes < most ? tier->total_bytes : most;
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
		if (comes_through(v, form, bytes, &why)) {
			doctor_right(v->d, hop,
				arena_printf(v->d->ctl->arena, "%s come through", human));
		} else {
			doctor_wrong(v->d, hop,
				arena_printf(v->d->ctl->arena, "%s: %s", human, why),
				cure_for_limit(v, form, bytes));
		}
	}
}
