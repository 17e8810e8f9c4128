/* Why a fetch failed. */
#include "fetch/reason.h"

#include <stdarg.h>
#include <stdio.h>

int reason_set(struct error *err, const char *reason, const char *detail, ...)
{
	char text[sizeof err->detail];
	va_list args;
	va_start(args, detail);
	vsnprintf(text, sizeof text, detail, args);
	va_end(args);
	error_set(err, 422, "upload_failed", "%s", text);
	return error_say(err, "Upload failed: %s", reason);
}
