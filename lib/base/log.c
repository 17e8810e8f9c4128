/* Lines for the operator. */
#include "base/log.h"

#include <stdarg.h>
#include <sys/uio.h>
#include <unistd.h>

void log_line(const struct log *log, struct slice line)
{
	struct iovec parts[] = {{(void *)(size_t)line.p, line.n}, {(void *)(size_t) "\n", 1}};
	/* A log that cannot be written must not fail the request. */
	ssize_t ignored = writev(log->fd, parts, 2);
	(void)ignored;
}

void log_say(const struct log *log, enum log_level level, const char *format, ...)
{
	static const char *const names[] = {
		[LOG_INFO] = "info", [LOG_WARNING] = "warning", [LOG_ERROR] = "error"};
	char line[1024];
	int head = snprintf(
		line, sizeof line, "%s[%ld]: %s: ", log->program, (long)getpid(), names[level]);
	size_t n = head > 0 && (size_t)head < sizeof line ? (size_t)head : 0;
	va_list args;
	va_start(args, format);
	int body = vsnprintf(line + n, sizeof line - n, format, args);
	va_end(args);
	n += body < 0 ? 0 : (size_t)body < sizeof line - n ? (size_t)body : sizeof line - n - 1;
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
			line[i] = '?';
		}
	}
	log_line(log, slice_of(line, n));
}
