/*
 * cgi/fcgi.h - a FastCGI connection as a request and a response; with its .c the only home of
 * libfcgi.
 *
 * Sequence:  fcgi_init once; then for each connection fcgi_begin -> fcgi_respond -> fcgi_end
 * Owns:      the connection from fcgi_begin on, whatever it returns
 * Borrows:   a request's slices live until fcgi_end
 */
#ifndef CGI_FCGI_H
#define CGI_FCGI_H

#include <fcgiapp.h>

#include "config/config.h"
#include "http/access.h"
#include "http/request.h"
#include "http/response.h"

struct fcgi {
	const struct config *config;
	struct arena *arena;
	FCGX_Request connection;
	struct body body;
	bool body_failed;                 /* nothing more may be read from it */
	int64_t waited_ms;                /* in this window, for bytes of the body */
	uint64_t window_from;             /* body.received when the window began */
	char head[RESPONSE_HEAD_CEILING]; /* not in the arena, which may be full */
	int64_t began_ms;                 /* by the clock that never goes back */
	struct access facts;              /* of the request at hand, for its line in the log */
};

/* Returns -1 when libfcgi cannot be set up. */
int fcgi_init(struct fcgi *f, const struct config *config, struct arena *arena)
	__attribute__((warn_unused_result));

/*
 * Take over an accepted connection and read the head of its request, waiting at most the receive
 * timeout. Returns 0 with *req, or -1 when the peer did not send a request; the connection is
 * closed then. A request that was read but makes no sense has req->error set.
 */
int fcgi_begin(struct fcgi *f, int fd, struct request *req) __attribute__((warn_unused_result));

/* Write the response. f->facts then tells how that went. */
void fcgi_respond(struct fcgi *f, const struct request *req, struct response *res);

/* Let the peer finish sending, within CDN_DRAIN and 2 s (30 s where that is above 1 MiB), and close. */
void fcgi_end(struct fcgi *f);

#endif
