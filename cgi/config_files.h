/*
 * cgi/config_files.h - the files of deploy/ that cdnctl config prints, built in.
 *
 * The list stands in cgi/programs.cmake. A name that comes several times stands for a set of files.
 */
#ifndef CGI_CONFIG_FILES_H
#define CGI_CONFIG_FILES_H

#include "base/slice.h"

struct config_file {
	const char *name, *file; /* what it is asked for by, and its path in deploy/ */
	const struct slice *text;
};

extern const struct config_file config_files[];
extern const size_t config_files_count;

enum { CONFIG_FILES_MAX = 16 };

/* The files of one name, in the order of the list. */
struct config_set {
	const char *name;
	const struct config_file *files[CONFIG_FILES_MAX];
	size_t count;
};

#endif
