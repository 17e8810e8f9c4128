/* Which keys let in: what Redis says of a key decides, not what the key says of itself. */
#include "fixture.h"

#include "base/clock.h"
#include "store/names.h"

static int open_all(void **state)
{
	static struct fixture f;
	fixture_open(&f, TIER_VERIFIED, NULL, 0);
	*state = &f;
	return 0;
}

static int close_all(void **state)
{
	fixture_close(*state);
	return 0;
}

static int me(struct fixture *f, const char *key)
{
	return fixture_get(f, "GET", "/api/v4/me", key);
}

/* Write a field of the key with this text; value NULL takes it away. */
static void set(struct fixture *f, const char *key, const char *field, const char *value)
{
	char digest[SHA256_HEX_SIZE];
	const struct redisReply *reply;
	struct error err;
	assert_int_equal(sha256_hex(f->hash, slice_view(key), digest), 0);
	const char *name = name_key(&f->config_arena, digest);
	const char *const words[] = {value ? "HSET" : "HDEL", name, field, value, NULL};
	assert_int_equal(redis_call(f->redis, &f->config_arena, words, &reply, &err), 0);
}

static void test_life(void **state)
{
	struct fixture *f = *state;
	const char *account, *key;
	char past[32], future[32];
	fixture_account(f, "life@example.org", TIER_VERIFIED, &account, &key);
	snprintf(past, sizeof past, "%lld", (long long)clock_now_ms() - 1);
	snprintf(future, sizeof future, "%lld", (long long)clock_now_ms() + 60000);
	assert_int_equal(me(f, key), 200);
	set(f, key, "expires_at", future);
	assert_int_equal(me(f, key), 200);
	set(f, key, "expires_at", past);
	assert_int_equal(me(f, key), 401);
	set(f, key, "expires_at", future);
	set(f, key, "revoked_at", past);
	assert_int_equal(me(f, key), 401);
	set(f, key, "revoked_at", NULL);
	assert_int_equal(me(f, key), 200);
}

/* A key whose digits name one account and that was given to another is the other's. */
static void test_claim(void **state)
{
	struct fixture *f = *state;
	const char *account, *key;
	fixture_account(f, "claim@example.org", TIER_VERIFIED, &account, &key);
	set(f, key, "account", f->account);
	assert_int_equal(me(f, key), 200);
	assert_string_equal(fixture_text(f, "id"), f->account);
	set(f, key, "account", "usr_nobody");
	assert_int_equal(me(f, key), 401);
	set(f, key, "account", account);
	assert_int_equal(me(f, key), 200);
	assert_string_equal(fixture_text(f, "id"), account);
}

static void test_damaged(void **state)
{
	struct fixture *f = *state;
	static const char *const fields[] = {"account", "name", "hint"};
	for (size_t i = 0; i < COUNT(fields); i++) {
		const char *account, *key;
		char email[64];
		snprintf(email, sizeof email, "damaged%zu@example.org", i);
		fixture_account(f, email, TIER_VERIFIED, &account, &key);
		set(f, key, fields[i], NULL);
		assert_int_equal(me(f, key), 500);
		assert_string_equal(fixture_text(f, "error"), "Internal error");
	}
}

static void test_form(void **state)
{
	struct fixture *f = *state;
	char headers[256];
	static const struct {
		const char *before, *after;
		int status;
	} rows[] = {
		{"Bearer ", "", 200},
		{"bearer ", "", 200},
		{"Token ", "", 200},
		{"", "", 401},
		{"Basic ", "", 401},
		{"Bearer ", "0", 401},
		{"Bearer x", "", 401},
		{"Bearer ", ", Bearer x", 401},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		snprintf(headers, sizeof headers, "authorization: %s%s%s", rows[i].before, f->key,
			rows[i].after);
		struct ask ask = {.target = "/api/v4/me", .headers = headers};
		assert_int_equal(fixture_ask(f, &ask), rows[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_life),
		cmocka_unit_test(test_claim),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test(test_form),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
