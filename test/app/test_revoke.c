/* A key ends its own life. */
#include "fixture.h"

static int open_all(void **state)
{
	return fixture_set_up(state, TIER_VERIFIED, NULL, 0);
}

static int revoke(struct fixture *f, const char *key)
{
	return fixture_get(f, "POST", "/api/v4/revoke", key);
}

static void test_answer(void **state)
{
	struct fixture *f = *state;
	const char *account, *key;
	static const char expected[] = "{\"success\":true,\"owner_email\":\"one@example.org\","
				       "\"key_name\":\"key\",\"status\":\"complete\"}";
	fixture_account(f, "one@example.org", TIER_VERIFIED, &account, &key);
	assert_int_equal(fixture_get(f, "GET", "/api/v4/me", key), 200);
	assert_int_equal(revoke(f, key), 200);
	assert_int_equal(f->body.n, strlen(expected));
	assert_memory_equal(f->body.p, expected, f->body.n);
	assert_int_equal(fixture_get(f, "GET", "/api/v4/me", key), 401);
	assert_int_equal(revoke(f, key), 401);
	assert_int_equal(fixture_get(f, "GET", "/api/v4/me", f->key), 200);
}

/* Whatever is sent: nothing of it is looked at. */
static void test_any_body(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *type, *body;
	} rows[] = {
		{"application/json", "{\"id\":1}"},
		{"application/json", "{"},
		{"multipart/form-data", "--"},
		{"nonsense", "\1\2"},
		{"text/plain\ncontent-encoding: gzip", "x"},
		{"application/x-www-form-urlencoded", "a=%zz"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *account, *key;
		char email[64], headers[128];
		snprintf(email, sizeof email, "any%zu@example.org", i);
		snprintf(headers, sizeof headers, "content-type: %s", rows[i].type);
		fixture_account(f, email, TIER_VERIFIED, &account, &key);
		struct ask ask = {.method = "POST",
			.target = "/api/v4/revoke",
			.headers = headers,
			.key = key,
			.body = slice_view(rows[i].body)};
		assert_int_equal(fixture_ask(f, &ask), 200);
		assert_int_equal(ask.taken, 0);
		assert_int_equal(fixture_get(f, "GET", "/api/v4/me", key), 401);
	}
}

/* The first time stands; and what is not there is not made. */
static void test_store(void **state)
{
	struct fixture *f = *state;
	struct error err;
	const char *account, *key;
	char digest[SHA256_HEX_SIZE];
	struct arena *a = &f->config_arena;
	fixture_account(f, "store@example.org", TIER_VERIFIED, &account, &key);
	assert_int_equal(sha256_hex(f->hash, slice_view(key), digest), 0);
	assert_int_equal(key_revoke(f->redis, a, digest, 5, &err), 1);
	assert_int_equal(key_revoke(f->redis, a, digest, 7, &err), 1);
	assert_string_equal(fixture_key_field(f, key, "revoked_at"), "5");
	struct kept before = fixture_kept(f);
	digest[0] = digest[0] == '0' ? '1' : '0';
	assert_int_equal(key_revoke(f->redis, a, digest, 5, &err), 0);
	assert_int_equal(key_note_use(f->redis, a, digest, 1700000000000, &err), 0);
	fixture_same(f, &before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_answer),
		cmocka_unit_test(test_any_body),
		cmocka_unit_test(test_store),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
