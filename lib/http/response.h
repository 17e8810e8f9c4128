/*
 * http/response.h - one response as a value: built by a handler, written by one writer.
 *
 * Sequence:  response_init -> response_set* -> one body -> response_head; then the front end writes
 * Borrows:   values and bodies live as long as the request's arena
 * Errors:    a header value with CR, LF or NUL, or too many headers, spoils the response; the writer
 *            then sends 500 instead of it
 */
#ifndef HTTP_RESPONSE_H
#define HTTP_RESPONSE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "http/request.h"

enum response_body { RESPONSE_EMPTY, RESPONSE_BYTES, RESPONSE_FILE };

enum { RESPONSE_HEADERS_MAX = 32, RESPONSE_HEAD_CEILING = 16 * 1024 };

struct response {
	int status;
	struct header headers[RESPONSE_HEADERS_MAX];
	size_t header_count;
	enum response_body body;
	struct slice bytes; /* RESPONSE_BYTES */
	int fd;             /* RESPONSE_FILE: read at offset, never owned */
	uint64_t file_offset, file_length;
	bool handed_off; /* the web server sends the body: no Content-Length of ours */
	bool spoiled;
	/* For the log; NULL or 0 where there is none. */
	const char *account;      /* who asked */
	const char *const *files; /* the ids of what was stored */
	size_t file_count;
	const char *origin; /* the host that a file was to be fetched from */
	struct error error; /* what went wrong; status 0 when nothing did */
};

void response_init(struct response *res, int status);

/* Set a header; a second value for a name replaces the first. Names are written as given. */
void response_set(struct response *res, const char *name, struct slice value);

void response_set_bytes(struct response *res, struct slice bytes);
void response_set_file(struct response *res, int fd, uint64_t offset, uint64_t length);

/* The value of a header, matched without case; p is NULL when it is not set. */
struct slice response_get(const struct response *res, const char *name);

/* How many body bytes follow the head for this method. */
uint64_t response_body_length(const struct response *res, enum method method);

/*
 * Write the CGI head (RFC 3875 section 6.3): Status, headers, Content-Length, the empty line.
 * Returns -1 when the response is spoiled or does not fit; nothing may be sent then.
 */
int response_head(const struct response *res, struct buf *out) __attribute__((warn_unused_result));

#endif
