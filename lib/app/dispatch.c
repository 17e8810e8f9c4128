/* The dispatcher, which holds all policy. */
#include "app/once.h"

#include "app/intact.h"
#include "http/accept.h"

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
	response_set(res, "Access-Control-Allow-Methods", methods);
	response_set(res, "Access-Control-Allow-Headers",
		slice_view(cors == CORS_FILE
				   ? "*"
				   : "Authorization, Content-Type, X-Download-Authorization, "
				     "Idempotency-Key"));
	response_set(res, "Access-Control-Max-Age", slice_view("86400"));
}

/* Nobody asked for a part of a file (RFC 9110 section 14.5), and it would be taken for all of it. */
static int check_whole(const struct call *c, struct error *err)
{
	if (request_header(c->req, "content-range").p) {
		error_set(err, 400, "bad_request", "PUT with Content-Range");
		return error_explain(err, "Send the whole file, without Content-Range");
	}
	return 0;
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
		return check_whole(c, err) == 0 ? check_raw_type(type, err) : -1;
	}
	/* Fields may all stand in the query, and then there is no body to have a type. */
	if (route->body == BODY_FIELDS && !type.n) {
		return 0;
	}
	if (mediatype_parse(type, &c->type, err) != 0) {
		return -1;
	}
	if (route->body == BODY_MULTIPART && !mediatype_is(&c->type, "multipart/form-data")) {
		error_set(err, 415, "unsupported_media_type", "body is not multipart/form-data");
		return error_explain(
			err, "Send multipart/form-data, or one file by PUT /api/v4/upload/<name>");
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
		return body_refuse_size(body, err);
	}
	if (request_header(c->req, "content-encoding").n) {
		error_set(err, 415, "unsupported_media_type", "body with a content coding");
		return error_explain(err, "Send the body without Content-Encoding");
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

static int check_scope(struct call *c, const struct route *route, struct error *err)
{
	if (route->scope & ~c->identity->key.scopes) {
		c->lacking = route->scope;
		return error_set(err, 403, "insufficient_scope", "key %s has not the scope %s",
			c->identity->key.id, scope_name(route->scope));
	}
	return 0;
}

/* Of a key that was let in. The call goes on whatever comes of it. */
static void note_usage(struct call *c)
{
	const struct app *app = c->app;
	struct error err;
	if (usage_note(app->usage, app->redis, c->req->arena, c->identity, c->req->now_ms, &err) !=
		0) {
		log_say(app->log, LOG_WARNING, "the use of a key could not be noted: %s",
			err.detail);
	}
}

/* All of it before the first byte of the body is read. */
static int let_in(
	struct call *c, const struct route *route, struct identity *identity, struct error *err)
{
	if (route->who == WHO_ANYONE) {
		return 0;
	}
	if (identify(c, identity, err) != 0 || check_scope(c, route, err) != 0) {
		return -1;
	}
	note_usage(c);
	return 0;
}

/* Both before anything is stored: afterwards there may be no memory to look at headers. */
static int prepare_to_store(struct call *c, const struct route *route, struct error *err)
{
	struct slice accept;
	if (request_header_list(c->req, "accept", &accept, err) < 0) {
		return -1;
	}
	c->wants_text = accept_prefers(accept, "text/plain", "application/json");
	return intact_watch(c, err) == 0 ? once_begin(c, route->pattern, err) : -1;
}

static int run(
	struct call *c, const struct route *route, struct identity *identity, struct error *err)
{
	if (let_in(c, route, identity, err) != 0 || check_body(c, route, err) != 0) {
		return -1;
	}
	if (route->stores && prepare_to_store(c, route, err) != 0) {
		return -1;
	}
	return route->handle(c, err);
}

static int refuse_method(struct call *c, unsigned allowed, struct error *err)
{
	if (!allowed) {
		return error_set(err, 404, "route_not_found", "no route");
	}
	struct slice methods = list_methods(c->req->arena, allowed);
	response_set(c->res, "Allow", methods);
	error_set(err, 405, "method_not_allowed", "the path has other methods");
	return error_explain(err, "This address takes %.*s", (int)methods.n, methods.p);
}

static int dispatch(struct call *c, struct identity *identity, struct error *err)
{
	unsigned allowed;
	enum cors cors;
	if (c->req->error.status) {
		*err = c->req->error;
		return -1;
	}
	const struct route *route = route_find(c->req, &allowed, &cors, c->parameters);
	if (route) {
		return run(c, route, identity, err);
	}
	if (allowed && c->req->method == METHOD_OPTIONS) {
		answer_options(c, allowed, cors);
		return 0;
	}
	return refuse_method(c, allowed, err);
}

static void tell_log(const struct call *c)
{
	c->res->account = c->identity ? c->identity->account.id : NULL;
	c->res->files = c->stored;
	c->res->file_count = c->stored_count;
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
	struct error err;
	response_init(res, 500);
	if (!w) {
		return -1;
	}
	w->call = (struct call){.app = app, .req = req, .res = res};
	int status = dispatch(&w->call, &w->identity, &err);
	if (status == 0 && req->arena->overflowed) {
		/* Some text of the answer did not fit: a header would be empty. */
		status = call_full(&err);
	}
	if (status != 0) {
		reply_error(&w->call, &err);
	}
	once_end(&w->call);
	response_set(res, "Access-Control-Allow-Origin", slice_view("*"));
	response_set(res, "X-Request-Id", slice_view(req->id));
	tell_log(&w->call);
	return res->status >= 500 ? -1 : 0;
}
