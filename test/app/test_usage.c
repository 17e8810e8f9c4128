/* When keys are noted as used, and when not. */
#include "fixture.h"

#include "auth/usage.h"
#include "base/clock.h"

static int open_all(void **state)
{
	return fixture_set_up(state, TIER_VERIFIED, NULL, 0);
}

/* Two workers note the same use: the first time stands for a minute, whichever clock is ahead. */
static void test_use(void **state)
{
	struct fixture *f = *state;
	struct error err;
	const char *account, *key;
	char digest[SHA256_HEX_SIZE];
	static const struct {
		int64_t now_ms;
		const char *kept;
	} rows[] = {
		{1700000000000, "1700000000000"},
		{1700000000001, "1700000000000"},
		{1700000059999, "1700000000000"},
		{1699999940001, "1700000000000"},
		{1700000060000, "1700000060000"},
		{1700000000001, "1700000060000"},
		{1700000000000, "1700000000000"},
	};
	fixture_account(f, "use@example.org", TIER_VERIFIED, &account, &key);
	assert_int_equal(sha256_hex(f->hash, slice_view(key), digest), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(
			key_note_use(f->redis, &f->config_arena, digest, rows[i].now_ms, &err), 0);
		assert_string_equal(fixture_key_field(f, key, "last_used_at"), rows[i].kept);
	}
}

/* Only who is let in has used the key. */
static void test_use_of_a_refused_key(void **state)
{
	struct fixture *f = *state;
	const char *account, *key;
	static const struct {
		const char *field, *value;
		int status;
	} rows[] = {{"expires_at", "1", 401}, {"revoked_at", "1", 401}, {"scopes", "upload", 403},
		{"account", "usr_nobody", 401}};
	fixture_account(f, "refused@example.org", TIER_VERIFIED, &account, &key);
	for (size_t i = 0; i < COUNT(rows); i++) {
		fixture_set_key(f, key, rows[i].field, rows[i].value);
		assert_int_equal(fixture_get(f, "GET", "/api/v4/me", key), rows[i].status);
		assert_null(fixture_key_field(f, key, "last_used_at"));
		fixture_set_key(
			f, key, rows[i].field, strcmp(rows[i].field, "account") ? NULL : account);
	}
	int64_t before_ms = clock_now_ms();
	assert_int_equal(fixture_get(f, "GET", "/api/v4/me", key), 200);
	assert_true(strtoll(fixture_key_field(f, key, "last_used_at"), NULL, 10) >= before_ms);
	/* Not again within the minute. */
	char recent[32];
	snprintf(recent, sizeof recent, "%lld", (long long)before_ms - 30000);
	fixture_set_key(f, key, "last_used_at", recent);
	assert_int_equal(fixture_get(f, "GET", "/api/v4/me", key), 200);
	assert_string_equal(fixture_key_field(f, key, "last_used_at"), recent);
}

/* A Redis that cannot note it is asked, and complained of, once a pause; a clock may go back. */
static void test_pause(void **state)
{
	struct fixture *f = *state;
	struct error err;
	struct redis *away;
	struct config config = f->config;
	struct usage usage = {0};
	struct identity who = {.key_digest = "0"};
	struct arena *a = &f->config_arena;
	static const struct {
		int64_t now_ms;
		int status;
	} rows[] = {
		{1700000000000, -1},
		{1700000000000, 0},
		{1700000059999, 0},
		{1699999940001, 0},
		{1700000060000, -1},
		{1700000119999, 0},
		{1600000000000, -1},
		{1600000000001, 0},
	};
	config.redis_url = "unix:///nowhere/redis.sock";
	assert_int_equal(redis_new(&config, &away, &err), 0);
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(
			usage_note(&usage, away, a, &who, rows[i].now_ms, &err), rows[i].status);
	}
	redis_free(away);
	/* Nothing is due, so nobody is asked. */
	usage = (struct usage){0};
	who.key.last_used_ms = 1700000000000;
	assert_int_equal(usage_note(&usage, NULL, a, &who, 1700000059999, &err), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_use),
		cmocka_unit_test(test_use_of_a_refused_key),
		cmocka_unit_test(test_pause),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
