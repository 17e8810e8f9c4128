/* URLs to fetch from. */
#include "fetch/url.h"

#include <curl/curl.h>
#include <strings.h>

#include "base/number.h"
#include "fetch/reason.h"

/* A scheme that is none of ours is told apart from one that is no scheme. */
enum { READING = CURLU_NON_SUPPORT_SCHEME | CURLU_URLENCODE | CURLU_ALLOW_SPACE };

static int no_memory(struct error *err)
{
	return error_set(err, 500, "internal_error", "no memory for a URL");
}

static void clean_up(void *parsed)
{
	curl_url_cleanup(parsed);
}

/* Let the arena own what libcurl made. */
static int own(struct url *u, struct arena *a, CURLU *parsed, struct error *err)
{
	*u = (struct url){.parsed = parsed};
	if (!parsed) {
		return no_memory(err);
	}
	arena_defer(a, clean_up, parsed);
	return 0;
}

/* A part as a string in the arena; "" when there is none. */
static const char *part(CURLU *parsed, struct arena *a, CURLUPart which, unsigned flags)
{
	char *text = NULL;
	if (curl_url_get(parsed, which, &text, flags) != CURLUE_OK) {
		return "";
	}
	const char *copy = arena_dup(a, slice_view(text));
	curl_free(text);
	return copy;
}

static int set(CURLU *parsed, const char *text, struct error *err)
{
	CURLUcode code = curl_url_set(parsed, CURLUPART_URL, text, READING);
	switch (code) {
	case CURLUE_OK:
		return 0;
	case CURLUE_OUT_OF_MEMORY:
		return no_memory(err);
	case CURLUE_BAD_SCHEME:
	case CURLUE_UNSUPPORTED_SCHEME:
		return reason_set(err, "URL scheme must be http or https.", "no scheme");
	default:
		return reason_set(err, "Invalid host", "%s", curl_url_strerror(code));
	}
}

static bool is_ascii(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s >= 0x80) {
			return false;
		}
	}
	return true;
}

static int judge(struct url *u, struct arena *a, const struct port_list *ports, struct error *err)
{
	const char *scheme = part(u->parsed, a, CURLUPART_SCHEME, 0);
	const char *port = part(u->parsed, a, CURLUPART_PORT, CURLU_DEFAULT_PORT);
	const char *zone = part(u->parsed, a, CURLUPART_ZONEID, 0);
	u->host = part(u->parsed, a, CURLUPART_HOST, 0);
	if (!scheme || !port || !zone || !u->host) {
		return no_memory(err);
	}
	u->secure = strcasecmp(scheme, "https") == 0;
	if (!u->secure && strcasecmp(scheme, "http") != 0) {
		return reason_set(err, "URL scheme must be http or https.", "another scheme");
	}
	if (!*u->host || !is_ascii(u->host)) {
		return reason_set(err, "Invalid host", "no host, or one that is not ASCII");
	}
	/* libcurl makes it the address's scope only when it has been judged. */
	if (*zone) {
		return reason_set(err, "IP address not allowed", "%s with a zone", u->host);
	}
	if (number_parse(slice_view(port), &u->port) != 0 || u->port > UINT16_MAX ||
		!port_list_has(ports, (uint16_t)u->port)) {
		return reason_set(err, "Invalid host", "%s: port %s is not in CDN_FETCH_PORTS",
			u->host, port);
	}
	return 0;
}

/* libcurl sees a scheme only before "//": "mailto:a@b" is a user and a host to it. */
static bool names_http(const char *text)
{
	return strncasecmp(text, "http:", 5) == 0 || strncasecmp(text, "https:", 6) == 0;
}

int url_parse(struct url *u, struct arena *a, const char *text, const struct port_list *ports,
	struct error *err)
{
	if (!names_http(text)) {
		return reason_set(
			err, "URL scheme must be http or https.", "another scheme, or none");
	}
	if (own(u, a, curl_url(), err) != 0 || set(u->parsed, text, err) != 0) {
		return -1;
	}
	return judge(u, a, ports, err);
}

static int copy_userinfo(CURLU *to, CURLU *from, struct arena *a, struct error *err)
{
	static const CURLUPart parts[] = {CURLUPART_USER, CURLUPART_PASSWORD};
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		const char *text = from ? part(from, a, parts[i], 0) : "";
		if (!text || curl_url_set(to, parts[i], *text ? text : NULL, 0) != CURLUE_OK) {
			return no_memory(err);
		}
	}
	return 0;
}

int url_follow(const struct url *from, struct url *to, struct arena *a, const char *location,
	const struct port_list *ports, struct error *err)
{
	if (own(to, a, curl_url_dup(from->parsed), err) != 0 ||
		set(to->parsed, location, err) != 0 || judge(to, a, ports, err) != 0) {
		return -1;
	}
	return copy_userinfo(to->parsed, url_same_origin(from, to) ? from->parsed : NULL, a, err);
}

bool url_same_origin(const struct url *a, const struct url *b)
{
	return a->secure == b->secure && a->port == b->port && strcasecmp(a->host, b->host) == 0;
}

const char *url_path(const struct url *u, struct arena *a)
{
	return part(u->parsed, a, CURLUPART_PATH, 0);
}

/* libcurl takes one to three slashes for two; the authority ends as RFC 3986 section 3.2 says. */
const char *url_without_userinfo(struct arena *a, struct slice text)
{
	size_t start = slice_find(text, ':');
	start += start < text.n;
	while (start < text.n && text.p[start] == '/') {
		start++;
	}
	struct slice authority = slice_from(text, start);
	size_t end = 0;
	while (end < authority.n && !strchr("/?#", authority.p[end])) {
		end++;
	}
	authority = slice_head(authority, end);
	size_t at = slice_find_last(authority, '@');
	size_t skip = at < authority.n ? at + 1 : 0;
	return arena_printf(a, "%.*s%.*s", (int)start, text.p, (int)(text.n - start - skip),
		text.p + start + skip);
}
