/* What holds for every row of the route table, whichever rows there are. */
#include "fixture.h"

#include "app/route.h"

#define ID "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"

/* An address that a pattern takes. */
static void address(const char *pattern, char *out, size_t size)
{
	struct buf target;
	struct slice rest = slice_view(pattern + 1);
	buf_init(&target, out, size - 1);
	while (rest.p) {
		struct slice segment = slice_cut(&rest, '/');
		buf_put_char(&target, '/');
		buf_put(&target, slice_starts(segment, ":") ? slice_view(ID) : segment);
	}
	assert_false(target.failed);
	out[target.n] = '\0';
}

static size_t count_header(const struct fixture *f, const char *name)
{
	size_t count = 0;
	for (size_t i = 0; i < f->res.header_count; i++) {
		count += slice_equal_nocase(f->res.headers[i].name, name);
	}
	return count;
}

/* What a script of another origin may see. */
static void check_origin(struct fixture *f)
{
	assert_int_equal(count_header(f, "Access-Control-Allow-Origin"), 1);
	assert_string_equal(fixture_header(f, "Access-Control-Allow-Origin"), "*");
	assert_int_equal(count_header(f, "Access-Control-Allow-Credentials"), 0);
}

static bool lists(const char *list, const char *word)
{
	struct slice rest = slice_view(list);
	while (rest.p) {
		if (slice_equal_str(slice_trim(slice_cut(&rest, ',')), word)) {
			return true;
		}
	}
	return false;
}

static void check_lists_methods(struct fixture *f, const struct route *route, const char *header)
{
	const char *list = fixture_header(f, header);
	for (enum method m = METHOD_GET; m < METHOD_OTHER; m++) {
		if (route_methods(route) & 1u << m && !lists(list, method_name(m))) {
			fail_msg("%s: %s has no %s", route->pattern, header, method_name(m));
		}
	}
}

/* With a body that nobody may read before the caller is known. */
static int call(struct fixture *f, const struct route *route, enum method method, const char *key,
	size_t *taken)
{
	char target[256];
	struct ask ask = {
		.method = method_name(method),
		.target = target,
		.headers = "content-type: application/json",
		.key = key,
		.body = slice_view("{\"filename\":\"a\"}"),
	};
	address(route->pattern, target, sizeof target);
	int status = fixture_ask(f, &ask);
	*taken = ask.taken;
	return status;
}

static void check_preflight(struct fixture *f, const struct route *route)
{
	char target[256];
	address(route->pattern, target, sizeof target);
	assert_int_equal(fixture_get(f, "OPTIONS", target, NULL), 204);
	check_origin(f);
	check_lists_methods(f, route, "Allow");
	check_lists_methods(f, route, "Access-Control-Allow-Methods");
	assert_string_equal(fixture_header(f, "Access-Control-Max-Age"), "86400");
	assert_string_equal(fixture_header(f, "Access-Control-Allow-Headers"),
		route->cors == CORS_FILE
			? "*"
			: "Authorization, Content-Type, X-Download-Authorization, Idempotency-Key");
}

static void check_wrong_method(struct fixture *f, const struct route *route)
{
	char target[256];
	address(route->pattern, target, sizeof target);
	assert_int_equal(fixture_get(f, "BREW", target, f->key), 405);
	check_origin(f);
	check_lists_methods(f, route, "Allow");
}

static void check_no_key(struct fixture *f, const struct route *route, enum method method)
{
	size_t taken;
	int status = call(f, route, method, NULL, &taken);
	check_origin(f);
	if (route->who == WHO_ANYONE) {
		assert_int_not_equal(status, 401);
		assert_int_equal(count_header(f, "WWW-Authenticate"), 0);
		return;
	}
	assert_int_equal(status, 401);
	assert_int_equal(taken, 0);
	assert_string_equal(fixture_text(f, "error"), "invalid_auth");
	assert_string_equal(fixture_header(f, "WWW-Authenticate"), "Bearer");
}

static void check_lacking(struct fixture *f, const struct route *route)
{
	char challenge[96];
	snprintf(challenge, sizeof challenge, "Bearer error=\"insufficient_scope\", scope=\"%s\"",
		scope_name(route->scope));
	assert_int_equal(f->res.status, 403);
	assert_string_equal(fixture_text(f, "error"), "insufficient_scope");
	assert_string_equal(fixture_text(f, "code"), "insufficient_scope");
	assert_non_null(strstr(fixture_text(f, "hint"), scope_name(route->scope)));
	assert_string_equal(fixture_header(f, "WWW-Authenticate"), challenge);
}

/* Keys of every set of scopes, none at all among them. */
static void check_scopes(struct fixture *f, const struct route *route, enum method method)
{
	for (unsigned scopes = SCOPE_NONE; scopes <= SCOPE_ALL; scopes++) {
		size_t taken;
		fixture_set_key(f, f->key, "scopes", scope_print_list(&f->config_arena, scopes));
		fixture_set_key(f, f->key, "last_used_at", NULL);
		fixture_set_key(f, f->key, "revoked_at", NULL);
		call(f, route, method, f->key, &taken);
		check_origin(f);
		const char *used = fixture_key_field(f, f->key, "last_used_at");
		if (route->scope & ~scopes) {
			check_lacking(f, route);
			assert_int_equal(taken, 0);
			assert_null(used);
		} else if (f->res.status == 401 || f->res.status == 403) {
			fail_msg("%s: %d", route->pattern, f->res.status);
		} else {
			assert_int_equal(used != NULL, route->who == WHO_KEY);
		}
	}
}

/* The policy itself, in a few words. */
static void check_policy(const struct route *route)
{
	bool api = strncmp(route->pattern, "/api/v4/", 8) == 0;
	bool revokes = strcmp(route->pattern, "/api/v4/revoke") == 0;
	unsigned expected = route->methods & 1u << METHOD_GET      ? SCOPE_READ
			    : route->methods & 1u << METHOD_DELETE ? SCOPE_DELETE
								   : SCOPE_UPLOAD;
	assert_int_equal(route->who, api ? WHO_KEY : WHO_ANYONE);
	assert_int_equal(route->scope, api && !revokes ? expected : SCOPE_NONE);
	if (api) {
		assert_int_equal(route->cors, CORS_API);
	}
}

static void walk(void (*check)(struct fixture *f, const struct route *route, enum method method))
{
	static struct fixture f;
	size_t count;
	const struct route *routes = route_table(&count);
	fixture_open(&f, TIER_VERIFIED, NULL, 0);
	for (size_t i = 0; i < count; i++) {
		for (enum method m = METHOD_GET; m < METHOD_OTHER; m++) {
			if (route_methods(&routes[i]) & 1u << m) {
				check(&f, &routes[i], m);
			}
		}
	}
	fixture_close(&f);
}

static void test_without_a_key(void **state)
{
	(void)state;
	walk(check_no_key);
}

static void test_scopes(void **state)
{
	(void)state;
	walk(check_scopes);
}

static void test_methods(void **state)
{
	(void)state;
	static struct fixture f;
	size_t count;
	const struct route *routes = route_table(&count);
	assert_true(count > 0);
	fixture_open(&f, TIER_VERIFIED, NULL, 0);
	for (size_t i = 0; i < count; i++) {
		check_policy(&routes[i]);
		check_preflight(&f, &routes[i]);
		check_wrong_method(&f, &routes[i]);
	}
	fixture_close(&f);
}

/* Whatever is wrong, the script that asked may know. */
static void test_errors_tell_their_origin(void **state)
{
	(void)state;
	static struct fixture f;
	static const char *const targets[] = {"/api/v4/nothing", "/api/%zz", "/api/a/../b", "",
		"/" ID "/%zz", "/" ID "/a%00b", "/" ID "/a/b", "/" ID, "/x", "/api"};
	fixture_open(&f, TIER_VERIFIED, NULL, 0);
	for (size_t i = 0; i < COUNT(targets); i++) {
		assert_true(fixture_get(&f, "GET", targets[i], f.key) >= 400);
		assert_int_equal(count_header(&f, "Access-Control-Allow-Origin"), 1);
		assert_string_equal(fixture_header(&f, "Access-Control-Allow-Origin"), "*");
	}
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_without_a_key),
		cmocka_unit_test(test_scopes),
		cmocka_unit_test(test_errors_tell_their_origin),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
