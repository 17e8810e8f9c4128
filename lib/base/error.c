/* Errors as values. */
#include "base/error.h"

#include <stdarg.h>

int error_set(struct error *err, int status, const char *code, const char *detail, ...)
{
	*err = (struct error){.status = status, .code = code};
	va_list args;
	va_start(args, detail);
	vsnprintf(err->detail, sizeof err->detail, detail, args);
	va_end(args);
	return -1;
}

int error_say(struct error *err, const char *text, ...)
{
	va_list args;
	va_start(args, text);
	vsnprintf(err->text, sizeof err->text, text, args);
	va_end(args);
	return -1;
}

int error_explain(struct error *err, const char *more, ...)
{
	va_list args;
	va_start(args, more);
	vsnprintf(err->more, sizeof err->more, more, args);
	va_end(args);
	return -1;
}
