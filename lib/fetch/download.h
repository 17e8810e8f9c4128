/*
 * fetch/download.h - a file from somewhere on the Internet, and from nowhere else.
 *
 * http and https, redirects followed here, each hop with a connection and a look-up of its own. Every
 * address is judged when it is dialled (fetch/address.h), so that no name, spelling, redirect or
 * change of mind of a DNS server leads to one that is not public. No proxy, no .netrc, no cookies; no
 * content coding is asked for.
 *
 * Owns:      nothing beyond the arena
 * Units:     sizes in bytes
 * Errors:    422 upload_failed with a reason of contract section 8 for whatever the origin or the
 *            way to it does wrong; those of the sink; 500 when there is no memory
 *
 * The reason is one of a fixed few: it tells nothing of addresses, ports or libraries. The detail,
 * for the log, does.
 */
#ifndef FETCH_DOWNLOAD_H
#define FETCH_DOWNLOAD_H

#include "fetch/url.h"

enum { DOWNLOAD_REDIRECTS_MAX = 5 };

/* Where the bytes go. What any of these returns -1 for ends the download, with its error. */
struct download_sink {
	/* Whether they are still wanted; asked about once a second, also while none come. */
	int (*wanted)(void *context, struct error *err);
	/* The origin says how many bytes will come; before the first of them. */
	int (*expect)(void *context, uint64_t bytes, struct error *err);
	int (*take)(void *context, struct slice bytes, struct error *err);
	void *context;
};

/*
 * Fetch all of it. `authorization`, when not NULL, is sent as the Authorization header to the first
 * origin until a redirect has left it; then no redirect to http is followed from https. Success is
 * one answer 200, complete as far as HTTP can tell.
 */
int download_run(const struct config *config, struct arena *a, const struct url *url,
	const char *authorization, const struct download_sink *sink, struct error *err)
	__attribute__((warn_unused_result));

#endif
