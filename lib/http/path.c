/* Paths and queries of requests. */
#include "http/path.h"

#include "base/number.h"
#include "base/utf8.h"

static int refuse(struct error *err, const char *why)
{
	return error_set(err, 400, "bad_request", "request target: %s", why);
}

int path_decode(struct slice raw, enum path_plus plus, char *out, size_t *n)
{
	size_t written = 0;
	for (size_t i = 0; i < raw.n; i++) {
		char c = raw.p[i];
		if (c == '%') {
			int high = raw.n - i > 2 ? number_hex_digit(raw.p[i + 1]) : -1;
			int low = raw.n - i > 2 ? number_hex_digit(raw.p[i + 2]) : -1;
			if (high < 0 || low < 0) {
				return -1;
			}
			c = (char)(high << 4 | low);
			i += 2;
		} else if (c == '+' && plus == PATH_PLUS_IS_SPACE) {
			c = ' ';
		}
		out[written++] = c;
	}
	*n = written;
	return 0;
}

static size_t count(struct slice s, char c)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		n += s.p[i] == c;
	}
	return n;
}

/* Drop "http://host" (RFC 9112 section 3.2.2). What is left of one without a path is "/". */
static int drop_authority(struct slice *raw, struct error *err)
{
	size_t scheme = 0;
	if (slice_equal_nocase(slice_head(*raw, 7), "http://")) {
		scheme = 7;
	} else if (slice_equal_nocase(slice_head(*raw, 8), "https://")) {
		scheme = 8;
	} else {
		return 0;
	}
	struct slice rest = slice_from(*raw, scheme);
	size_t authority = slice_find(rest, '/');
	if (authority == 0) {
		return refuse(err, "no authority");
	}
	*raw = authority < rest.n ? slice_from(rest, authority) : slice_view("/");
	return 0;
}

static int check_segments(struct slice path, struct error *err)
{
	struct slice rest = slice_from(path, 1);
	while (rest.p) {
		struct slice segment = slice_cut(&rest, '/');
		if (segment.n == 0 && rest.p) {
			return refuse(err, "empty segment");
		}
		if (slice_equal_str(segment, ".") || slice_equal_str(segment, "..")) {
			return refuse(err, "dot segment");
		}
	}
	return 0;
}

static int check_path(struct slice raw, struct slice path, struct error *err)
{
	if (path.n == 0 || path.p[0] != '/') {
		return refuse(err, "does not start with a slash");
	}
	if (count(raw, '/') != count(path, '/')) {
		return refuse(err, "encoded slash");
	}
	if (count(raw, '#') != 0) {
		return refuse(err, "fragment");
	}
	if (count(path, '\\') != 0) {
		return refuse(err, "backslash");
	}
	if (slice_has_control(path)) {
		return refuse(err, "control character");
	}
	if (!utf8_is_valid(path)) {
		return refuse(err, "not UTF-8");
	}
	return check_segments(path, err);
}

int path_parse(struct arena *a, struct slice target, struct slice *path, struct slice *query,
	struct error *err)
{
	if (target.n > PATH_TARGET_MAX) {
		return refuse(err, "too long");
	}
	if (slice_has_control(target)) {
		return refuse(err, "control character");
	}
	struct slice rest = target;
	struct slice raw = slice_cut(&rest, '?');
	if (drop_authority(&raw, err) != 0) {
		return -1;
	}
	char *decoded = arena_alloc(a, raw.n + 1);
	if (!decoded) {
		return error_set(err, 500, "internal_error", "arena full");
	}
	size_t n;
	if (path_decode(raw, PATH_PLUS_IS_PLUS, decoded, &n) != 0) {
		return refuse(err, "bad escape");
	}
	*path = slice_of(decoded, n);
	*query = rest;
	return check_path(raw, *path, err);
}

/* Decode a value; most have nothing to decode and are borrowed as they stand. */
static int decode_value(struct arena *a, struct slice raw, struct slice *out, struct error *err)
{
	*out = raw;
	if (count(raw, '%') != 0 || count(raw, '+') != 0) {
		char *decoded = arena_alloc(a, raw.n);
		if (!decoded) {
			return error_set(err, 500, "internal_error", "arena full");
		}
		if (path_decode(raw, PATH_PLUS_IS_SPACE, decoded, &out->n) != 0) {
			return error_set(err, 400, "bad_request", "bad escape in a field");
		}
		out->p = decoded;
	}
	if (count(*out, '\0') != 0) {
		return error_set(err, 400, "bad_request", "NUL in a field");
	}
	return 0;
}

/* The next pair that is not empty, still encoded; false at the end. */
static bool next_pair(struct slice *rest, struct slice *name, struct slice *value)
{
	while (rest->p) {
		struct slice pair = slice_cut(rest, '&');
		if (pair.n == 0) {
			continue;
		}
		*value = slice_from(pair, slice_find(pair, '=') + 1);
		*name = slice_head(pair, slice_find(pair, '='));
		return true;
	}
	return false;
}

/* Whether an encoded name means `name`, without taking memory for those that do not. */
static bool names_match(struct slice raw, const char *name)
{
	char decoded[64];
	size_t n;
	return raw.n <= sizeof decoded && path_decode(raw, PATH_PLUS_IS_SPACE, decoded, &n) == 0 &&
	       slice_equal_str(slice_of(decoded, n), name);
}

int query_get(struct arena *a, struct slice query, const char *name, struct slice *value,
	struct error *err)
{
	struct slice raw_name, raw_value;
	while (next_pair(&query, &raw_name, &raw_value)) {
		if (names_match(raw_name, name)) {
			return decode_value(a, raw_value, value, err) == 0 ? 1 : -1;
		}
	}
	return 0;
}

int query_collect(struct arena *a, struct slice query, const char *name, struct slice *out,
	size_t max, size_t *count, struct error *err)
{
	struct slice raw_name, raw_value;
	while (next_pair(&query, &raw_name, &raw_value)) {
		if (raw_value.n == 0 || !names_match(raw_name, name)) {
			continue;
		}
		if (*count < max && decode_value(a, raw_value, &out[*count], err) != 0) {
			return -1;
		}
		++*count;
	}
	return 0;
}
