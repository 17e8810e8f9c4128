/* What does not fit a configuration, although it can be printed. */
#include <unistd.h>

#include "cgi/config_values.h"
#include "store/redis_url.h"

/* The word that is the value of a setting which has choices; empty for another setting. */
static struct slice chosen_word(const struct ctl *ctl, struct slice name)
{
	size_t count;
	const struct setting *s = config_settings(&count);
	struct slice word = {NULL, 0};
	for (size_t i = 0; i < count; i++) {
		if (s[i].type == SETTING_CHOICE && slice_equal_str(name, s[i].name)) {
			struct slice rest = slice_view(s[i].choices);
			uint64_t at;
			memcpy(&at, (const char *)&ctl->config + s[i].offset, sizeof at);
			for (uint64_t k = 0; k <= at; k++) {
				word = slice_cut(&rest, '|');
			}
		}
	}
	return word;
}

static bool is_among(struct slice choices, struct slice word)
{
	while (choices.p) {
		if (slice_equal(slice_cut(&choices, '|'), word)) {
			return true;
		}
	}
	return false;
}

static void warn_of_settings(struct ctl *ctl, const struct config_set *set, struct slice text)
{
	struct template_declared d;
	while (template_next_declared(&text, &d)) {
		struct slice word = config_is_setting(d.name) ? chosen_word(ctl, d.name) : d.name;
		if (config_is_setting(d.name) && !is_among(d.fallback, word)) {
			fprintf(stderr,
				"cdnctl: warning: %.*s is %.*s, which %s does not know; in the env "
				"file make it %.*s\n",
				(int)d.name.n, d.name.p, (int)word.n, word.p, set->name,
				(int)d.fallback.n, d.fallback.p);
		}
	}
}

static bool is_below(const char *path, const char *folder)
{
	size_t n = strlen(folder);
	return strncmp(path, folder, n) == 0 && (path[n] == '/' || !path[n]);
}

/* The units have ProtectHome= and PrivateTmp=. */
static void warn_of_hidden(const char *name, const char *path)
{
	static const char *const hidden[] = {"/home", "/root", "/run/user", "/tmp", "/var/tmp"};
	for (size_t i = 0; path && i < sizeof hidden / sizeof *hidden; i++) {
		if (is_below(path, hidden[i])) {
			fprintf(stderr,
				"cdnctl: warning: %s is %s, and the units hide %s from the "
				"workers; choose another place\n",
				name, path, hidden[i]);
		}
	}
}

static void warn_of_places(struct ctl *ctl, const struct config_values *values)
{
	static const char *const names[] = {"BUILD", "DIR", "DATA"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		warn_of_hidden(names[i],
			template_find(values->list, values->count, slice_view(names[i]))->text.p);
	}
	struct redis_address redis;
	struct error err;
	if (redis_url_parse(ctl->config.redis_url, &redis, &err) == 0) {
		warn_of_hidden("the socket in CDN_REDIS_URL", redis.path);
	}
}

/* As nginx reads a size: digits, and k, m or g perhaps. */
static bool is_zero(struct slice size)
{
	while (slice_starts(size, "0")) {
		size = slice_from(size, 1);
	}
	return !size.n || *size.p < '1' || *size.p > '9';
}

/* What strangers send would lie on nginx's disk, however much it is, before a worker asks for their key. */
static void warn_of_disk(const struct config_set *set, const struct config_values *values)
{
	const struct template_value *buffering =
		template_find(values->list, values->count, slice_view("BUFFERING"));
	const struct template_value *most =
		template_find(values->list, values->count, slice_view("BODY_MAX"));
	if (buffering && most && config_set_has(set, buffering->name) &&
		slice_equal_str(buffering->text, "on") && is_zero(most->text)) {
		fputs("cdnctl: warning: with BUFFERING=on anybody may fill nginx's disk; give "
		      "BODY_MAX too, as CDN_MAX_BODY has it\n",
			stderr);
	}
}

void config_values_warn(
	struct ctl *ctl, const struct config_set *set, const struct config_values *values)
{
	for (size_t i = 0; i < set->count; i++) {
		warn_of_settings(ctl, set, *set->files[i]->text);
	}
	warn_of_disk(set, values);
	const struct template_value *build =
		template_find(values->list, values->count, slice_view("BUILD"));
	if (config_set_has(set, build->name)) {
		const char *program = arena_printf(ctl->arena, "%s/cdn.fcgi", build->text.p);
		if (program && access(program, X_OK) != 0) {
			fprintf(stderr,
				"cdnctl: warning: there is no program %s; give BUILD=FOLDER\n",
				program);
		}
	}
	if (strcmp(set->name, "systemd") == 0) {
		warn_of_places(ctl, values);
	}
}
