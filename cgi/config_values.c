/* The values for a configuration: from the command line, the settings and the files themselves. */
#include "cgi/config_values.h"

#include <arpa/inet.h>
#include <assert.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <unistd.h>

#include "store/redis_url.h"

struct gather {
	struct ctl *ctl;
	const struct config_set *set;
	int argc;
	char **argv;
	struct config_values *out;
};

static const char *value_of(const struct gather *g, const char *name)
{
	const struct template_value *value =
		template_find(g->out->list, g->out->count, slice_view(name));
	return value && value->text.p ? value->text.p : "";
}

static const char *make_url(struct gather *g)
{
	return g->ctl->config.public_url;
}

/* "" for what is no address. */
static const char *behind_scheme(const struct gather *g)
{
	const char *scheme = strstr(value_of(g, "URL"), "://");
	return scheme ? scheme + strlen("://") : "";
}

static const char *make_host(struct gather *g)
{
	const char *host = behind_scheme(g);
	return arena_dup(g->ctl->arena, slice_of(host, strcspn(host, ":/")));
}

static const char *make_prefix(struct gather *g)
{
	const char *path = strchr(behind_scheme(g), '/');
	return path ? path : "";
}

/* By brackets: what a backslash means differs from one server's quotes to another's. */
static const char *make_prefix_re(struct gather *g)
{
	struct buf escaped;
	buf_new(&escaped, g->ctl->arena, PATH_MAX);
	for (const char *c = value_of(g, "PREFIX"); *c; c++) {
		buf_printf(&escaped, strchr(".+", *c) ? "[%c]" : "%c", *c);
	}
	return arena_dup(g->ctl->arena, buf_view(&escaped));
}

static const char *make_data(struct gather *g)
{
	return g->ctl->config.data_dir;
}

static const char *make_dir(struct gather *g)
{
	const char *file = ctl_settings_file();
	char *copy = file ? arena_dup(g->ctl->arena, slice_view(file)) : NULL;
	char *path = copy ? arena_take(g->ctl->arena, PATH_MAX) : NULL;
	return path ? realpath(dirname(copy), path) : NULL;
}

static const char *make_build(struct gather *g)
{
	char *path = arena_alloc(g->ctl->arena, PATH_MAX);
	if (!path || readlink("/proc/self/exe", path, PATH_MAX - 1) < 0) {
		return NULL;
	}
	return dirname(path);
}

static const char *make_max_body(struct gather *g)
{
	return arena_printf(g->ctl->arena, "%" PRIu64, g->ctl->config.max_body_bytes);
}

/* For servers that count in KiB, and must let more pass than the worker, who says it better. */
static const char *make_max_kb(struct gather *g)
{
	return arena_printf(g->ctl->arena, "%" PRIu64, g->ctl->config.max_body_bytes / 1024 + 64);
}

enum { TIMEOUT_MIN_S = 60, TIMEOUT_MARGIN_S = 30, SLOW_MARGIN_S = 60 };

static const char *make_timeout(struct gather *g)
{
	uint64_t seconds = g->ctl->config.batch_timeout_s + TIMEOUT_MARGIN_S;
	return arena_printf(
		g->ctl->arena, "%" PRIu64, seconds < TIMEOUT_MIN_S ? TIMEOUT_MIN_S : seconds);
}

/* Who asks may stand in the line of the slow pool for as long as one fetch takes. */
static const char *make_slow_timeout(struct gather *g)
{
	return arena_printf(
		g->ctl->arena, "%" PRIu64, g->ctl->config.fetch_timeout_s * 2 + SLOW_MARGIN_S);
}

static const char *make_slow_stop(struct gather *g)
{
	return arena_printf(
		g->ctl->arena, "%" PRIu64, g->ctl->config.fetch_timeout_s + TIMEOUT_MARGIN_S);
}

/* "" for a Unix socket, and for what is no address. */
static const char *make_redis_host(struct gather *g)
{
	struct redis_address address;
	struct error err;
	if (redis_url_parse(g->ctl->config.redis_url, &address, &err) != 0) {
		return "";
	}
	return arena_dup(g->ctl->arena, slice_view(address.host));
}

static const char *make_redis_families(struct gather *g)
{
	return *value_of(g, "REDIS_HOST") ? "AF_UNIX AF_INET AF_INET6" : "AF_UNIX";
}

/* "" for a name, which a filter of addresses cannot have. */
static const char *make_redis_allow(struct gather *g)
{
	const char *host = value_of(g, "REDIS_HOST");
	struct in6_addr binary;
	bool known = strcmp(host, "localhost") == 0 || inet_pton(AF_INET, host, &binary) == 1 ||
		     inet_pton(AF_INET6, host, &binary) == 1;
	return known ? host : "";
}

static const char *make_redis_deny(struct gather *g)
{
	return *value_of(g, "REDIS_HOST") && !*value_of(g, "REDIS_ALLOW") ? "" : "any";
}

/* What the settings say, for every file. Some are made from those above them. */
static const struct common {
	const char *name, *meaning;
	const char *(*make)(struct gather *);
	const char *source; /* made from that value alone, which is then the one to be judged */
} common[] = {
	{"URL", "CDN_PUBLIC_URL", make_url, NULL},
	{"URL_HOST", "the name of the host in URL", make_host, NULL},
	{"PREFIX", "the path in URL: nothing, or one such as /cdn", make_prefix, NULL},
	{"PREFIX_RE", "PREFIX as a regular expression", make_prefix_re, "PREFIX"},
	{"DATA", "CDN_DATA_DIR", make_data, NULL},
	{"DIR", "the folder of the env file", make_dir, NULL},
	{"BUILD", "the folder of cdn.fcgi", make_build, NULL},
	{"MAX_BODY", "CDN_MAX_BODY, in bytes", make_max_body, NULL},
	{"MAX_KB", "CDN_MAX_BODY in KiB, and 64 more", make_max_kb, NULL},
	{"TIMEOUT", "seconds to wait for a worker: CDN_BATCH_TIMEOUT and 30, 60 at least",
		make_timeout, NULL},
	{"SLOW_TIMEOUT", "seconds to wait for the slow pool: twice CDN_FETCH_TIMEOUT, and 60",
		make_slow_timeout, NULL},
	{"SLOW_STOP", "seconds that a fetch has to end in at a stop: CDN_FETCH_TIMEOUT and 30",
		make_slow_stop, NULL},
	{"REDIS_HOST", "the host in CDN_REDIS_URL; nothing for a Unix socket", make_redis_host,
		NULL},
	{"REDIS_FAMILIES", "the address families of a worker, by REDIS_HOST", make_redis_families,
		"REDIS_HOST"},
	{"REDIS_ALLOW", "REDIS_HOST where it is an address, or localhost", make_redis_allow, NULL},
	{"REDIS_DENY", "any; nothing where REDIS_HOST is a name", make_redis_deny, NULL},
};

bool config_is_setting(struct slice name)
{
	return slice_starts(name, "CDN_");
}

bool config_set_has(const struct config_set *set, struct slice name)
{
	for (size_t i = 0; i < set->count; i++) {
		if (template_has(*set->files[i]->text, name)) {
			return true;
		}
	}
	return false;
}

/* The value that the command line gives to this name; NULL when it gives none. */
static const char *given(const struct gather *g, struct slice name)
{
	for (int i = 0; i < g->argc; i++) {
		struct slice value = slice_view(g->argv[i]);
		if (slice_equal(slice_cut(&value, '='), name)) {
			return value.p;
		}
	}
	return NULL;
}

/* What would break out of a file, or a path that is none. EXTRA holds whole lines, the operator's own. */
static int judge(const struct gather *g, struct slice name, const char *text)
{
	if (!text || !config_set_has(g->set, name) || slice_equal_str(name, "EXTRA")) {
		return CTL_DONE;
	}
	if (!template_is_plain(slice_view(text))) {
		return ctl_misuse("%.*s may have only letters, digits and . _ / : + = , ~ - in a "
				  "configuration, not: %s",
			(int)name.n, name.p, text);
	}
	if (slice_equal_str(name, "BUFFERING") && strcmp(text, "on") != 0 &&
		strcmp(text, "off") != 0) {
		return ctl_misuse("BUFFERING is on or off, not: %s", text);
	}
	if (slice_equal_str(name, "PREFIX") && *text &&
		(*text != '/' || text[strlen(text) - 1] == '/')) {
		return ctl_misuse("PREFIX begins with / and does not end with it, not: %s", text);
	}
	return CTL_DONE;
}

static void put(struct gather *g, struct slice name, struct slice text, struct slice meaning)
{
	struct config_values *out = g->out;
	assert(out->count < CONFIG_VALUES_MAX);
	out->list[out->count++] = (struct template_value){name, text, meaning};
}

static int gather_common(struct gather *g)
{
	for (size_t i = 0; i < sizeof common / sizeof *common; i++) {
		const struct common *c = &common[i];
		struct slice name = slice_view(c->name);
		const char *word = given(g, name);
		const char *text = word ? word : c->make(g);
		const char *judged = c->source && !word ? value_of(g, c->source) : text;
		if (judge(g, name, judged) != CTL_DONE) {
			return CTL_WRONG_USE;
		}
		put(g, name, slice_view(text), slice_view(c->meaning));
	}
	return CTL_DONE;
}

/* A default with its names filled in; NULL where one of them has no value. */
static struct slice expand(struct gather *g, struct slice fallback)
{
	struct buf out;
	struct slice missing;
	buf_new(&out, g->ctl->arena, PATH_MAX);
	if (template_fill(fallback, g->out->list, g->out->count, &out, &missing) != 0) {
		return slice_of(NULL, 0);
	}
	return slice_head(buf_view(&out), out.n - strlen("\n"));
}

static int put_own(struct gather *g, struct slice name, struct slice text, struct slice meaning)
{
	if (config_is_setting(name) || template_find(g->out->list, g->out->count, name)) {
		return CTL_DONE;
	}
	const char *word = given(g, name);
	if (judge(g, name, word) != CTL_DONE) {
		return CTL_WRONG_USE;
	}
	put(g, name, word ? slice_view(word) : text, meaning);
	return CTL_DONE;
}

/* The names of a file, in the order in which defaults may use them. */
static int gather_own(struct gather *g, struct slice text)
{
	struct slice rest = text, name;
	struct template_declared d;
	while (template_next_declared(&rest, &d)) {
		if (put_own(g, d.name, expand(g, d.fallback), d.meaning) != CTL_DONE) {
			return CTL_WRONG_USE;
		}
	}
	while (template_next_used(&text, &name)) {
		if (put_own(g, name, slice_of(NULL, 0), slice_view("")) != CTL_DONE) {
			return CTL_WRONG_USE;
		}
	}
	return CTL_DONE;
}

static int no_such_name(const struct gather *g, struct slice name)
{
	fprintf(stderr, "cdnctl: %s has no name %.*s; it has", g->set->name, (int)name.n, name.p);
	for (size_t i = 0; i < g->out->count; i++) {
		struct slice known = g->out->list[i].name;
		if (config_set_has(g->set, known)) {
			fprintf(stderr, " %.*s", (int)known.n, known.p);
		}
	}
	fprintf(stderr, " (see cdnctl config %s --names)\n", g->set->name);
	return CTL_WRONG_USE;
}

static int check_words(const struct gather *g)
{
	for (int i = 0; i < g->argc; i++) {
		struct slice text = slice_view(g->argv[i]), name = slice_cut(&text, '=');
		if (!text.p) {
			return ctl_misuse("not NAME=VALUE: %s", g->argv[i]);
		}
		if (config_is_setting(name)) {
			return ctl_misuse("%.*s is a setting: it belongs into the env file",
				(int)name.n, name.p);
		}
		/* Those of the settings may be given to any file: some are made from others. */
		if (!template_find(g->out->list, g->out->count, name)) {
			return no_such_name(g, name);
		}
		if (given(g, name) != text.p) {
			return ctl_misuse("%.*s comes twice", (int)name.n, name.p);
		}
	}
	return CTL_DONE;
}

int config_values_gather(struct ctl *ctl, const struct config_set *set, int argc, char **argv,
	struct config_values *out)
{
	struct gather g = {ctl, set, argc, argv, out};
	out->count = 0;
	int status = gather_common(&g);
	for (size_t i = 0; i < set->count && status == CTL_DONE; i++) {
		status = gather_own(&g, *set->files[i]->text);
	}
	return status == CTL_DONE ? check_words(&g) : status;
}

int config_values_complete(const struct config_set *set, const struct config_values *values)
{
	bool any = false;
	for (size_t i = 0; i < values->count; i++) {
		const struct template_value *v = &values->list[i];
		if (!v->text.p && config_set_has(set, v->name)) {
			fprintf(stderr, "%s %.*s", any ? "" : "cdnctl: no value for",
				(int)v->name.n, v->name.p);
			any = true;
		}
	}
	if (!any) {
		return CTL_DONE;
	}
	fprintf(stderr, "; give NAME=VALUE%s (see cdnctl config %s --names)\n",
		ctl_settings_file() ? "" : ", or the env file by --env FILE", set->name);
	return CTL_WRONG_USE;
}
