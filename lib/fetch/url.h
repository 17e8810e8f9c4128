/*
 * fetch/url.h - a URL to fetch from, read by libcurl's own URL API: what is judged here is what is
 * dialled later.
 *
 * Sequence:  url_parse -> url_follow*
 * Owns:      a struct url and all it holds belong to the arena
 * Errors:    422 upload_failed with a reason of contract section 8, 500 when there is no memory
 *
 * A permitted URL says nothing of where it leads: that is judged by the address, when it is dialled
 * (fetch/address.h).
 */
#ifndef FETCH_URL_H
#define FETCH_URL_H

#include "base/arena.h"
#include "base/error.h"
#include "config/config.h"

struct Curl_URL;

struct url {
	struct Curl_URL *parsed;
	const char *host; /* ASCII, an IPv6 address in brackets */
	uint64_t port;
	bool secure; /* https */
};

/*
 * Read an absolute URL. Its scheme must be http or https, its host ASCII (other names are to be
 * written in Punycode, RFC 5891), its port one of `ports`. Spaces and raw UTF-8 in path and query
 * are percent-encoded.
 */
int url_parse(struct url *u, struct arena *a, const char *text, const struct port_list *ports,
	struct error *err) __attribute__((warn_unused_result));

/*
 * Where `location` leads from here (RFC 9110 section 10.2.2), absolute or relative. Name and password
 * go along only to the same origin, and never come out of `location` itself.
 */
int url_follow(const struct url *from, struct url *to, struct arena *a, const char *location,
	const struct port_list *ports, struct error *err) __attribute__((warn_unused_result));

/* Whether scheme, host and port are the same (RFC 6454 section 5). */
bool url_same_origin(const struct url *a, const struct url *b);

/* The path as it is sent, from its first '/' on; in the arena, NULL when that is full. */
const char *url_path(const struct url *u, struct arena *a);

/*
 * The text of a URL that url_parse took, as it was written but for name and password; in the arena,
 * NULL when that is full.
 */
const char *url_without_userinfo(struct arena *a, struct slice text);

#endif
