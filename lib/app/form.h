/*
 * app/form.h - a multipart/form-data body, streamed once through a handler of its parts.
 *
 * Errors:    400 malformed, cut short or without its closing boundary; 413 too much beside the files;
 *            whatever the handler sets. Only after 0 was the body complete.
 */
#ifndef APP_FORM_H
#define APP_FORM_H

#include "app/inside.h"
#include "http/multipart.h"

/*
 * A multipart body is larger than its files by boundaries, part headers and other fields, which may
 * come to this much: no tier limits them.
 */
enum { FORM_ALLOWANCE = 1024 * 1024 };

/* Read all of the body. *file_bytes is what the handler has counted of it as files so far. */
int form_read(struct call *c, const struct multipart_handler *handler, void *context,
	const uint64_t *file_bytes, struct error *err) __attribute__((warn_unused_result));

/* Whether a part brings a file: a browser sends an empty file name where none was chosen. */
bool form_is_file(const struct part *part, const char *name);

#endif
