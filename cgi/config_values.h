/*
 * cgi/config_values.h - what the names in a configuration stand for.
 *
 * First what NAME=VALUE on the command line says, then the settings, then the defaults that the files
 * declare.
 *
 * Sequence:  config_values_gather -> config_values_complete -> template_fill
 * Owns:      texts belong to the arena of struct ctl, to argv or to the files
 */
#ifndef CGI_CONFIG_VALUES_H
#define CGI_CONFIG_VALUES_H

#include "cgi/cdnctl.h"
#include "cgi/config_files.h"
#include "cgi/template.h"

enum { CONFIG_VALUES_MAX = 64 };

/* Every name of the set once, those of the settings first; those of the settings that it does not
 * have stand there too. */
struct config_values {
	struct template_value list[CONFIG_VALUES_MAX];
	size_t count;
};

/* Whether a declaration is of a setting: the words that the file provides for, separated by "|". */
bool config_is_setting(struct slice name);

/* Whether a file of the set has this name. */
bool config_set_has(const struct config_set *set, struct slice name);

/*
 * Take the values together. CTL_DONE, or CTL_WRONG_USE when a word is no name of the set or a value
 * may not stand in a file, and then it was said.
 */
int config_values_gather(struct ctl *ctl, const struct config_set *set, int argc, char **argv,
	struct config_values *out);

/* Say which names have no value: CTL_DONE when each has one, else CTL_WRONG_USE. */
int config_values_complete(const struct config_set *set, const struct config_values *values);

/* Say on standard error what does not fit: a setting that the files do not provide for, a disk that
 * strangers may fill, a folder without the program, a place that the workers cannot see. */
void config_values_warn(
	struct ctl *ctl, const struct config_set *set, const struct config_values *values);

#endif
