/*
 * http/request.h - one request as a value: filled once by the front end, then const.
 *
 * Borrows:   every slice lives as long as the request's arena
 */
#ifndef HTTP_REQUEST_H
#define HTTP_REQUEST_H

#include "base/arena.h"
#include "base/uuid.h"
#include "http/body.h"

enum method {
	METHOD_GET,
	METHOD_HEAD,
	METHOD_POST,
	METHOD_PUT,
	METHOD_PATCH,
	METHOD_DELETE,
	METHOD_OPTIONS,
	METHOD_OTHER,
	METHOD__COUNT
};

/* Names are lower case, as in "if-none-match". */
struct header {
	struct slice name, value;
};

enum { REQUEST_HEADERS_MAX = 100 };

struct request {
	char id[UUID_SIZE]; /* for X-Request-Id and the log */
	int64_t now_ms;     /* when it arrived */
	enum method method;
	struct slice method_name;
	struct slice target; /* raw, as in the request line: path and query */
	struct slice path;   /* decoded, starts with '/', without the public prefix */
	struct slice query;  /* raw, without '?' */
	struct slice remote_addr;
	struct header headers[REQUEST_HEADERS_MAX];
	size_t header_count;
	struct body *body;
	bool (*client_left)(void *context); /* see request_client_left; NULL: nobody can tell */
	void *client;
	struct arena *arena;
	struct error error; /* status 0, or why the request cannot be understood */
};

/* The enum of a method's name; METHOD_OTHER for one we do not know. */
enum method method_parse(struct slice name);

/* The name of a known method, "" for METHOD_OTHER. */
const char *method_name(enum method m);

/* The value of a header by its lower-case name; p is NULL when it was not sent. */
struct slice request_header(const struct request *req, const char *name);

/*
 * All values of a header that may be sent in several lines, joined by commas (RFC 9110 section 5.3);
 * not every front end does that. 1, or 0 when it was not sent, or -1 with 500 when the arena is full.
 */
int request_header_list(const struct request *req, const char *name, struct slice *out,
	struct error *err) __attribute__((warn_unused_result));

/*
 * Whether the client has gone, as far as the front end tells; for what takes long before there is an
 * answer.
 */
bool request_client_left(const struct request *req);

/*
 * Add a header given as a CGI variable name without HTTP_ ("IF_NONE_MATCH"). Returns -1 with 400
 * when there are more than REQUEST_HEADERS_MAX, with 500 when the arena is full.
 */
int request_add_cgi_header(struct request *req, struct slice name, struct slice value,
	struct error *err) __attribute__((warn_unused_result));

/*
 * Take the target apart into path and query. `prefix` is where this service is mounted, "" or
 * "/cdn": it is cut off, and a path outside of it becomes empty, which no route matches.
 */
int request_parse_target(struct request *req, struct slice prefix, struct error *err)
	__attribute__((warn_unused_result));

/*
 * Read CONTENT_LENGTH as front ends send it: digits are a length; absent, empty or "-1" is unknown;
 * all else, a length above 2^63-1 among it, is 400.
 */
int request_parse_length(struct slice value, struct body *body, struct error *err)
	__attribute__((warn_unused_result));

#endif
