/* Settings from the environment and an env file. */
#include "config/config.h"

#include <errno.h>
#include <inttypes.h>

#include "base/number.h"

enum { ENV_FILE_MAX = 64 * 1024, SECRET_MAX = 4096 };

struct loader {
	char *const *environment;
	const char *file; /* the env file's text, "" when there is none */
	struct arena *arena;
	struct buf *mistakes;
	bool failed;
};

static void mistake(struct loader *l, const char *name, const char *what)
{
	buf_printf(l->mistakes, "%s: %s\n", name, what);
	l->failed = true;
}

static const char *from_environment(char *const *environment, const char *name)
{
	size_t n = strlen(name);
	for (char *const *e = environment; *e; e++) {
		if (strncmp(*e, name, n) == 0 && (*e)[n] == '=') {
			return *e + n + 1;
		}
	}
	return NULL;
}

/* A file's text without the newlines at its end; NULL with errno set when it cannot be read. */
static char *read_text(struct arena *a, const char *path, size_t max)
{
	FILE *f = fopen(path, "re");
	if (!f) {
		return NULL;
	}
	char *text = arena_take(a, max + 1);
	size_t n = text ? fread(text, 1, max + 1, f) : 0;
	bool bad = !text || ferror(f) || n > max;
	fclose(f);
	if (bad) {
		errno = EFBIG;
		return NULL;
	}
	while (n && (text[n - 1] == '\n' || text[n - 1] == '\r')) {
		n--;
	}
	text[n] = '\0';
	return text;
}

static struct slice unquote(struct slice v)
{
	v = slice_trim(v);
	if (v.n && v.p[v.n - 1] == '\r') {
		v = slice_trim(slice_head(v, v.n - 1));
	}
	if (v.n >= 2 && (*v.p == '"' || *v.p == '\'') && v.p[v.n - 1] == *v.p) {
		return slice_of(v.p + 1, v.n - 2);
	}
	return v;
}

/* The next NAME=value line at *rest; false at the end. Comments and empty lines are passed over. */
static bool next_line(struct slice *rest, struct slice *name, struct slice *value)
{
	while (rest->p) {
		struct slice line = slice_trim(slice_cut(rest, '\n'));
		if (line.n == 0 || *line.p == '#' || slice_equal_str(line, "\r")) {
			continue;
		}
		*name = slice_trim(slice_cut(&line, '='));
		*value = unquote(line);
		return true;
	}
	return false;
}

/* The last line of a name wins, as in a shell. */
static const char *from_file(struct loader *l, const char *wanted)
{
	struct slice rest = slice_view(l->file), name, value;
	const char *found = NULL;
	while (next_line(&rest, &name, &value)) {
		if (slice_equal_str(name, wanted)) {
			found = arena_dup(l->arena, value);
		}
	}
	return found;
}

static const char *look_up(struct loader *l, const char *name)
{
	const char *value = from_environment(l->environment, name);
	return value ? value : from_file(l, name);
}

static bool is_known(struct slice name)
{
	size_t count;
	const struct setting *s = config_settings(&count);
	for (size_t i = 0; i < count; i++) {
		struct slice known = slice_view(s[i].name);
		if (slice_equal(slice_head(name, known.n), known) &&
			(name.n == known.n ||
				(s[i].secret &&
					slice_equal_str(slice_from(name, known.n), "_FILE")))) {
			return true;
		}
	}
	return false;
}

/* A misspelt name in the env file would otherwise be a setting that silently does nothing. */
static void report_unknown(struct loader *l)
{
	struct slice rest = slice_view(l->file), name, value;
	while (next_line(&rest, &name, &value)) {
		if (slice_starts(name, "CDN_") && !is_known(name)) {
			const char *text = arena_dup(l->arena, name);
			mistake(l, text ? text : "CDN_", "there is no such setting");
		}
	}
}

static void open_env_file(struct loader *l)
{
	const char *named = from_environment(l->environment, "CDN_ENV_FILE");
	const char *path = named && *named ? named : ".env";
	l->file = read_text(l->arena, path, ENV_FILE_MAX);
	if (!l->file) {
		if ((named && *named) || errno != ENOENT) {
			mistake(l, path, strerror(errno));
		}
		l->file = "";
	}
}

static const char *value_of(struct loader *l, const struct setting *s)
{
	const char *value = look_up(l, s->name);
	if (!value && s->secret) {
		const char *name = arena_printf(l->arena, "%s_FILE", s->name);
		const char *path = name ? look_up(l, name) : NULL;
		if (path) {
			value = read_text(l->arena, path, SECRET_MAX);
			if (!value) {
				mistake(l, name, strerror(errno));
			}
		}
	}
	return value && *value ? value : s->fallback;
}

static int parse_bytes(struct slice text, uint64_t *out)
{
	static const char units[] = "KMG";
	const char *unit = text.n ? memchr(units, text.p[text.n - 1], 3) : NULL;
	unsigned shift = unit ? (unsigned)(unit - units + 1) * 10 : 0;
	uint64_t number;
	if (number_parse(unit ? slice_head(text, text.n - 1) : text, &number) != 0 ||
		number > UINT64_MAX >> shift) {
		return -1;
	}
	*out = number << shift;
	return 0;
}

static int parse_choice(struct slice text, const char *choices, uint64_t *out)
{
	struct slice rest = slice_view(choices);
	for (uint64_t i = 0; rest.p; i++) {
		if (slice_equal(slice_cut(&rest, '|'), text)) {
			*out = i;
			return 0;
		}
	}
	return -1;
}

static bool consists_of(struct slice s, const char *punctuation)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];
		bool plain =
			(c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		if (!plain && (!c || !strchr(punctuation, c))) {
			return false;
		}
	}
	return s.n > 0;
}

/*
 * A URL of ours is printed into answers and headers, and into the configurations of web servers,
 * some of which know variables and regular expressions: it holds nothing that would need escaping,
 * but for ".". They compare paths as nobody wrote them: without "//", "." and "..".
 */
static bool is_plain_url(struct slice url)
{
	size_t scheme = slice_starts(url, "http://")    ? strlen("http://")
			: slice_starts(url, "https://") ? strlen("https://")
							: url.n;
	struct slice rest = slice_from(url, scheme);
	if (!consists_of(slice_cut(&rest, '/'), ".-_:[]")) {
		return false;
	}
	while (rest.p) {
		struct slice part = slice_cut(&rest, '/');
		if (!consists_of(part, ".-_~") || slice_equal_str(part, ".") ||
			slice_equal_str(part, "..")) {
			return false;
		}
	}
	return true;
}

static void store_text(struct loader *l, const struct setting *s, const char *value, char *at)
{
	if (s->type == SETTING_URL) {
		struct slice url = slice_view(value);
		while (url.n && url.p[url.n - 1] == '/') {
			url.n--;
		}
		value = arena_dup(l->arena, url);
		if (!is_plain_url(url)) {
			mistake(l, s->name,
				"must be an http:// or https:// address, its path of letters, "
				"digits and . - _ ~");
		}
	}
	memcpy(at, &value, sizeof value);
}

static void store_number(struct loader *l, const struct setting *s, const char *value, char *at)
{
	uint64_t number = 0;
	struct slice text = slice_view(value);
	int bad = s->type == SETTING_CHOICE  ? parse_choice(text, s->choices, &number)
		  : s->type == SETTING_BYTES ? parse_bytes(text, &number)
					     : number_parse(text, &number);
	if (bad) {
		mistake(l, s->name,
			s->type == SETTING_CHOICE
				? arena_printf(l->arena, "must be one of %s", s->choices)
			: s->type == SETTING_BYTES ? "must be digits, then K, M, G or nothing"
						   : "must be a number");
	} else if (s->type != SETTING_CHOICE && (number < s->min || number > s->max)) {
		char what[64];
		snprintf(what, sizeof what, "must be from %" PRIu64 " to %" PRIu64, s->min, s->max);
		mistake(l, s->name, what);
	}
	memcpy(at, &number, sizeof number);
}

/* The item at fault is told by its place, not shown: a value may hold anything. */
static void store_list(struct loader *l, const struct setting *s, const char *value, void *at)
{
	bool ports = s->type == SETTING_PORTS;
	struct slice text = slice_view(value);
	char what[128];
	size_t item;
	if ((ports ? port_list_parse(text, at, &item) : network_list_parse(text, at, &item)) == 0) {
		return;
	}
	if (item > LIST_MAX) {
		snprintf(what, sizeof what, "must have at most %d items", LIST_MAX);
	} else {
		snprintf(what, sizeof what, "item %zu must be %s", item,
			ports ? "a port from 1 to 65535"
			      : "an address or a range with no bit set beyond its prefix, such as "
				"10.0.0.0/8 or fd00::/8");
	}
	mistake(l, s->name, what);
}

static void store(struct loader *l, const struct setting *s, const char *value, char *at)
{
	switch (s->type) {
	case SETTING_TEXT:
	case SETTING_URL:
		store_text(l, s, value, at);
		break;
	case SETTING_NUMBER:
	case SETTING_BYTES:
	case SETTING_CHOICE:
		store_number(l, s, value, at);
		break;
	case SETTING_NETWORKS:
	case SETTING_PORTS:
		store_list(l, s, value, at);
		break;
	}
}

int config_load(
	struct config *config, char *const *environment, struct arena *a, struct buf *mistakes)
{
	struct loader l = {.environment = environment, .arena = a, .mistakes = mistakes};
	size_t count;
	const struct setting *s = config_settings(&count);
	*config = (struct config){0};
	open_env_file(&l);
	report_unknown(&l);
	for (size_t i = 0; i < count; i++) {
		store(&l, &s[i], value_of(&l, &s[i]), (char *)config + s[i].offset);
	}
	if (*config->data_dir != '/') {
		mistake(&l, "CDN_DATA_DIR", "must be an absolute path");
	}
	if (!l.failed) {
		const char *path = strchr(strstr(config->public_url, "://") + 3, '/');
		config->public_prefix = path ? path : "";
	}
	return l.failed || a->overflowed ? -1 : 0;
}
