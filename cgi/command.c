/* The table of cdnctl's commands, as help and as law. */
#include "cgi/command.h"

#include "base/slice.h"
#include "cgi/cdnctl.h"

void command_print(FILE *out, const struct command *c)
{
	fprintf(out, "  cdnctl %s%s%s%s\n      %s\n", c->group, *c->verb ? " " : "", c->verb,
		c->usage, c->help);
}

bool command_print_group(FILE *out, const struct command *commands, size_t count, const char *group)
{
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		if (strcmp(commands[i].group, group) == 0) {
			command_print(out, &commands[i]);
			any = true;
		}
	}
	return any;
}

void command_print_usage(FILE *out, const struct command *commands, size_t count)
{
	fputs("usage: cdnctl [--env FILE] COMMAND\n\n", out);
	for (size_t i = 0; i < count; i++) {
		command_print(out, &commands[i]);
	}
	fputs("\nTiers: unverified, verified, functionally_unlimited.\n"
	      "Settings: from FILE, else CDN_ENV_FILE, else .env; the environment wins.\n"
	      "Run by root it becomes the owner of CDN_DATA_DIR.\n"
	      "Exit status: 0 done, 1 it failed, 2 wrong use.\n",
		out);
}

static size_t alike(const char *a, const char *b)
{
	size_t n = 0;
	while (a[n] && a[n] == b[n]) {
		n++;
	}
	return n;
}

enum { ALIKE_MIN = 2 };

/* The group that begins most like the word; NULL when none does. */
static const char *nearest_group(const struct command *commands, size_t count, const char *word)
{
	const char *nearest = NULL;
	size_t best = ALIKE_MIN - 1;
	for (size_t i = 0; i < count; i++) {
		size_t n = alike(commands[i].group, word);
		if (n > best) {
			nearest = commands[i].group;
			best = n;
		}
	}
	return nearest;
}

int command_unknown(const struct command *commands, size_t count, int argc, char **argv)
{
	if (argc == 0) {
		command_print_usage(stderr, commands, count);
		return CTL_WRONG_USE;
	}
	const char *group = nearest_group(commands, count, argv[0]), *last = "";
	fprintf(stderr, "cdnctl: no such command: %s%s%s; there are", argv[0], argc > 1 ? " " : "",
		argc > 1 ? argv[1] : "");
	for (size_t i = 0; i < count; i++) {
		const struct command *c = &commands[i];
		bool shown = group ? strcmp(c->group, group) == 0 : strcmp(c->group, last) != 0;
		if (shown) {
			fprintf(stderr, "%s %s%s%s", *last ? "," : "", c->group,
				group && *c->verb ? " " : "", group ? c->verb : "");
			last = c->group;
		}
	}
	fputs(" (see cdnctl --help)\n", stderr);
	return CTL_WRONG_USE;
}

/* The next word of a usage, without brackets; empty at its end. `closes`: an option ends with it. */
static struct slice next_word(struct slice *usage, bool *closes)
{
	struct slice word = {NULL, 0};
	while (usage->p && word.n == 0) {
		word = slice_cut(usage, ' ');
	}
	*closes = word.n && word.p[word.n - 1] == ']';
	word.n -= *closes;
	return slice_starts(word, "[") ? slice_from(word, 1) : word;
}

enum { MANY = 1000 };

static bool takes_many(struct slice word)
{
	return slice_equal_str(slice_from(word, word.n - (word.n < 3 ? word.n : 3)), "...");
}

enum takes { TAKES_NOTHING, TAKES_FLAG, TAKES_VALUE };

/* What an option is to the command; *words is how many words it takes that are none. */
static enum takes look_up(const struct command *c, const char *name, int *words)
{
	struct slice usage = slice_view(c->usage), word;
	enum takes found = TAKES_NOTHING;
	bool closes;
	*words = 0;
	while ((word = next_word(&usage, &closes)).n) {
		if (!slice_starts(word, "--")) {
			*words += takes_many(word) ? MANY : 1;
			continue;
		}
		bool flag = closes;
		if (!flag) {
			next_word(&usage, &closes);
		}
		if (slice_equal_str(word, name)) {
			found = flag ? TAKES_FLAG : TAKES_VALUE;
		}
	}
	return found;
}

static bool came_before(int at, char **argv, const char *name)
{
	for (int i = 0; i < at; i++) {
		if (strcmp(argv[i], name) == 0) {
			return true;
		}
	}
	return false;
}

int command_check(const struct command *c, bool json, int argc, char **argv)
{
	int words, seen = 0;
	if (look_up(c, "--json", &words) == TAKES_NOTHING && json) {
		return ctl_misuse("%s %s has no --json", c->group, c->verb);
	}
	for (int i = 0; i < argc; i++) {
		int ignored;
		if (argv[i][0] != '-' || !argv[i][1]) {
			if (++seen > words) {
				return ctl_misuse("one word too many: %s", argv[i]);
			}
			continue;
		}
		enum takes takes = look_up(c, argv[i], &ignored);
		if (takes == TAKES_NOTHING) {
			return ctl_misuse("no such option: %s", argv[i]);
		}
		if (came_before(i, argv, argv[i])) {
			return ctl_misuse("%s comes twice", argv[i]);
		}
		if (takes == TAKES_VALUE && ++i == argc) {
			return ctl_misuse("%s needs a value", argv[i - 1]);
		}
	}
	return CTL_DONE;
}
