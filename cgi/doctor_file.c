/* The doctor's picture, as the world gets it back. */
#include "cgi/doctor_visit.h"

/* Contract section 6; without a value: any. */
static const struct {
	const char *name, *value;
} file_headers[] = {
	{"Content-Type", "image/png"},
	{"X-Content-Type-Options", "nosniff"},
	{"Cache-Control", "public, max-age=31536000, immutable"},
	{"ETag", NULL},
	{"Last-Modified", NULL},
	{"Accept-Ranges", "bytes"},
	{"Access-Control-Allow-Origin", "*"},
	{"Access-Control-Expose-Headers",
		"Accept-Ranges, Content-Range, Content-Disposition, Content-Length, ETag"},
	{"Cross-Origin-Resource-Policy", "cross-origin"},
	{"Content-Security-Policy", NULL},
};

static const char *what_is_wrong(struct arena *a, const struct exchange *x, size_t i)
{
	size_t count;
	struct slice value = exchange_header(x, file_headers[i].name, &count);
	const char *want = file_headers[i].value;
	if (count != 1) {
		return arena_printf(a, "the header %s came %zu times", file_headers[i].name, count);
	}
	if (want && !slice_equal_str(value, want)) {
		return arena_printf(a, "the header %s is \"%.*s\", not \"%s\"",
			file_headers[i].name, (int)value.n, value.p, want);
	}
	return NULL;
}

static void check_headers(struct visit *v, const struct exchange *x, const char *hop)
{
	for (size_t i = 0; i < sizeof file_headers / sizeof *file_headers; i++) {
		const char *why = what_is_wrong(v->d->ctl->arena, x, i);
		if (why) {
			doctor_wrong(v->d, hop, why,
				"compare the web server's lines about headers with its file in "
				"deploy/; another server in front may drop or add some, too");
		}
	}
}

/* What comes through where the web server does not understand to which file the worker sends it. */
static const char *leaked_hand_off(const struct exchange *x)
{
	static const char *const names[] = {"X-Sendfile", "X-Accel-Redirect"};
	size_t count;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (exchange_header(x, names[i], &count).p) {
			return names[i];
		}
	}
	return NULL;
}

static bool is_the_picture(
	struct visit *v, const struct exchange *x, const char *hop, const char *cure)
{
	const char *leaked = leaked_hand_off(x);
	if (leaked) {
		doctor_wrong(v->d, hop,
			arena_printf(v->d->ctl->arena,
				"the header %s came through: this web server does not act on it",
				leaked),
			"set CDN_SENDFILE to what the web server's file in deploy/ says; "
			"CDN_SENDFILE=off always works");
		return false;
	}
	if (x->status != 200 || !slice_equal(buf_view(&x->answer), visit_picture())) {
		doctor_wrong(v->d, hop, visit_status(v, x), cure);
		return false;
	}
	return true;
}

static void check_range(struct visit *v, const char *hop, const char *url)
{
	struct exchange *x = visit_get(v, url);
	struct slice part = slice_head(slice_from(visit_picture(), 1), 3);
	if (x) {
		x->headers[0] = "Range: bytes=1-3";
	}
	if (visit_answered(v, x, hop) &&
		(x->status != 206 || !slice_equal(buf_view(&x->answer), part))) {
		doctor_wrong(v->d, hop,
			arena_printf(v->d->ctl->arena, "a range is not honoured: answers %ld",
				x->status),
			"pass the header Range on to the worker, and let nothing compress files");
	}
}

static void check_condition(struct visit *v, const char *hop, const char *url, struct slice etag)
{
	struct exchange *x = visit_get(v, url);
	if (x) {
		x->headers[0] =
			arena_printf(v->d->ctl->arena, "If-None-Match: %.*s", (int)etag.n, etag.p);
	}
	if (visit_answered(v, x, hop) && x->status != 304) {
		doctor_wrong(v->d, hop,
			arena_printf(v->d->ctl->arena,
				"its own ETag is not recognised: answers %ld", x->status),
			"pass the header If-None-Match on to the worker");
	}
}

/* By what only a worker knows: an X-Request-Id may be the web server's own, on every answer. */
static bool is_of_a_worker(const struct exchange *x)
{
	size_t count;
	return exchange_header(x, "Content-Disposition", &count).p ||
	       exchange_header(x, "Repr-Digest", &count).p;
}

/* False where a worker was asked; true for no answer, too. */
static bool visit_file(struct visit *v, const char *hop, const char *url, const char *cure)
{
	struct exchange *x = visit_get(v, url);
	if (!visit_answered_or(v, x, hop, cure) || !is_the_picture(v, x, hop, cure)) {
		return true;
	}
	size_t count;
	bool worker = is_of_a_worker(x);
	doctor_right(v->d, hop,
		worker ? "the bytes come back, by way of the worker"
		       : "the bytes come back, straight from the web server");
	check_headers(v, x, hop);
	check_range(v, hop, url);
	struct slice etag = exchange_header(x, "ETag", &count);
	if (etag.p) {
		check_condition(v, hop, url, etag);
	}
	return !worker;
}

void visit_files(struct visit *v)
{
	struct arena *a = v->d->ctl->arena;
	if (!visit_file(v, "public URL", v->file_url,
		    "CDN_PUBLIC_URL or the static lane points elsewhere: its folder must be "
		    "CDN_DATA_DIR/files")) {
		doctor_note(v->d, "static lane",
			"the web server does not find this picture by itself and asks a worker",
			"let its static lane point at CDN_DATA_DIR/files, and let it read there; "
			"a shared host has none");
	}
	visit_file(v, "worker lane", arena_printf(a, "%s/%s/another-name", v->url, v->id),
		"CDN_SENDFILE does not fit the web server, or its internal location is not "
		"CDN_DATA_DIR/files; CDN_SENDFILE=off always works");
}
