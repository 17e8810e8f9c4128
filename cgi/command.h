/*
 * cgi/command.h - the table of cdnctl's commands: what it says of itself, and words held against it.
 *
 * A command's usage is read as well as shown: "--name N" is an option with a value, "[--json]" one
 * without, every other word a word that the command takes, and "WORD..." any number of words; what
 * stands in brackets may be left out.
 */
#ifndef CGI_COMMAND_H
#define CGI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct ctl;

struct command {
	const char *group, *verb; /* verb "" where the group stands alone */
	const char *usage;        /* what follows the two, with a space in front */
	const char *help;
	int (*run)(struct ctl *ctl, int argc, char **argv);
};

/* One command's rows; those of a group, false when there is none of this name; everything. */
void command_print(FILE *out, const struct command *c);
bool command_print_group(
	FILE *out, const struct command *commands, size_t count, const char *group);
void command_print_usage(FILE *out, const struct command *commands, size_t count);

/*
 * Say that no command is called so, and which ones are near: those of its group, or of one that begins
 * alike, else the groups; without any word, everything. Returns CTL_WRONG_USE.
 */
int command_unknown(const struct command *commands, size_t count, int argc, char **argv);

/*
 * Look for options that the command does not have, that lack their value or come twice, and for words
 * too many: CTL_DONE, or CTL_WRONG_USE, and then it was said. That words are missing the command says
 * itself. `json` is whether --json was given, which is not in argv any more.
 */
int command_check(const struct command *c, bool json, int argc, char **argv);

#endif
