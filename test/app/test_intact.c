/* Content-Digest: what is not what its client meant leaves nothing. */
#include "fixture.h"

#include "http/content_digest.h"

#define PART "--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.txt\"\r\n\r\n"
#define FILES "--B\r\nContent-Disposition: form-data; name=\"files\"; filename=\"a.txt\"\r\n\r\n"
#define MULTIPART "preamble\r\n" PART "hello\r\nworld\r\n--B--\r\nepilogue"
#define BATCH FILES "first\r\n" FILES "second\r\n--B--\r\n"
#define FORM "content-type: multipart/form-data; boundary=B"
#define JSON "content-type: application/json"
#define MISMATCH "Content-Digest does not match the body"
#define SHA_512 "sha-512=:YQ==:"

/* Every call that stores; the last one's status tells that its URL was read. */
static const struct {
	const char *method, *target, *headers, *body;
	int status;
} calls[] = {
	{"POST", "/api/v4/upload", FORM, MULTIPART, 201},
	{"POST", "/api/v4/uploads", FORM, BATCH, 201},
	{"PUT", "/api/v4/upload/a.txt", "x: y", "some text", 201},
	{"POST", "/api/v4/upload_from_url", JSON, " {\"url\":\"ftp://x/\"} ", 422},
};

static int open_all(void **state)
{
	return fixture_set_up(state, TIER_FUNCTIONALLY_UNLIMITED, NULL, 0);
}

static const char *digest_of(struct fixture *f, const char *text)
{
	static char out[64];
	struct arena a;
	unsigned char digest[SHA256_BYTES];
	assert_int_equal(arena_init(&a, 256), 0);
	assert_int_equal(sha256_begin(f->hash), 0);
	assert_int_equal(sha256_add(f->hash, slice_view(text)), 0);
	assert_int_equal(sha256_end(f->hash, digest), 0);
	snprintf(out, sizeof out, "%s", content_digest_print(&a, digest));
	arena_release(&a);
	return out;
}

/* A call with its headers and these values of Content-Digest, a line each. */
static struct ask ask_with(
	const struct fixture *f, size_t call, const char *first, const char *second)
{
	static char headers[512];
	snprintf(headers, sizeof headers, "%s\ncontent-digest: %s%s%s", calls[call].headers, first,
		second ? "\ncontent-digest: " : "", second ? second : "");
	return (struct ask){.method = calls[call].method,
		.target = calls[call].target,
		.headers = headers,
		.key = f->key,
		.body = slice_view(calls[call].body)};
}

static void refused(struct fixture *f, struct ask *ask, const char *detail)
{
	assert_int_equal(fixture_ask(f, ask), 400);
	assert_string_equal(fixture_text(f, "error"), "Bad request");
	assert_string_equal(fixture_text(f, "code"), "bad_request");
	if (detail) {
		assert_string_equal(fixture_text(f, "detail"), detail);
	}
}

static void test_right(void **state)
{
	struct fixture *f = *state;
	for (size_t i = 0; i < COUNT(calls); i++) {
		const char *digest = digest_of(f, calls[i].body);
		for (size_t chunk = 0; chunk <= strlen(calls[i].body); chunk++) {
			struct ask ask = ask_with(f, i, digest, NULL);
			ask.chunk = chunk;
			ask.no_length = chunk % 2;
			assert_int_equal(fixture_ask(f, &ask), calls[i].status);
		}
	}
}

/* All of the body counts: that of a form, from its preamble to its epilogue. */
static void test_wrong_at_every_byte(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	for (size_t i = 0; i < COUNT(calls); i++) {
		for (size_t k = 0; k <= strlen(calls[i].body); k++) {
			char meant[512];
			snprintf(meant, sizeof meant, "%s", calls[i].body);
			meant[k] ^= 1; /* at the end: one byte more */
			struct ask ask = ask_with(f, i, digest_of(f, meant), NULL);
			ask.chunk = k;
			ask.no_length = k % 2;
			refused(f, &ask, MISMATCH);
		}
		fixture_same(f, &before);
	}
}

static void test_cut_short_at_every_byte(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	for (size_t i = 0; i < COUNT(calls); i++) {
		const char *digest = digest_of(f, calls[i].body);
		for (size_t k = 1; k <= strlen(calls[i].body); k++) {
			struct ask ask = ask_with(f, i, digest, NULL);
			ask.chunk = k % 5;
			ask.ends_at = k;
			refused(f, &ask, NULL);
			ask.no_length = true;
			refused(f, &ask, NULL);
			ask.ends_at = 0;
			ask.fails_at = k;
			refused(f, &ask, NULL);
		}
		fixture_same(f, &before);
	}
}

/* Fields may all stand in the query. An empty body is one like any other. */
static void test_empty(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	char empty[64], other[64];
	snprintf(empty, sizeof empty, "%s", digest_of(f, ""));
	snprintf(other, sizeof other, "%s", digest_of(f, "x"));
	for (int ended = 0; ended < 2; ended++) {
		struct ask ask = ask_with(f, 3, empty, NULL);
		ask.target = "/api/v4/upload_from_url?url=ftp://x/";
		ask.body = slice_view("");
		ask.ended = ended;
		assert_int_equal(fixture_ask(f, &ask), 422);
		ask = ask_with(f, 3, other, NULL);
		ask.target = "/api/v4/upload_from_url?url=ftp://x/";
		ask.body = slice_view("");
		ask.ended = ended;
		refused(f, &ask, MISMATCH);
		ask = ask_with(f, 2, other, NULL);
		ask.body = slice_view("");
		ask.ended = ended;
		refused(f, &ask, MISMATCH);
	}
	fixture_same(f, &before);
	struct ask ask = ask_with(f, 2, empty, NULL);
	ask.body = slice_view("");
	ask.ended = true;
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_int_equal((int)fixture_number(f, "size"), 0);
}

/* What cannot be checked is refused before a byte is read; what is not asked for is not checked. */
static void test_headers(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	const char *const unreadable[] = {"nonsense!", "sha-256", "sha-256=:YQ==:", "sha-256=1",
		"a,", "SHA-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"};
	for (size_t i = 0; i < COUNT(calls); i++) {
		for (size_t k = 0; k < COUNT(unreadable); k++) {
			struct ask ask = ask_with(f, i, unreadable[k], NULL);
			refused(f, &ask, NULL);
			assert_int_equal(ask.taken, 0);
			assert_true(slice_starts(slice_view(f->res.error.more), "Content-Digest "));
			ask = ask_with(f, i, SHA_512, unreadable[k]);
			refused(f, &ask, NULL);
		}
		char right[64];
		snprintf(right, sizeof right, "%s", digest_of(f, calls[i].body));
		struct ask ask = ask_with(f, i, SHA_512, digest_of(f, "other"));
		refused(f, &ask, MISMATCH);
		ask = ask_with(f, i, right, digest_of(f, "other"));
		refused(f, &ask, MISMATCH);
		ask = ask_with(f, i, digest_of(f, "other"), SHA_512);
		refused(f, &ask, MISMATCH);
		fixture_same(f, &before);
	}
	for (size_t i = 0; i < COUNT(calls); i++) {
		char wrong[64];
		snprintf(wrong, sizeof wrong, "%s", digest_of(f, "other"));
		struct ask ask = ask_with(f, i, SHA_512, digest_of(f, calls[i].body));
		assert_int_equal(fixture_ask(f, &ask), calls[i].status);
		ask = ask_with(f, i, wrong, digest_of(f, calls[i].body));
		assert_int_equal(fixture_ask(f, &ask), calls[i].status);
		ask = ask_with(f, i, SHA_512, NULL);
		assert_int_equal(fixture_ask(f, &ask), calls[i].status);
		ask = ask_with(f, i, "", NULL);
		assert_int_equal(fixture_ask(f, &ask), calls[i].status);
	}
}

static void test_where_it_means_nothing(void **state)
{
	struct fixture *f = *state;
	struct ask ask = {
		.target = "/api/v4/me", .headers = "content-digest: nonsense!", .key = f->key};
	assert_int_equal(fixture_ask(f, &ask), 200);
	ask.key = NULL;
	assert_int_equal(fixture_ask(f, &ask), 401);
	ask = ask_with(f, 0, "nonsense!", NULL);
	ask.key = NULL;
	assert_int_equal(fixture_ask(f, &ask), 401);
	ask = ask_with(f, 0, "nonsense!", NULL);
	ask.length = UINT64_MAX / 2;
	assert_int_equal(fixture_ask(f, &ask), 413);
}

/* A body left in the middle is no part of the next one's digest. */
static void test_after_one_that_was_given_up(void **state)
{
	struct fixture *f = *state;
	char right[64];
	snprintf(right, sizeof right, "%s", digest_of(f, calls[2].body));
	struct ask ask = ask_with(f, 2, right, NULL);
	ask.chunk = 1;
	ask.fails_at = 4;
	assert_int_equal(fixture_ask(f, &ask), 400);
	ask = ask_with(f, 2, right, NULL);
	assert_int_equal(fixture_ask(f, &ask), 201);
}

/* A body that was spoiled on its way is no first call of its Idempotency-Key. */
static void test_said_again(void **state)
{
	struct fixture *f = *state;
	char headers[512], wrong[512], id[64];
	const char *key = "idempotency-key: 17\ncontent-digest: ";
	snprintf(headers, sizeof headers, "%s%s", key, digest_of(f, calls[2].body));
	snprintf(wrong, sizeof wrong, "%s%s", key, digest_of(f, "other"));
	struct ask ask = ask_with(f, 2, "", NULL);
	ask.headers = wrong;
	refused(f, &ask, MISMATCH);
	ask.headers = headers;
	assert_int_equal(fixture_ask(f, &ask), 201);
	snprintf(id, sizeof id, "%s", fixture_text(f, "id"));
	assert_int_equal(fixture_ask(f, &ask), 201);
	assert_string_equal(fixture_text(f, "id"), id);
	/* Nor does an answer that is known tell a client that its bytes arrived. */
	ask.headers = wrong;
	refused(f, &ask, MISMATCH);
}

/* In memory that is all but full: refused, one way or another. */
static void test_little_memory(void **state)
{
	struct fixture *f = *state;
	struct kept before = fixture_kept(f);
	size_t checked = 0, full = 0;
	for (size_t size = 4096; size <= APP_ARENA; size += 6007) {
		arena_release(&f->arena);
		assert_int_equal(arena_init(&f->arena, size), 0);
		struct ask ask = ask_with(f, 2, SHA_512, digest_of(f, "other"));
		int status = fixture_ask(f, &ask);
		assert_true(status == 400 || status == 500);
		*(status == 400 ? &checked : &full) += 1;
	}
	assert_true(checked > 0 && full > 0);
	fixture_same(f, &before);
	arena_release(&f->arena);
	assert_int_equal(arena_init(&f->arena, APP_ARENA), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_right),
		cmocka_unit_test(test_wrong_at_every_byte),
		cmocka_unit_test(test_cut_short_at_every_byte),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_headers),
		cmocka_unit_test(test_where_it_means_nothing),
		cmocka_unit_test(test_after_one_that_was_given_up),
		cmocka_unit_test(test_said_again),
		cmocka_unit_test(test_little_memory),
	};
	return cmocka_run_group_tests(tests, open_all, fixture_tear_down);
}
