/* One small file through the web server and back, with an account made for it and removed again. */
#include "base/clock.h"
#include "cgi/doctor.h"
#include "crypto/random.h"
#include "fetch/exchange.h"
#include "store/account.h"
#include "store/key.h"

enum { ANSWER_CEILING = 64 * 1024 };

struct visit {
	struct doctor *d;
	const char *url;    /* of the service, without a slash at the end */
	const char *email;  /* of the visit's own account */
	const char *bearer; /* "Authorization: Bearer sk_cdn_..." */
	const char *id, *file_url;
};

/* A PNG of one transparent dot. */
static const unsigned char png[] = {0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0x00, 0x00,
	0x00, 0x0d, 0x49, 0x48, 0x44, 0x52, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x08,
	0x06, 0x00, 0x00, 0x00, 0x1f, 0x15, 0xc4, 0x89, 0x00, 0x00, 0x00, 0x0b, 0x49, 0x44, 0x41,
	0x54, 0x78, 0x9c, 0x63, 0x60, 0x00, 0x02, 0x00, 0x00, 0x05, 0x00, 0x01, 0x7a, 0x5e, 0xab,
	0x3f, 0x00, 0x00, 0x00, 0x00, 0x49, 0x45, 0x4e, 0x44, 0xae, 0x42, 0x60, 0x82};

static struct exchange *ask(struct visit *v, const char *method, const char *url)
{
	struct exchange *x = arena_alloc(v->d->ctl->arena, sizeof *x);
	if (x) {
		exchange_init(x, v->d->ctl->arena, method, url, ANSWER_CEILING);
		x->headers[0] = v->bearer;
	}
	return x;
}

/* Runs it; false, with a finding, when there was no answer at all. */
static bool answered_or(struct visit *v, struct exchange *x, const char *hop, const char *cure)
{
	struct error err;
	if (x && exchange_run(x, &err) == 0) {
		return true;
	}
	doctor_wrong(v->d, hop, x ? err.detail : "no memory", cure);
	return false;
}

static bool answered(struct visit *v, struct exchange *x, const char *hop)
{
	return answered_or(
		v, x, hop, "start the web server, and give its address as the world sees it");
}

static const char *status_text(struct visit *v, const struct exchange *x)
{
	struct slice body = slice_head(buf_view(&x->answer), 200);
	return arena_printf(v->d->ctl->arena, "answers %ld: %.*s", x->status, (int)body.n, body.p);
}

static bool visit_health(struct visit *v)
{
	struct arena *a = v->d->ctl->arena;
	struct exchange *x = ask(v, "GET", arena_printf(a, "%s/up", v->url));
	if (!answered(v, x, "web server")) {
		return false;
	}
	if (x->status == 200 && slice_equal_str(buf_view(&x->answer), "{\"status\":\"up\"}")) {
		doctor_right(v->d, "web server", "hands requests to a worker");
		return true;
	}
	doctor_wrong(v->d, "web server", status_text(v, x),
		x->status == 502 || x->status == 504
			? "the web server finds no worker: is the pool running, on the socket of "
			  "fastcgi_pass?"
		: x->status == 503 ? "the worker runs; see its checks above and its log"
				   : "the web server does not hand /up to the worker: compare it "
				     "with deploy/");
	return false;
}

static bool visit_me(struct visit *v)
{
	struct arena *a = v->d->ctl->arena;
	struct exchange *x = ask(v, "GET", arena_printf(a, "%s/api/v4/me", v->url));
	if (!answered(v, x, "authorization")) {
		return false;
	}
	if (x->status == 200) {
		doctor_right(v->d, "authorization", "a key is recognised");
		return true;
	}
	doctor_wrong(v->d, "authorization", status_text(v, x),
		x->status == 401
			? "the web server drops Authorization (Apache: CGIPassAuth On), or its "
			  "workers use another Redis than this command"
			: "see the worker's log");
	return false;
}

static struct slice form(struct arena *a)
{
	struct buf body;
	buf_new(&body, a, 1024);
	buf_put_str(&body, "--doctor\r\nContent-Disposition: form-data; name=\"file\"; "
			   "filename=\"doctor.png\"\r\n\r\n");
	buf_put(&body, slice_of(png, sizeof png));
	buf_put_str(&body, "\r\n--doctor--\r\n");
	return buf_view(&body);
}

static const char *upload_cure(long status)
{
	switch (status) {
	case 401:
		return "the web server drops Authorization on uploads (Apache: CGIPassAuth On)";
	case 413:
		return "the web server or CDN_MAX_BODY limits bodies too tightly (nginx: "
		       "client_max_body_size 0)";
	case 500:
		return "see the worker's log (mod_fcgid: FcgidMaxRequestLen)";
	case 503:
		return "the workers do not reach the store or Redis that this command reaches; see "
		       "their log";
	case 507:
		return "free some space, or lower CDN_MIN_FREE";
	default:
		return "see the worker's log under the answer's request_id";
	}
}

static bool understand_upload(struct visit *v, struct exchange *x)
{
	struct json *doc = arena_alloc(v->d->ctl->arena, sizeof *doc);
	struct slice id, url;
	if (!doc || json_parse(doc, v->d->ctl->arena, buf_view(&x->answer)) != 0 ||
		!json_get_text(doc, "id", &id) || !json_get_text(doc, "url", &url)) {
		doctor_wrong(
			v->d, "upload", status_text(v, x), "something else answers for the worker");
		return false;
	}
	v->id = id.p;
	v->file_url = url.p;
	return true;
}

static bool visit_upload(struct visit *v)
{
	struct arena *a = v->d->ctl->arena;
	struct exchange *x = ask(v, "POST", arena_printf(a, "%s/api/v4/upload", v->url));
	if (x) {
		x->headers[1] = "Content-Type: multipart/form-data; boundary=doctor";
		x->body = form(a);
	}
	if (!answered(v, x, "upload")) {
		return false;
	}
	if (x->status != 201) {
		doctor_wrong(v->d, "upload", status_text(v, x), upload_cure(x->status));
		return false;
	}
	if (!understand_upload(v, x)) {
		return false;
	}
	doctor_right(v->d, "upload", v->file_url);
	return true;
}

/* A fetch of nothing: whether the pool that has the fetches is there, without going anywhere. */
static void visit_fetch(struct visit *v)
{
	static const char cure[] =
		"all workers of the slow pool are busy, or it is not running: see slow.log";
	struct arena *a = v->d->ctl->arena;
	struct exchange *x = ask(v, "POST", arena_printf(a, "%s/api/v4/upload_from_url", v->url));
	if (x) {
		x->headers[1] = "Content-Type: application/json";
		x->body = slice_view("{}");
	}
	if (!answered_or(v, x, "uploads from a URL", cure)) {
		return;
	}
	if (x->status == 400) {
		doctor_right(v->d, "uploads from a URL", "a worker takes them");
		return;
	}
	doctor_wrong(v->d, "uploads from a URL", status_text(v, x),
		x->status >= 502 && x->status <= 504
			? cure
			: "the web server hands this path to something else: compare it with "
			  "deploy/");
}

static bool is_the_file(const struct exchange *x)
{
	return x->status == 200 && slice_equal(buf_view(&x->answer), slice_of(png, sizeof png));
}

static void check_file_headers(struct visit *v, const struct exchange *x, const char *hop)
{
	static const char *const once[] = {"X-Content-Type-Options", "Access-Control-Allow-Origin",
		"Cache-Control", "ETag", "Content-Type", "Cross-Origin-Resource-Policy"};
	for (size_t i = 0; i < sizeof once / sizeof *once; i++) {
		size_t count;
		exchange_header(x, once[i], &count);
		if (count != 1) {
			doctor_wrong(v->d, hop,
				arena_printf(v->d->ctl->arena, "the header %s came %zu times",
					once[i], count),
				"compare the web server's add_header lines with deploy/nginx.conf");
		}
	}
}

static void visit_file(struct visit *v, const char *hop, const char *url, const char *cure)
{
	struct exchange *x = ask(v, "GET", url);
	if (!answered(v, x, hop)) {
		return;
	}
	if (!is_the_file(x)) {
		doctor_wrong(v->d, hop, status_text(v, x), cure);
		return;
	}
	size_t from_worker;
	exchange_header(x, "X-Request-Id", &from_worker);
	doctor_right(v->d, hop,
		from_worker ? "the bytes come back, by way of the worker"
			    : "the bytes come back, straight from the web server");
	check_file_headers(v, x, hop);
}

static void visit_delete(struct visit *v)
{
	struct arena *a = v->d->ctl->arena;
	struct exchange *x =
		ask(v, "DELETE", arena_printf(a, "%s/api/v4/upload/%s", v->url, v->id));
	if (!answered(v, x, "delete")) {
		return;
	}
	if (x->status != 200) {
		doctor_wrong(v->d, "delete", status_text(v, x), "allow DELETE in the web server");
		return;
	}
	struct exchange *gone = ask(v, "GET", v->file_url);
	if (!answered(v, gone, "public URL of the deleted file")) {
		return;
	}
	if (gone->status != 404) {
		doctor_wrong(v->d, "delete", status_text(v, gone),
			"a cache in front still has the file: let it ask again, or purge it");
		return;
	}
	doctor_right(v->d, "delete", "the file is gone");
}

static void make_round(struct visit *v)
{
	struct arena *a = v->d->ctl->arena;
	if (!visit_health(v) || !visit_me(v) || !visit_upload(v)) {
		return;
	}
	visit_file(v, "public URL", v->file_url,
		"CDN_PUBLIC_URL or the static lane points elsewhere: its folder must be "
		"CDN_DATA_DIR/files");
	visit_file(v, "worker lane", arena_printf(a, "%s/%s/another-name", v->url, v->id),
		"CDN_SENDFILE does not fit the web server, or its internal location is not "
		"CDN_DATA_DIR/files; CDN_SENDFILE=off always works");
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
		    TIER_UNVERIFIED, clock_now_ms(), id, err) != 0 ||
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
