/* What does not fit a configuration, although it can be printed. */
#include <unistd.h>

#include "cgi/config_values.h"

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

void config_values_warn(
	struct ctl *ctl, const struct config_set *set, const struct config_values *values)
{
	for (size_t i = 0; i < set->count; i++) {
		warn_of_settings(ctl, set, *set->files[i]->text);
	}
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
}
