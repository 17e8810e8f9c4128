/*
 * http/access.h - the one line that the log keeps of a request, as JSON.
 *
 * Holds no header and no query, so no key and no token.
 */
#ifndef HTTP_ACCESS_H
#define HTTP_ACCESS_H

#include "http/response.h"

struct access {
	uint64_t bytes_out; /* of the body */
	int64_t ms;         /* from arrival to the last byte */
	bool client_left;   /* before the last byte */
};

/* The line, without a newline, in the request's arena. -1 when there is no memory for it. */
int access_line(const struct request *req, const struct response *res, const struct access *facts,
	struct slice *out) __attribute__((warn_unused_result));

#endif
