/* The address of a Redis server, taken apart. */
#include "store/redis_url.h"

#include "base/number.h"

static int refuse(struct error *err, const char *why)
{
	return error_set(err, 500, "internal_error", "CDN_REDIS_URL: %s", why);
}

static int decode(struct slice in, char out[REDIS_URL_FIELD])
{
	size_t n = 0;
	for (size_t i = 0; i < in.n; i++) {
		char c = in.p[i];
		if (c == '%') {
			int high = i + 2 < in.n ? number_hex_digit(in.p[i + 1]) : -1;
			int low = i + 2 < in.n ? number_hex_digit(in.p[i + 2]) : -1;
			if (high < 0 || low < 0 || high + low == 0) {
				return -1;
			}
			c = (char)(high << 4 | low);
			i += 2;
		}
		if (n + 1 >= REDIS_URL_FIELD) {
			return -1;
		}
		out[n++] = c;
	}
	out[n] = '\0';
	return 0;
}

static int parse_login(struct slice *rest, struct redis_address *out)
{
	size_t at = slice_find_last(*rest, '@');
	if (at == rest->n) {
		return 0;
	}
	struct slice password = slice_head(*rest, at);
	struct slice user = slice_cut(&password, ':');
	*rest = slice_from(*rest, at + 1);
	/* "secret@host" without a colon is a user without a password, which Redis does not know. */
	return password.p && decode(user, out->user) == 0 ? decode(password, out->password) : -1;
}

static int parse_database(struct slice text, struct redis_address *out)
{
	uint64_t number;
	if (text.n == 0) {
		return 0;
	}
	if (text.n >= sizeof out->database || number_parse(text, &number) != 0) {
		return -1;
	}
	memcpy(out->database, text.p, text.n);
	out->database[text.n] = '\0';
	return 0;
}

static int parse_host(struct slice text, struct redis_address *out)
{
	uint64_t port = 6379;
	struct slice host;
	if (slice_starts(text, "[")) {
		text = slice_from(text, 1);
		host = slice_cut(&text, ']');
		if (!text.p || (text.n && *text.p != ':')) {
			return -1;
		}
		text = slice_from(text, 1);
	} else {
		host = slice_cut(&text, ':');
	}
	if (text.n && (number_parse(text, &port) != 0 || port == 0 || port > 65535)) {
		return -1;
	}
	out->port = (int)port;
	return host.n ? decode(host, out->host) : -1;
}

int redis_url_parse(const char *url, struct redis_address *out, struct error *err)
{
	struct slice rest = slice_view(url);
	*out = (struct redis_address){0};
	if (slice_starts(rest, "unix://")) {
		rest = slice_from(rest, strlen("unix://"));
		struct slice path = slice_cut(&rest, '?');
		if (parse_login(&path, out) != 0 || !slice_starts(path, "/") ||
			decode(path, out->path) != 0) {
			return refuse(err, "needs an absolute path, as in unix:///run/redis.sock");
		}
		if (rest.n && (!slice_starts(rest, "db=") ||
				      parse_database(slice_from(rest, 3), out) != 0)) {
			return refuse(err, "after '?' only db=N is understood");
		}
		return 0;
	}
	if (!slice_starts(rest, "redis://")) {
		return refuse(err, "must begin with unix:// or redis://");
	}
	rest = slice_from(rest, strlen("redis://"));
	struct slice database = rest;
	size_t login = slice_find_last(rest, '@');
	database = slice_from(rest, login < rest.n ? login + 1 : 0);
	struct slice host = slice_cut(&database, '/');
	struct slice authority = slice_head(rest, (size_t)(host.p + host.n - rest.p));
	if (parse_login(&authority, out) != 0 || parse_host(host, out) != 0 ||
		parse_database(database, out) != 0) {
		return refuse(err, "must look like redis://:password@host:6379/0");
	}
	return 0;
}
