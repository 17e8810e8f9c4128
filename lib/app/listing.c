/* GET /api/v4/uploads and GET /api/v4/uploads/:id. */
#include "app/cursor.h"
#include "app/inside.h"
#include "base/number.h"
#include "base/utf8.h"
#include "http/path.h"
#include "store/file.h"
#include "store/listing.h"

enum { LIMIT_DEFAULT = 50 };

static int read_limit(struct call *c, size_t *limit, struct error *err)
{
	struct slice text;
	uint64_t number;
	int found = query_get(c->req->arena, c->req->query, "limit", &text, err);
	if (found <= 0 || !text.n) {
		*limit = LIMIT_DEFAULT;
		return found < 0 ? -1 : 0;
	}
	if (number_parse(text, &number) != 0 || number < 1 || number > LISTING_MAX) {
		error_set(err, 400, "bad_request", "limit out of range");
		err->parameter = "limit";
		return error_explain(err, "limit must be a number from 1 to %d", LISTING_MAX);
	}
	*limit = (size_t)number;
	return 0;
}

static int read_query(struct call *c, struct slice *query, struct error *err)
{
	*query = (struct slice){NULL, 0};
	if (query_get(c->req->arena, c->req->query, "query", query, err) < 0) {
		return -1;
	}
	if (!utf8_is_valid(*query)) {
		error_set(err, 400, "bad_request", "query is not UTF-8");
		err->parameter = "query";
		return error_explain(err, "query must be UTF-8");
	}
	return 0;
}

static int read_cursor(
	struct call *c, const struct cursor_scope *scope, char from[UUID_SIZE], struct error *err)
{
	struct slice text;
	from[0] = '\0';
	int found = query_get(c->req->arena, c->req->query, "cursor", &text, err);
	if (found <= 0 || !text.n) {
		return found < 0 ? -1 : 0;
	}
	int good = cursor_parse(c->app->hash, scope, text, from);
	if (good < 0) {
		return error_set(err, 500, "internal_error", "SHA-256 failed");
	}
	if (!good) {
		error_set(err, 400, "bad_request", "not a cursor of this listing");
		err->parameter = "cursor";
		return error_explain(
			err, "cursor must be the next_cursor of a page with the same query");
	}
	return 0;
}

static int reply_page(struct call *c, const struct cursor_scope *scope,
	const struct listing_page *page, struct error *err)
{
	struct json doc, uploads, object;
	char cursor[CURSOR_SIZE];
	json_init(&doc, c->req->arena);
	json_set_array(&doc, "uploads", &uploads);
	for (size_t i = 0; i < page->count; i++) {
		json_add_object(&uploads, &object);
		file_object(c, &object, &page->files[i]);
	}
	if (!page->next) {
		json_set_null(&doc, "next_cursor");
	} else if (cursor_format(c->app->hash, scope, page->next, cursor) == 0) {
		json_set_str(&doc, "next_cursor", cursor);
	} else {
		return error_set(err, 500, "internal_error", "SHA-256 failed");
	}
	return reply_json(c, 200, &doc, err);
}

int uploads_list(struct call *c, struct error *err)
{
	char from[UUID_SIZE];
	struct cursor_scope scope = {.account = c->identity->account.id};
	struct listing listing = {.account = scope.account, .from = from};
	struct listing_page *page = arena_take(c->req->arena, sizeof *page);
	if (!page) {
		return call_full(err);
	}
	if (read_limit(c, &listing.limit, err) != 0 || read_query(c, &scope.query, err) != 0 ||
		read_cursor(c, &scope, from, err) != 0) {
		return -1;
	}
	listing.prefix = scope.query;
	if (listing_read(c->app->redis, c->req->arena, &listing, page, err) != 0) {
		return -1;
	}
	return reply_page(c, &scope, page, err);
}

int uploads_show(struct call *c, struct error *err)
{
	const char *id = arena_dup(c->req->arena, c->parameters[0]);
	const char *account = c->identity->account.id;
	struct record record;
	if (!id) {
		return call_full(err);
	}
	int found = uuid_is_valid(c->parameters[0])
			    ? file_find(c->app->redis, c->req->arena, account, id, &record, err)
			    : 0;
	if (found < 0) {
		return -1;
	}
	if (!found) {
		return error_set(err, 404, "upload_not_found", "no such file of the caller");
	}
	return reply_file(c, 200, &record, err);
}
