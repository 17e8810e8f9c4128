/* Which keys let in: what Redis says of a key decides, not what the key says of itself. */
#include "fixture.h"

#include "base/clock.h"

static int open_all(void **state)
{
	return fixture_set_up(state, TIER_VERIFIED, NULL, 0);
}

static int me(struct fixture *f, const char *key)
{
	return fixture_get(f, "GET", "/api/v4/me", key);
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
	fixture_set_key(f, key, "expires_at", future);
	assert_int_equal(me(f, key), 200);
	fixture_set_key(f, key, "expires_at", past);
	assert_int_equal(me(f, key), 401);
	fixture_set_key(f, key, "expires_at", future);
	fixture_set_key(f, key, "revoked_at", past);
	assert_int_equal(me(f, key), 401);
	fixture_set_key(f, key, "revoked_at", NULL);
	assert_int_equal(me(f, key), 200);
}

/* A key whose digits name one account and that was given to another is the other's. */
static void test_claim(void **state)
{
	struct fixture *f = *state;
	const char *account, *key;
	fixture_account(f, "claim@example.org", TIER_VERIFIED, &account, &key);
	fixture_set_key(f, key, "account", f->account);
	assert_int_equal(me(f, key), 200);
	assert_string_equal(fixture_text(f, "id"), f->account);
	fixture_set_key(f, key, "account", "usr_nobody");
	assert_int_equal(me(f, key), 401);
	fixture_set_key(f, key, "account", account);
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
		fixture_set_key(f, key, fields[i], NULL);
		assert_int_equal(me(f, key), 500);
		assert_string_equal(fixture_text(f, "error"), "Internal error");
	}
}

/* Text in the place of a time lets nobody in, nor does a number above all others. */
static void test_damaged_times(void **state)
{
	struct fixture *f = *state;
	const char *account, *key;
	static const char *const texts[] = {
		"", "x", "0", "-1", "+1", "1e9", "9223372036854775808", "18446744073709551616"};
	static const char *const fields[] = {"expires_at", "revoked_at"};
	fixture_account(f, "times@example.org", TIER_VERIFIED, &account, &key);
	for (size_t i = 0; i < COUNT(texts) * COUNT(fields); i++) {
		const char *field = fields[i % COUNT(fields)];
		fixture_set_key(f, key, field, texts[i / COUNT(fields)]);
		assert_int_equal(me(f, key), 401);
		fixture_set_key(f, key, field, NULL);
		assert_int_equal(me(f, key), 200);
	}
	for (size_t i = 0; i < COUNT(texts); i++) {
		fixture_set_key(f, key, "created_at", texts[i]);
		fixture_set_key(f, key, "last_used_at", texts[i]);
		assert_int_equal(me(f, key), 200);
		assert_string_not_equal(fixture_key_field(f, key, "last_used_at"), texts[i]);
	}
}

struct change {
	const char *field, *value;
};

static void change_key(struct fixture *f, void *context)
{
	const struct change *change = context;
	fixture_set_key(f, f->key, change->field, change->value);
}

/* Who was let in may finish; the next request is refused. */
static void test_ends_in_mid_upload(void **state)
{
	struct fixture *f = *state;
	static const char body[] = "--B\r\nContent-Disposition: form-data; name=\"file\"; "
				   "filename=\"a\"\r\n\r\nsome bytes\r\n--B--\r\n";
	struct change changes[] = {{"expires_at", "1"}, {"revoked_at", "1"}, {"scopes", "read"}};
	for (size_t i = 0; i < COUNT(changes); i++) {
		struct ask ask = {.method = "POST",
			.target = "/api/v4/upload",
			.headers = "content-type: multipart/form-data; boundary=B",
			.key = f->key,
			.body = slice_view(body),
			.chunk = 7,
			.half_way = change_key,
			.context = &changes[i]};
		assert_int_equal(fixture_ask(f, &ask), 201);
		ask.half_way = NULL;
		assert_int_equal(fixture_ask(f, &ask), i == 2 ? 403 : 401);
		assert_int_equal(ask.taken, 0);
		fixture_set_key(f, f->key, changes[i].field, NULL);
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
		cmocka_unit_test(test_damaged_times),
		cmocka_unit_test(test_ends_in_mid_upload),
		cmocka_unit_test(test_form),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
