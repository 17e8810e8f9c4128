/*
 * fetch/download.h - a file from somewhere on the Internet, and from nowhere else.
 *
 * http and https, redirects followed here, each hop with a connection and a look-up of its own. Every
 * address is judged when it is dialled (fetch/hop.h), so that no name, spelling, redirect or change of
 * mind of a DNS server leads to one that is not public. No proxy, no .netrc, no cookies; no
 * content coding is asked for.
 *
 * Owns:      nothing beyond the arena
 * Units:     sizes in bytes
 * Errors:    422 upload_failed with a reason of contract section 8 for whatever the origin or the
 *            way to it does wrong; those of the sink; 500 when there is no memory
 */
#ifndef FETCH_DOWNLOAD_H
#define FETCH_DOWNLOAD_H

#include "fetch/hop.h"

enum { DOWNLOAD_REDIRECTS_MAX = 5 };

/*
 * Fetch all of it. `authorization`, when not NULL, is sent as the Authorization header to the first
 * origin until a redirect has left it; then no redirect to http is followed from https. Success is
 * one answer 200, complete as far as HTTP can tell: a body with neither a length nor chunks ends where
 * the connection does.
 */
int download_run(const struct config *config, struct arena *a, const struct url *url,
	const char *authorization, const struct download_sink *sink, struct error *err)
	__attribute__((warn_unused_result));

#endif
