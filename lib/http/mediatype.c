/* Content-Type values and their parameters. */
#include "http/mediatype.h"

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

bool mediatype_is_token(struct slice s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (!is_alnum(s.p[i]) && !is_one_of(s.p[i], "!#$%&'*+-.^_`|~")) {
			return false;
		}
	}
	return s.n > 0;
}

int mediatype_parse(struct slice value, struct mediatype *out, struct error *err)
{
	size_t end = slice_find(value, ';');
	out->type = slice_trim(slice_head(value, end));
	out->parameters = slice_from(value, end);
	size_t slash = slice_find(out->type, '/');
	if (!mediatype_is_token(slice_head(out->type, slash)) ||
		!mediatype_is_token(slice_from(out->type, slash + 1))) {
		return error_set(err, 415, "unsupported_media_type", "no media type");
	}
	return 0;
}

bool mediatype_is(const struct mediatype *m, const char *type)
{
	return slice_equal_nocase(m->type, type);
}

static int refuse(struct error *err, const char *why)
{
	return error_set(err, 400, "bad_request", "header parameter: %s", why);
}

/* The length of a quoted string's inside, from behind its first quote; s.n when it never ends. */
static size_t quoted_length(struct slice s)
{
	size_t i = 0;
	while (i < s.n && s.p[i] != '"') {
		i += s.p[i] == '\\' ? 2 : 1;
	}
	return i < s.n ? i : s.n;
}

static int take_value(struct slice *rest, struct parameter *out, struct error *err)
{
	out->quoted = rest->n > 0 && rest->p[0] == '"';
	if (!out->quoted) {
		size_t n = slice_find(*rest, ';');
		out->value = slice_trim(slice_head(*rest, n));
		*rest = slice_from(*rest, n);
		return 0;
	}
	*rest = slice_from(*rest, 1);
	size_t n = quoted_length(*rest);
	if (n == rest->n) {
		return refuse(err, "quotes are not closed");
	}
	out->value = slice_head(*rest, n);
	*rest = slice_trim(slice_from(*rest, n + 1));
	return rest->n == 0 || rest->p[0] == ';' ? 0 : refuse(err, "text after the quotes");
}

int mediatype_next_parameter(struct slice *rest, struct parameter *out, struct error *err)
{
	*rest = slice_trim(*rest);
	while (rest->n && rest->p[0] == ';') {
		*rest = slice_trim(slice_from(*rest, 1));
	}
	if (rest->n == 0) {
		return 0;
	}
	size_t n = slice_find(*rest, '=');
	out->name = slice_head(*rest, n);
	if (n == rest->n || !mediatype_is_token(out->name)) {
		return refuse(err, "no name=value");
	}
	*rest = slice_from(*rest, n + 1);
	return take_value(rest, out, err) == 0 ? 1 : -1;
}

/* RFC 9110 section 5.6.4: a backslash stands for the octet behind it. */
static int unescape(
	struct arena *a, struct parameter parameter, struct slice *out, struct error *err)
{
	struct slice s = parameter.value;
	*out = s;
	if (!parameter.quoted || slice_find(s, '\\') == s.n) {
		return 0;
	}
	char *text = arena_alloc(a, s.n);
	if (!text) {
		return error_set(err, 500, "internal_error", "arena full");
	}
	out->p = text;
	out->n = 0;
	for (size_t i = 0; i < s.n; i++) {
		i += s.p[i] == '\\';
		text[out->n++] = s.p[i];
	}
	return 0;
}

static int check_boundary(struct slice s, bool quoted, struct error *err)
{
	if (s.n == 0 || s.n > MEDIATYPE_BOUNDARY_MAX) {
		return refuse(err, "boundary empty or too long");
	}
	for (size_t i = 0; i < s.n; i++) {
		bool inner_space = quoted && s.p[i] == ' ' && i + 1 < s.n;
		if (!is_alnum(s.p[i]) && !is_one_of(s.p[i], "'()+_,-./:=?") && !inner_space) {
			return refuse(err, "boundary with an illegal character");
		}
	}
	return 0;
}

int mediatype_boundary(
	struct arena *a, const struct mediatype *m, struct slice *boundary, struct error *err)
{
	struct slice rest = m->parameters;
	struct parameter parameter, found = {0};
	int got;
	while ((got = mediatype_next_parameter(&rest, &parameter, err)) > 0) {
		if (!slice_equal_nocase(parameter.name, "boundary")) {
			continue;
		}
		if (found.name.p) {
			return refuse(err, "boundary given twice");
		}
		found = parameter;
	}
	if (got < 0) {
		return -1;
	}
	if (!found.name.p) {
		return refuse(err, "boundary missing");
	}
	if (unescape(a, found, boundary, err) != 0) {
		return -1;
	}
	return check_boundary(*boundary, found.quoted, err);
}
