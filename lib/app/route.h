/*
 * app/route.h - which addresses there are, and what is asked of whoever calls them: the dispatcher
 * does what this table says, so that a handler holds no policy.
 */
#ifndef APP_ROUTE_H
#define APP_ROUTE_H

#include "base/error.h"
#include "http/request.h"
#include "store/scope.h"

struct call;

enum who { WHO_ANYONE, WHO_KEY };

/* What a route reads of the body; what it does not read, the front end drains. */
enum body_kind { BODY_UNREAD, BODY_MULTIPART, BODY_FIELDS, BODY_RAW };

/* Which headers scripts of other origins, which may call everything here, are told to send. */
enum cors { CORS_API, CORS_FILE };

struct route {
	unsigned methods;    /* bits 1 << enum method; HEAD comes with GET */
	const char *pattern; /* of segments; one that starts with ':' stands for any */
	enum who who;
	enum scope scope; /* what the caller's key must be good for */
	enum body_kind body;
	bool stores; /* 201 tells of new files; what is sent is checked, and may be sent again */
	enum cors cors;
	int (*handle)(struct call *c, struct error *err);
};

enum { ROUTE_PARAMETERS_MAX = 2 };

/* The whole table, as it is looked through: the first route that takes path and method is it. */
const struct route *route_table(size_t *count);

/* The methods of a route, HEAD among them where GET is. */
unsigned route_methods(const struct route *route);

/*
 * The route of a request, and the segments of its path that the pattern leaves open, in order. Or
 * NULL; *allowed has the methods of the path then, none when there is no such path. *cors is set
 * when the path is known.
 */
const struct route *route_find(const struct request *req, unsigned *allowed, enum cors *cors,
	struct slice parameters[ROUTE_PARAMETERS_MAX]);

#endif
