/*
 * base/log.h - lines for the operator, one write each, so that workers sharing a file do not mix.
 *
 * Two kinds: the access line of a request, which the caller builds as JSON, and plain sentences
 * about the process ("cdn.fcgi[123]: warning: ..."). Neither ever holds a key.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/slice.h"

struct log {
	int fd;
	const char *program;
};

enum log_level { LOG_INFO, LOG_WARNING, LOG_ERROR };

/* Write one sentence. Control characters become '?'; a line is cut at 1,024 bytes. */
void log_say(const struct log *log, enum log_level level, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Write one finished line; the newline is added. */
void log_line(const struct log *log, struct slice line);

#endif
