/* GET /rescue?url=: from an old URL to the file that the administrator claimed it for. */
#include "app/inside.h"
#include "http/oldurl.h"
#include "store/record.h"
#include "store/rescue.h"

/* Stands where a picture was, in pages of any colour. It says no more than that: nothing of the request is in it. */
static const char placeholder[] =
	"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 320 200\" width=\"320\" "
	"height=\"200\" role=\"img\" aria-label=\"This picture is lost\">"
	"<title>This picture is lost</title>"
	"<style>"
	".a{fill:#f1f3f6;stroke:#c5cbd5}.b{fill:none;stroke:#7d8796}.c{fill:#c5cbd5}.e{fill:#"
	"f1f3f6}"
	".d{fill:#59626f;font:600 15px system-ui,sans-serif}"
	"@media(prefers-color-scheme:dark){"
	".a{fill:#20252d;stroke:#434c59}.b{stroke:#8b95a5}.c{fill:#434c59}.e{fill:#20252d}.d{fill:#"
	"b4bcc8}}"
	"</style>"
	"<rect class=\"a\" x=\"1\" y=\"1\" width=\"318\" height=\"198\" rx=\"10\" "
	"stroke-width=\"2\" stroke-dasharray=\"8 6\"/>"
	"<g stroke-width=\"4\" stroke-linecap=\"round\" stroke-linejoin=\"round\">"
	"<path class=\"c\" d=\"M116 120l25-27 15 15 22-26 26 38z\"/>"
	"<circle class=\"c\" cx=\"136\" cy=\"70\" r=\"8\"/>"
	"<path class=\"e\" d=\"M152 50l-3 10 12 14-16 20 12 16-9 18h24l9-18-12-16 16-20-9-24z\"/>"
	"<path class=\"b\" d=\"M152 50h-38a6 6 0 0 0-6 6v66a6 6 0 0 0 6 6h34l9-18-12-16 "
	"16-20-12-14z"
	"M176 50h30a6 6 0 0 1 6 6v66a6 6 0 0 1-6 6h-34l9-18-12-16 16-20z\"/>"
	"</g>"
	"<text class=\"d\" x=\"160\" y=\"164\" text-anchor=\"middle\">This picture is lost</text>"
	"</svg>";

/* For every page of any origin. */
static void open_to_all(struct response *res)
{
	response_set(res, "Cross-Origin-Resource-Policy", slice_view("cross-origin"));
}

/*
 * Five minutes: pages full of lost pictures ask once for each, and what an import claims is seen soon
 * after.
 */
static int show_placeholder(struct call *c)
{
	struct response *res = c->res;
	res->status = 404;
	response_set(res, "Content-Type", slice_view("image/svg+xml"));
	response_set(res, "Cache-Control", slice_view("public, max-age=300"));
	response_set(res, "X-Content-Type-Options", slice_view("nosniff"));
	reply_sandbox(c);
	open_to_all(res);
	response_set_bytes(res, slice_of(placeholder, sizeof placeholder - 1));
	return 0;
}

static int show_file(struct call *c, const struct record *record, struct error *err)
{
	const char *url = file_url(c, record);
	if (!url) {
		return call_full(err);
	}
	c->res->status = 302;
	response_set(c->res, "Location", slice_view(url));
	response_set(c->res, "Cache-Control", slice_view("public, max-age=604800"));
	open_to_all(c->res);
	return 0;
}

/* The file that was claimed: 1; 0 when nobody claimed it or the file is gone; -1. */
static int find_file(struct call *c, struct slice url, struct record *record, struct error *err)
{
	struct arena *a = c->req->arena;
	struct claim claim;
	if (call_open_store(c, err) != 0) {
		return -1;
	}
	int found = rescue_find(&c->root, a, c->app->hash, url, &claim, err);
	return found == 1 ? record_read(&c->root, a, claim.id, record, err) : found;
}

int rescue_show(struct call *c, struct error *err)
{
	struct slice url;
	struct record record;
	int found = oldurl_find(c->req->arena, c->req->query, &url, err);
	if (found <= 0) {
		return found < 0 ? -1 : call_missing("url", err);
	}
	found = find_file(c, url, &record, err);
	if (found < 0) {
		return -1;
	}
	if (found == 1) {
		return show_file(c, &record, err);
	}
	return oldurl_is_picture(url) ? show_placeholder(c)
				      : error_set(err, 404, "not_found", "nobody rescued it");
}
