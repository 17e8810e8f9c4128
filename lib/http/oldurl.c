/* Old URLs in queries and in claims. */
#include "http/oldurl.h"

#include "http/path.h"

/* The bytes of "http://" or "https://" at the start, or 0. */
static size_t scheme_length(struct slice s)
{
	if (slice_equal_nocase(slice_head(s, 7), "http://")) {
		return 7;
	}
	return slice_equal_nocase(slice_head(s, 8), "https://") ? 8 : 0;
}

static int refuse(struct error *err, const char *why)
{
	error_set(err, 400, "bad_request", "old URL: %s", why);
	return error_explain(err, "url: %s", why);
}

static int decode(struct arena *a, struct slice raw, struct slice *url, struct error *err)
{
	char *decoded = arena_take(a, raw.n);
	size_t n;
	if (!decoded) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	if (path_decode(raw, PATH_PLUS_IS_PLUS, decoded, &n) != 0) {
		return refuse(err, "bad escape");
	}
	*url = slice_of(decoded, n);
	return 0;
}

int oldurl_find(struct arena *a, struct slice query, struct slice *url, struct error *err)
{
	while (query.p && !slice_starts(query, "url=")) {
		slice_cut(&query, '&');
	}
	*url = slice_from(query, 4);
	if (!query.p || url->n == 0) {
		return 0;
	}
	if (scheme_length(*url) == 0) {
		struct slice rest = *url, raw = slice_cut(&rest, '&');
		if (raw.n == 0) {
			return 0;
		}
		if (decode(a, raw, url, err) != 0) {
			return -1;
		}
	}
	if (scheme_length(*url) == 0) {
		return refuse(err, "not http or https");
	}
	return slice_has_control(*url) ? refuse(err, "control character") : 1;
}

bool oldurl_is_claimable(struct slice url)
{
	size_t scheme = scheme_length(url);
	if (scheme == 0 || url.n == scheme || url.n > OLDURL_MAX) {
		return false;
	}
	for (size_t i = 0; i < url.n; i++) {
		if (url.p[i] <= ' ' || url.p[i] > '~') {
			return false;
		}
	}
	return true;
}

bool oldurl_is_picture(struct slice url)
{
	static const char *const extensions[] = {".png", ".jpg", ".jpeg"};
	url = slice_from(url, scheme_length(url));
	url = slice_head(url, slice_find(url, '#'));
	url = slice_head(url, slice_find(url, '?'));
	/* A host is no path: http://old.png has none. */
	url = slice_from(url, slice_find(url, '/'));
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		size_t n = strlen(extensions[i]);
		if (url.n > n && slice_equal_nocase(slice_from(url, url.n - n), extensions[i])) {
			return true;
		}
	}
	return false;
}
