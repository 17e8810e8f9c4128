/* A file from somewhere on the Internet. */
#include "fetch/download.h"

#include "base/clock.h"
#include "fetch/reason.h"

/* A file on its way, over all its hops. */
struct download {
	struct arena *arena;
	struct address_list own;
	bool authorized; /* there was an authorization; the hop has it until its origin is left */
	unsigned redirects; /* followed so far */
	struct hop hop;     /* at hand */
};

static int refuse_status(const struct url *at, long status, const char *detail, struct error *err)
{
	char reason[64];
	snprintf(reason, sizeof reason, "Failed to download: %ld", status);
	return reason_set(err, reason, "%s: %ld: %s", at->host, status, detail);
}

/* Those that lead on to where the file is (RFC 9110 section 15.4). */
static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static int follow(struct download *d, struct url *at, struct error *err)
{
	struct hop *hop = &d->hop;
	struct url next;
	if (!is_redirect(hop->status)) {
		return refuse_status(at, hop->status, "only 200 is a success", err);
	}
	const char *location = head_location(&hop->head);
	if (!location) {
		return refuse_status(at, hop->status, "no Location, or one too long", err);
	}
	if (d->redirects++ == DOWNLOAD_REDIRECTS_MAX) {
		return reason_set(err, "Too many redirects", "the last from %s", at->host);
	}
	if (url_follow(at, &next, d->arena, location, &d->hop.config->fetch_ports, err) != 0) {
		return -1;
	}
	if (d->authorized && at->secure && !next.secure) {
		return refuse_status(
			at, hop->status, "from https to http with an authorization", err);
	}
	/* Not even if a later hop comes back: the way there was then another's choice. */
	if (!url_same_origin(at, &next)) {
		hop->authorization = NULL;
	}
	*at = next;
	return 0;
}

static int begin(struct download *d, const struct config *config, const char *authorization,
	struct error *err)
{
	d->hop.deadline_ms = clock_monotonic_ms() + (int64_t)config->fetch_timeout_s * 1000;
	if (authorization) {
		d->hop.authorization = arena_printf(d->arena, "Authorization: %s", authorization);
		d->authorized = true;
		if (!d->hop.authorization) {
			return error_set(err, 500, "internal_error", "arena is full");
		}
	}
	return address_list_fill(&d->own, err);
}

int download_run(const struct config *config, struct arena *a, const struct url *url,
	const char *authorization, const struct download_sink *sink, struct error *err)
{
	struct download *d = arena_alloc(a, sizeof *d);
	struct url at = *url;
	if (!d) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	*d = (struct download){.arena = a, .hop = {.config = config, .own = &d->own, .sink = sink}};
	if (begin(d, config, authorization, err) != 0) {
		return -1;
	}
	do {
		if (hop_run(&d->hop, a, &at, err) != 0) {
			return -1;
		}
	} while (d->hop.status != 200 && follow(d, &at, err) == 0);
	return d->hop.status == 200 ? 0 : -1;
}
