/* Configuration files with names in them. */
#include "cgi/template.h"

static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
static const char letters_and_more[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
			    "._/:+=,~-";

/* How many of the first bytes are in `set`, without its terminator. */
static size_t span(struct slice s, const char *set)
{
	size_t n = 0, size = strlen(set);
	while (n < s.n && memchr(set, s.p[n], size)) {
		n++;
	}
	return n;
}

static struct slice take_line(struct slice *rest)
{
	struct slice line = slice_cut(rest, '\n');
	if (rest->n == 0) { /* no empty line behind the last line feed */
		rest->p = NULL;
	}
	return line;
}

static struct slice take_word(struct slice *rest)
{
	*rest = slice_trim(*rest);
	size_t blank = slice_find(*rest, ' '), tab = slice_find(*rest, '\t');
	struct slice word = slice_head(*rest, blank < tab ? blank : tab);
	*rest = slice_trim(slice_from(*rest, word.n));
	return word;
}

static bool is_declaration(struct slice line)
{
	return slice_starts(line, "#: ") || slice_starts(line, ";: ");
}

struct use {
	struct slice before, name;
	bool or_no_line;
};

/* The "@NAME@" or "@NAME?@" at the start of s: its length, or 0. */
static size_t read_use(struct slice s, struct use *use)
{
	struct slice inside = slice_from(s, 1);
	size_t n = span(inside, letters) ? span(inside, letters_and_more) : 0;
	use->name = slice_head(inside, n);
	use->or_no_line = n < inside.n && inside.p[n] == '?';
	n += use->or_no_line;
	return use->name.n && n < inside.n && inside.p[n] == '@' ? n + strlen("@@") : 0;
}

/* The next use in a line, which is cut behind it; without one `before` is all of the line. */
static bool next_use(struct slice *line, struct use *use)
{
	for (size_t i = 0; i < line->n; i++) {
		size_t n = line->p[i] == '@' ? read_use(slice_from(*line, i), use) : 0;
		if (n) {
			use->before = slice_head(*line, i);
			*line = slice_from(*line, i + n);
			return true;
		}
	}
	*use = (struct use){.before = *line};
	return false;
}

struct slice template_title(struct slice text)
{
	struct slice line = take_line(&text);
	if (slice_starts(line, "#!")) {
		line = take_line(&text);
	}
	return slice_trim(slice_from(line, span(line, "#;-")));
}

bool template_next_declared(struct slice *rest, struct template_declared *out)
{
	while (rest->p) {
		struct slice line = take_line(rest);
		if (is_declaration(line)) {
			line = slice_from(line, strlen("#:"));
			out->name = take_word(&line);
			out->fallback = take_word(&line);
			out->meaning = line;
			if (slice_equal_str(out->fallback, "-")) {
				out->fallback.n = 0;
			}
			return true;
		}
	}
	return false;
}

bool template_next_used(struct slice *rest, struct slice *name)
{
	struct use use;
	while (rest->p) {
		struct slice line = slice_head(*rest, slice_find(*rest, '\n'));
		if (!is_declaration(line) && next_use(&line, &use)) {
			*name = use.name;
			*rest = slice_of(line.p, (size_t)(rest->p + rest->n - line.p));
			return true;
		}
		take_line(rest);
	}
	return false;
}

bool template_has(struct slice text, struct slice name)
{
	struct slice rest = text;
	struct template_declared declared;
	struct use use;
	while (template_next_declared(&rest, &declared)) {
		if (slice_equal(declared.name, name)) {
			return true;
		}
	}
	while (next_use(&text, &use)) {
		if (slice_equal(use.name, name)) {
			return true;
		}
	}
	return false;
}

const struct template_value *template_find(
	const struct template_value *values, size_t count, struct slice name)
{
	for (size_t i = 0; i < count; i++) {
		if (slice_equal(values[i].name, name)) {
			return &values[i];
		}
	}
	return NULL;
}

/* A line with its values, or none of it. */
static int fill_line(struct slice line, const struct template_value *values, size_t count,
	struct buf *out, struct slice *missing)
{
	size_t start = out->n;
	struct slice rest = line;
	struct use use;
	while (next_use(&rest, &use)) {
		const struct template_value *value = template_find(values, count, use.name);
		if (!value || !value->text.p) {
			*missing = use.name;
			return -1;
		}
		bool alone = slice_trim(line).n == use.name.n + strlen("@@");
		if (value->text.n == 0 && (use.or_no_line || alone)) {
			out->n = start;
			return 0;
		}
		buf_put(out, use.before);
		buf_put(out, value->text);
	}
	buf_put(out, use.before);
	buf_put_char(out, '\n');
	return 0;
}

int template_fill(struct slice text, const struct template_value *values, size_t count,
	struct buf *out, struct slice *missing)
{
	while (text.p) {
		struct slice line = take_line(&text);
		if (!is_declaration(line) && fill_line(line, values, count, out, missing) != 0) {
			return -1;
		}
	}
	return 0;
}

bool template_is_plain(struct slice value)
{
	return span(value, plain) == value.n;
}
