/* The headers of one part of a form. */
#include "http/part.h"

#include "base/utf8.h"
#include "http/mediatype.h"
#include "http/path.h"

static int refuse(struct error *err, const char *why)
{
	return error_set(err, 400, "bad_request", "part header: %s", why);
}

/* Whether s starts with an escape that browsers write, and the character it stands for. */
static bool is_browser_escape(struct slice s, char *c)
{
	static const struct {
		const char *escape;
		char c;
	} escapes[] = {{"%22", '"'}, {"%0d", '\r'}, {"%0a", '\n'}};
	for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++) {
		if (slice_equal_nocase(slice_head(s, 3), escapes[i].escape)) {
			*c = escapes[i].c;
			return true;
		}
	}
	return false;
}

static bool is_quoted_pair(struct slice s)
{
	return s.n > 1 && s.p[0] == '\\' && (s.p[1] == '"' || s.p[1] == '\\');
}

/* Decode into `out`, where the value itself stands. */
static struct slice decode_plain(struct parameter parameter, char *out)
{
	struct slice s = parameter.value;
	size_t n = 0;
	while (s.n) {
		char c = s.p[0];
		size_t used = 1;
		if (parameter.quoted && is_quoted_pair(s)) {
			c = s.p[1];
			used = 2;
		} else if (is_browser_escape(s, &c)) {
			used = 3;
		}
		out[n++] = c;
		s = slice_from(s, used);
	}
	return slice_of(out, n);
}

/*
 * charset "'" [ language ] "'" value-chars (RFC 8187 section 3.2.1), decoded into `out`. Characters
 * that should have been encoded are let through: encodeURIComponent leaves some of them.
 */
static bool decode_extended(struct parameter parameter, char *out, struct slice *decoded)
{
	struct slice rest = parameter.value;
	struct slice charset = slice_cut(&rest, '\'');
	slice_cut(&rest, '\'');
	size_t n;
	if (!rest.n || !slice_equal_nocase(charset, "utf-8") ||
		path_decode(rest, PATH_PLUS_IS_PLUS, out, &n) != 0) {
		return false;
	}
	*decoded = slice_of(out, n);
	return slice_find(*decoded, '\0') == n && utf8_is_valid(*decoded);
}

static int set_once(struct slice *field, bool *has, struct slice value, struct error *err)
{
	if (*has) {
		return refuse(err, "parameter given twice");
	}
	*field = value;
	*has = true;
	return 0;
}

static int add_disposition(struct part *part, char *value, size_t n, struct error *err)
{
	struct slice rest = slice_of(value, n), extended = {0};
	struct parameter p;
	bool has_extended = false;
	int got;
	rest = slice_from(rest, slice_find(rest, ';'));
	while ((got = mediatype_next_parameter(&rest, &p, err)) > 0) {
		char *place = value + (p.value.p - value);
		struct slice decoded;
		int set = 0;
		if (slice_equal_nocase(p.name, "name")) {
			set = set_once(&part->name, &part->has_name, decode_plain(p, place), err);
		} else if (slice_equal_nocase(p.name, "filename")) {
			set = set_once(
				&part->filename, &part->has_filename, decode_plain(p, place), err);
		} else if (slice_equal_nocase(p.name, "filename*") &&
			   decode_extended(p, place, &decoded)) {
			set = set_once(&extended, &has_extended, decoded, err);
		}
		if (set != 0) {
			return -1;
		}
	}
	if (has_extended) {
		part->filename = extended;
		part->has_filename = true;
	}
	return got;
}

int part_add_header(struct part *part, char *line, size_t n, struct error *err)
{
	struct slice view = slice_of(line, n);
	if (slice_find(view, '\0') != n || slice_find(view, '\r') != n) {
		return refuse(err, "NUL or CR");
	}
	if (n && (line[0] == ' ' || line[0] == '\t')) {
		return refuse(err, "folded line");
	}
	size_t colon = slice_find(view, ':');
	struct slice name = slice_head(view, colon);
	if (colon == n || !mediatype_is_token(name)) {
		return refuse(err, "no name and colon");
	}
	if (!slice_equal_nocase(name, "content-disposition")) {
		return 0;
	}
	if (part->has_disposition) {
		return refuse(err, "second Content-Disposition");
	}
	part->has_disposition = true;
	return add_disposition(part, line + colon + 1, n - colon - 1, err);
}
