/* The route table. */
#include "app/route.h"

#include "app/inside.h"

static const struct route routes[] = {
	{1 << METHOD_POST, "/api/v4/upload", WHO_KEY, SCOPE_UPLOAD, BODY_MULTIPART, true, CORS_API,
		upload_create},
	{1 << METHOD_PUT, "/api/v4/upload/:name", WHO_KEY, SCOPE_UPLOAD, BODY_RAW, true, CORS_API,
		upload_put},
	{1 << METHOD_POST, "/api/v4/uploads", WHO_KEY, SCOPE_UPLOAD, BODY_MULTIPART, true, CORS_API,
		upload_batch},
	{1 << METHOD_POST, "/api/v4/upload_from_url", WHO_KEY, SCOPE_UPLOAD, BODY_FIELDS, true,
		CORS_API, upload_from_url},
	{1 << METHOD_DELETE, "/api/v4/upload/:id", WHO_KEY, SCOPE_DELETE, BODY_UNREAD, false,
		CORS_API, upload_delete},
	{1 << METHOD_DELETE, "/api/v4/uploads/batch", WHO_KEY, SCOPE_DELETE, BODY_FIELDS, false,
		CORS_API, upload_delete_batch},
	{1 << METHOD_PATCH, "/api/v4/uploads/:id/rename", WHO_KEY, SCOPE_UPLOAD, BODY_FIELDS, false,
		CORS_API, upload_rename},
	{1 << METHOD_GET, "/api/v4/uploads", WHO_KEY, SCOPE_READ, BODY_UNREAD, false, CORS_API,
		uploads_list},
	{1 << METHOD_GET, "/api/v4/uploads/:id", WHO_KEY, SCOPE_READ, BODY_UNREAD, false, CORS_API,
		uploads_show},
	{1 << METHOD_GET, "/api/v4/me", WHO_KEY, SCOPE_READ, BODY_UNREAD, false, CORS_API, me_show},
	{1 << METHOD_POST, "/api/v4/revoke", WHO_KEY, SCOPE_NONE, BODY_UNREAD, false, CORS_API,
		revoke_key},
	{1 << METHOD_GET, "/openapi.json", WHO_ANYONE, SCOPE_NONE, BODY_UNREAD, false, CORS_API,
		openapi_show},
	{1 << METHOD_GET, "/up", WHO_ANYONE, SCOPE_NONE, BODY_UNREAD, false, CORS_API, health_show},
	{1 << METHOD_GET, "/rescue", WHO_ANYONE, SCOPE_NONE, BODY_UNREAD, false, CORS_FILE,
		rescue_show},
	{1 << METHOD_GET, "/:id/:name", WHO_ANYONE, SCOPE_NONE, BODY_UNREAD, false, CORS_FILE,
		file_serve},
};

enum { ROUTES = sizeof routes / sizeof *routes };

const struct route *route_table(size_t *count)
{
	*count = ROUTES;
	return routes;
}

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

unsigned route_methods(const struct route *route)
{
	return route->methods | (route->methods & 1 << METHOD_GET ? 1 << METHOD_HEAD : 0);
}

const struct route *route_find(const struct request *req, unsigned *allowed, enum cors *cors,
	struct slice parameters[ROUTE_PARAMETERS_MAX])
{
	*allowed = 0;
	for (size_t i = 0; i < ROUTES; i++) {
		if (!may_match(&routes[i], req->path) ||
			!matches(routes[i].pattern, req->path, parameters)) {
			continue;
		}
		*cors = routes[i].cors;
		*allowed |= route_methods(&routes[i]);
		if (route_methods(&routes[i]) & 1u << req->method) {
			return &routes[i];
		}
	}
	return NULL;
}
