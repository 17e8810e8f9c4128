/* The route table and the dispatcher, which holds all policy. */
#include "app/inside.h"

enum who { WHO_ANYONE, WHO_KEY };

/* What a route reads of the body; what it does not read, the front end drains. */
enum body_kind { BODY_UNREAD, BODY_MULTIPART, BODY_FIELDS, BODY_RAW };

enum cors { CORS_NONE, CORS_API, CORS_FILE };

struct route {
	unsigned methods; /* bits 1 << enum method; HEAD comes with GET */
	const char *pattern;
	enum who who;
	enum body_kind body;
	enum cors cors;
	int (*handle)(struct call *c, struct error *err);
};

static const struct route routes[] = {
	{1 << METHOD_POST, "/api/v4/upload", WHO_KEY, BODY_MULTIPART, CORS_API, upload_create},
	{1 << METHOD_PUT, "/api/v4/upload/:name", WHO_KEY, BODY_RAW, CORS_API, upload_put},
	{1 << METHOD_POST, "/api/v4/uploads", WHO_KEY, BODY_MULTIPART, CORS_API, upload_batch},
	{1 << METHOD_POST, "/api/v4/upload_from_url", WHO_KEY, BODY_FIELDS, CORS_API,
		upload_from_url},
	{1 << METHOD_DELETE, "/api/v4/upload/:id", WHO_KEY, BODY_UNREAD, CORS_API, upload_delete},
	{1 << METHOD_GET, "/api/v4/me", WHO_KEY, BODY_UNREAD, CORS_API, me_show},
	{1 << METHOD_GET, "/up", WHO_ANYONE, BODY_UNREAD, CORS_NONE, health_show},
	{1 << METHOD_GET, "/:id/:name", WHO_ANYONE, BODY_UNREAD, CORS_FILE, file_serve},
};

/* A segment of the pattern that starts with ':' takes any segment that is not empty. */
static bool matches(const char *pattern, struct slice path, struct slice *parameters)
{
	struct slice want = slice_view(pattern);
	size_t count = 0;
	while (want.p && path.p) {
		struct slice w = slice_cut(&want, '/'), have = slice_cut(&path, '/');
		if (slice_starts(w, ":")) {
			if (have.n == 0) {
				return false;
			}
			parameters[count++] = have;
		} else if (!slice_equal(w, have)) {
			return false;
		}
	}
	return !want.p && !path.p;
}

/* /api/v4/x is never taken for the file x of the id "api": that tree is the API's alone. */
static bool may_match(const struct route *route, struct slice path)
{
	return route->cors != CORS_FILE ||
	       !(slice_starts(path, "/api/") || slice_equal_str(path, "/api"));
}

static unsigned methods_of(const struct route *route)
{
	return route->methods | (route->methods & 1 << METHOD_GET ? 1 << METHOD_HEAD : 0);
}

/* The route for path and method; else *allowed tells the methods that the path has. */
static const struct route *find(
	const struct request *req, unsigned *allowed, enum cors *cors, struct slice *parameters)
{
	*allowed = 0;
	for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
		if (!may_match(&routes[i], req->path) ||
			!matches(routes[i].pattern, req->path, parameters)) {
			continue;
		}
		*cors = routes[i].cors;
		*allowed |= methods_of(&routes[i]);
		if (methods_of(&routes[i]) & 1u << req->method) {
			return &routes[i];
		}
	}
	return NULL;
}

static struct slice list_methods(struct arena *a, unsigned allowed)
{
	struct buf list;
	buf_new(&list, a, 128);
	for (enum method m = METHOD_GET; m < METHOD_OTHER; m++) {
		if (allowed & 1u << m) {
			buf_put_str(&list, list.n ? ", " : "");
			buf_put_str(&list, method_name(m));
		}
	}
	return buf_view(&list);
}

static void answer_options(struct call *c, unsigned allowed, enum cors cors)
{
	struct response *res = c->res;
	struct slice methods = list_methods(c->req->arena, allowed);
	response_init(res, 204);
	response_set(res, "Allow", methods);
	if (cors == CORS_NONE) {
		return;
	}
	response_set(res, "Access-Control-Allow-Methods", methods);
	response_set(res, "Access-Control-Allow-Headers",
		slice_view(cors == CORS_FILE
				   ? "*"
				   : "Authorization, Content-Type, X-Download-Authorization, "
				     "Idempotency-Key"));
	response_set(res, "Access-Control-Max-Age", slice_view("86400"));
}

/* A file by itself may call itself anything but a form, which is a client's mistake. */
static int check_raw_type(struct slice type, struct error *err)
{
	struct mediatype m;
	if (mediatype_parse(type, &m, err) == 0 && mediatype_is(&m, "multipart/form-data")) {
		error_set(err, 415, "unsupported_media_type", "a form where a file is due");
		return error_explain(err, "Send the bytes of the file by themselves");
	}
	return 0;
}

static int check_type(
	struct call *c, const struct route *route, struct slice type, struct error *err)
{
	if (route->body == BODY_RAW) {
		return check_raw_type(type, err);
	}
	/* Fields may all stand in the query, and then there is no body to have a type. */
	if (route->body == BODY_FIELDS && !type.n) {
		return 0;
	}
	if (mediatype_parse(type, &c->type, err) != 0) {
		return -1;
	}
	if (route->body == BODY_MULTIPART && !mediatype_is(&c->type, "multipart/form-data")) {
		return error_set(
			err, 415, "unsupported_media_type", "body is not multipart/form-data");
	}
	return 0;
}

static int check_body(struct call *c, const struct route *route, struct error *err)
{
	const struct body *body = c->req->body;
	if (route->body == BODY_UNREAD) {
		return 0;
	}
	if (body->length_known && body->length > body->ceiling) {
		return error_set(err, 413, "body_too_large", "Content-Length above the ceiling");
	}
	if (request_header(c->req, "content-encoding").n) {
		return error_set(err, 415, "unsupported_media_type", "body with a content coding");
	}
	return check_type(c, route, request_header(c->req, "content-type"), err);
}

static int identify(struct call *c, struct identity *identity, struct error *err)
{
	const struct app *app = c->app;
	struct slice header = request_header(c->req, "authorization");
	if (bearer_identify(app->redis, app->hash, c->req->arena, header, c->req->now_ms, identity,
		    err) != 0) {
		return -1;
	}
	c->identity = identity;
	return 0;
}

static int run(
	struct call *c, const struct route *route, struct identity *identity, struct error *err)
{
	if (route->who == WHO_KEY && identify(c, identity, err) != 0) {
		return -1;
	}
	if (check_body(c, route, err) != 0) {
		return -1;
	}
	return route->handle(c, err);
}

static int refuse_method(struct call *c, unsigned allowed, struct error *err)
{
	if (!allowed) {
		return error_set(err, 404, "route_not_found", "no route");
	}
	response_set(c->res, "Allow", list_methods(c->req->arena, allowed));
	return error_set(err, 405, "method_not_allowed", "the path has other methods");
}

static int dispatch(struct call *c, struct identity *identity, enum cors *cors, struct error *err)
{
	unsigned allowed;
	if (c->req->error.status) {
		*err = c->req->error;
		return -1;
	}
	const struct route *route = find(c->req, &allowed, cors, c->parameters);
	if (route) {
		return run(c, route, identity, err);
	}
	if (allowed && c->req->method == METHOD_OPTIONS) {
		answer_options(c, allowed, *cors);
		return 0;
	}
	return refuse_method(c, allowed, err);
}

static void tell_log(const struct call *c)
{
	c->res->account = c->identity ? c->identity->account.id : NULL;
	c->res->file = c->stored;
	c->res->origin = c->origin;
}

/* In the arena, because a call's parts are released with it. */
struct whole_call {
	struct call call;
	struct identity identity;
};

int app_handle(const struct app *app, const struct request *req, struct response *res)
{
	struct whole_call *w = arena_alloc(req->arena, sizeof *w);
	enum cors cors = slice_starts(req->path, "/api/") ? CORS_API : CORS_NONE;
	struct error err;
	response_init(res, 500);
	if (!w) {
		return -1;
	}
	w->call = (struct call){.app = app, .req = req, .res = res};
	int status = dispatch(&w->call, &w->identity, &cors, &err);
	if (status == 0 && req->arena->overflowed) {
		/* Some text of the answer did not fit: a header would be empty. */
		status = call_full(&err);
	}
	if (status != 0) {
		reply_error(&w->call, &err);
	}
	if (cors != CORS_NONE) {
		response_set(res, "Access-Control-Allow-Origin", slice_view("*"));
	}
	response_set(res, "X-Request-Id", slice_view(req->id));
	tell_log(&w->call);
	return res->status >= 500 ? -1 : 0;
}
