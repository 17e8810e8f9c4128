/* Accounts that go, while something else happens to them. */
#include "fixture.h"

#include "store/file.h"
#include "store/names.h"

static int open_all(void **state)
{
	return fixture_set_up(state, TIER_VERIFIED, NULL, 0);
}

/* An upload that came in after the account was looked at keeps the account, and so its counters. */
static void test_an_upload_overtakes_the_removal(void **state)
{
	struct fixture *f = *state;
	const char *id, *key;
	struct account before, after;
	struct error err;
	fixture_account(f, "overtaken@example.org", TIER_VERIFIED, &id, &key);
	assert_int_equal(account_find(f->redis, &f->config_arena, id, &before, &err), 1);
	assert_int_equal(fixture_upload(f, key, "a.txt", slice_view("some text")), 201);
	assert_int_equal(account_remove(f->redis, f->hash, &f->config_arena, &before, &err), -1);
	assert_int_equal(err.status, 422);
	assert_int_equal(account_find(f->redis, &f->config_arena, id, &after, &err), 1);
	assert_int_equal(after.files, 1);
	assert_int_equal(after.bytes, 9);
}

/* Nothing of an account that is gone comes back by deleting a file of it. */
static void test_a_file_outlives_its_account(void **state)
{
	struct fixture *f = *state;
	const char *id, *key;
	struct account account;
	struct error err;
	const struct redisReply *reply;
	fixture_account(f, "gone@example.org", TIER_VERIFIED, &id, &key);
	assert_int_equal(fixture_upload(f, key, "a.txt", slice_view("some text")), 201);
	const char *file = arena_dup(&f->config_arena, slice_view(fixture_text(f, "id")));
	const char *const words[] = {"DEL", name_account(&f->config_arena, id), NULL};
	assert_int_equal(redis_call(f->redis, &f->config_arena, words, &reply, &err), 0);
	assert_int_equal(file_remove(f->redis, &f->config_arena, id, file, &err), 0);
	assert_int_equal(account_find(f->redis, &f->config_arena, id, &account, &err), 0);
	const char *const exists[] = {"EXISTS", name_account(&f->config_arena, id), NULL};
	assert_int_equal(redis_call(f->redis, &f->config_arena, exists, &reply, &err), 0);
	assert_int_equal(redis_integer(reply), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_upload_overtakes_the_removal),
		cmocka_unit_test(test_a_file_outlives_its_account),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
