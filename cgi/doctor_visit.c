/* One small file through the web server and back, with an account made for it and removed again. */
#include "base/clock.h"
#include "cgi/doctor_visit.h"
#include "crypto/random.h"
#include "store/account.h"
#include "store/key.h"

enum { ANSWER_CEILING = 64 * 1024 };

/* A PNG of one transparent dot. */
static const unsigned char png[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00,
	0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08,
	0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41,
	0x54, 0x78, 0x9c, 0x63, 0x60, 0x00, 0x02, 0x00, 0x00, 0x05, 0x00, 0x01, 0x7a, 0x5e, 0xab,
	0x3f, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

struct slice visit_picture(void)
{
	return slice_of(png, sizeof png);
}

static struct exchange *begin(struct visit *v, const char *method, const char *url)
{
	struct exchange *x = arena_alloc(v->d->ctl->arena, sizeof *x);
	if (x) {
		exchange_init(x, v->d->ctl->arena, method, url, ANSWER_CEILING);
	}
	return x;
}

struct exchange *visit_ask(struct visit *v, const char *method, const char *path)
{
	struct exchange *x = begin(v, method, arena_printf(v->d->ctl->arena, "%s%s", v->url, path));
	if (x) {
		x->headers[0] = v->bearer;
	}
	return x;
}

struct exchange *visit_get(struct visit *v, const char *url)
{
	return begin(v, "GET", url);
}

/* Runs it; false, with a finding, when there was no answer at all. */
bool visit_answered_or(struct visit *v, struct exchange *x, const char *hop, const char *cure)
{
	struct error err;
	if (x && exchange_run(x, &err) == 0) {
		return true;
	}
	doctor_wrong(v->d, hop, x ? err.detail : "no memory", cure);
	return false;
}

bool visit_answered(struct visit *v, struct exchange *x, const char *hop)
{
	return visit_answered_or(
		v, x, hop, "start the web server, and give its address as the world sees it");
}

/* What a stranger sent must not act on the administrator's terminal. */
static const char *printable(struct visit *v, struct slice s)
{
	char *copy = arena_alloc(v->d->ctl->arena, s.n + 1);
	for (size_t i = 0; copy && i < s.n; i++) {
		copy[i] = s.p[i] < ' ' || s.p[i] > '~' ? '?' : s.p[i];
	}
	return copy ? copy : "";
}

const char *visit_status(struct visit *v, const struct exchange *x)
{
	const char *body = printable(v, slice_head(buf_view(&x->answer), 200));
	return arena_printf(v->d->ctl->arena, "answers %ld: %s", x->status, body);
}

/* The worker takes another prefix off the path than the web server left there. */
static bool is_unknown_path(struct visit *v, const struct exchange *x)
{
	struct json *doc = arena_alloc(v->d->ctl->arena, sizeof *doc);
	struct slice code;
	return x->status == 404 && doc &&
	       json_parse(doc, v->d->ctl->arena, buf_view(&x->answer)) == 0 &&
	       json_get_text(doc, "code", &code) &&
	       (slice_equal_str(code, "route_not_found") || slice_equal_str(code, "not_found"));
}

static const char *redirect_cure(struct visit *v, const struct exchange *x)
{
	size_t count;
	return arena_printf(v->d->ctl->arena,
		"visit the address that answers by itself, with https if that is it, and let "
		"CDN_PUBLIC_URL have the same: this one redirects to %s",
		printable(v, exchange_header(x, "Location", &count)));
}

static const char *health_cure(struct visit *v, const struct exchange *x)
{
	if (is_unknown_path(v, x)) {
		return arena_printf(v->d->ctl->arena,
			"a worker answers, and looks for another path: CDN_PUBLIC_URL must have "
			"the "
			"path under which the web server mounts the service (it is %s, and %s was "
			"visited), and workers must be restarted when it changes",
			v->d->ctl->config.public_url, v->url);
	}
	switch (x->status) {
	case 301:
	case 302:
	case 303:
	case 307:
	case 308:
		return redirect_cure(v, x);
	case 502:
	case 504:
		return "the web server finds no worker: is the pool running, on the socket that "
		       "the "
		       "web server's file names, and may the web server's user connect to it (its "
		       "error log says; adduser www-data cdn, then restart it)?";
	case 503:
		return "the web server finds no worker, or the worker runs and is not well: see "
		       "its "
		       "checks above and its log";
	default:
		return "the web server does not hand /up to the worker: compare it with deploy/";
	}
}

static bool visit_health(struct visit *v)
{
	struct arena *a = v->d->ctl->arena;
	struct exchange *x = visit_get(v, arena_printf(a, "%s/up", v->url));
	if (!visit_answered(v, x, "web server")) {
		return false;
	}
	if (x->status == 200 && slice_equal_str(buf_view(&x->answer), "{\"status\":\"up\"}")) {
		doctor_right(v->d, "web server", "hands requests to a worker");
		return true;
	}
	doctor_wrong(v->d, "web server", visit_status(v, x), health_cure(v, x));
	return false;
}

static bool visit_me(struct visit *v)
{
	struct exchange *x = visit_ask(v, "GET", "/api/v4/me");
	if (!visit_answered(v, x, "authorization")) {
		return false;
	}
	if (x->status == 200) {
		doctor_right(v->d, "authorization", "a key is recognised");
		return true;
	}
	doctor_wrong(v->d, "authorization", visit_status(v, x),
		x->status == 401
			? "the web server drops Authorization (Apache: CGIPassAuth On), or its "
			  "workers use another Redis than this command"
			: "see the worker's log");
	return false;
}

/* A refusal must arrive as the worker wrote it. */
static void visit_refusal(struct visit *v)
{
	static const char *const once[] = {"WWW-Authenticate", "X-Request-Id", "Content-Type",
		"Cache-Control", "Access-Control-Allow-Origin"};
	struct arena *a = v->d->ctl->arena;
	struct exchange *x = visit_get(v, arena_printf(a, "%s/api/v4/me", v->url));
	if (!visit_answered(v, x, "refusal")) {
		return;
	}
	if (x->status != 401 ||
		!slice_starts(buf_view(&x->answer), "{\"error\":\"invalid_auth\"")) {
		doctor_wrong(v->d, "refusal", visit_status(v, x),
			"without a key it is 401 as JSON: let the web server pass the worker's "
			"errors on (nginx: no fastcgi_intercept_errors)");
		return;
	}
	for (size_t i = 0; i < sizeof once / sizeof *once; i++) {
		size_t count;
		exchange_header(x, once[i], &count);
		if (count != 1) {
			doctor_wrong(v->d, "refusal",
				arena_printf(a, "the header %s came %zu times", once[i], count),
				"let the web server pass the worker's headers on, and add none to "
				"them");
		}
	}
}

/* A fetch of nothing: whether the pool that has the fetches is there, without going anywhere. */
static void visit_fetch(struct visit *v)
{
	static const char cure[] =
		"all workers of the slow pool are busy, or it is not running: see slow.log";
	struct exchange *x = visit_ask(v, "POST", "/api/v4/upload_from_url");
	if (x) {
		x->headers[1] = "Content-Type: application/json";
		x->body = slice_view("{}");
	}
	if (!visit_answered_or(v, x, "uploads from a URL", cure)) {
		return;
	}
	if (x->status == 400) {
		doctor_right(v->d, "uploads from a URL", "a worker takes them");
		return;
	}
	doctor_wrong(v->d, "uploads from a URL", visit_status(v, x),
		x->status >= 502 && x->status <= 504
			? cure
			: "the web server hands this path to something else: compare it with "
			  "deploy/");
}

static void visit_delete(struct visit *v)
{
	struct arena *a = v->d->ctl->arena;
	struct exchange *x = visit_ask(v, "DELETE", arena_printf(a, "/api/v4/upload/%s", v->id));
	if (!visit_answered(v, x, "delete")) {
		return;
	}
	if (x->status != 200) {
		doctor_wrong(v->d, "delete", visit_status(v, x), "allow DELETE in the web server");
		return;
	}
	struct exchange *gone = visit_get(v, v->file_url);
	if (!visit_answered(v, gone, "public URL of the deleted file")) {
		return;
	}
	if (gone->status != 404) {
		doctor_wrong(v->d, "delete", visit_status(v, gone),
			"a cache in front still has the file: let it ask again, or purge it");
		return;
	}
	doctor_right(v->d, "delete", "the file is gone");
}

static void make_round(struct visit *v)
{
	if (!visit_health(v) || !visit_me(v)) {
		return;
	}
	visit_refusal(v);
	if (!visit_upload(v)) {
		return;
	}
	visit_files(v);
	visit_large_uploads(v);
	visit_fetch(v);
	visit_delete(v);
}

/* Its own account, so that nobody's quota or listing is touched. */
static int make_account(struct visit *v, const char **id, struct error *err)
{
	struct ctl *ctl = v->d->ctl;
	char random[9];
	const char *key;
	const struct key_terms terms = {.name = "doctor", .scopes = SCOPE_ALL};
	if (random_alphanumeric(random, sizeof random - 1) != 0) {
		return error_set(err, 500, "internal_error", "no random bytes");
	}
	v->email = arena_printf(ctl->arena, "doctor-%s@localhost", random);
	if (account_add(ctl->redis, ctl->hash, ctl->arena, v->email, "cdnctl doctor",
		    TIER_FUNCTIONALLY_UNLIMITED, clock_now_ms(), id, err) != 0 ||
		key_add(ctl->redis, ctl->hash, ctl->arena, *id, &terms, clock_now_ms(), &key,
			err) != 0) {
		return -1;
	}
	v->bearer = arena_printf(ctl->arena, "Authorization: Bearer %s", key);
	return 0;
}

/* A file that could not be deleted keeps its account; the cure is for both. */
static void remove_account(struct visit *v, const char *id)
{
	struct ctl *ctl = v->d->ctl;
	struct account account;
	struct error err;
	int found = account_find(ctl->redis, ctl->arena, id, &account, &err);
	if (found == 1) {
		found = account_remove(ctl->redis, ctl->hash, ctl->arena, &account, &err);
	}
	if (found != 0) {
		doctor_wrong(v->d, "account of the visit", err.detail,
			arena_printf(ctl->arena,
				"delete its file with a key from cdnctl key add %s, then cdnctl "
				"account remove %s",
				v->email, v->email));
	}
}

void doctor_visit(struct doctor *d, const char *url)
{
	struct slice base = slice_view(url);
	while (base.n && base.p[base.n - 1] == '/') {
		base.n--;
	}
	struct visit v = {.d = d, .url = arena_dup(d->ctl->arena, base)};
	const char *id;
	struct error err;
	if (make_account(&v, &id, &err) != 0) {
		doctor_wrong(d, "redis", err.detail, "let this command write to Redis");
		return;
	}
	make_round(&v);
	remove_account(&v, id);
}
