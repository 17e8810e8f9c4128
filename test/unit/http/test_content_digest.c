/* Content-Digest and Repr-Digest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/content_digest.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* RFC 9530 appendix D: {"hello": "world"} and a line feed, by SHA-256 and SHA-512. */
#define HELLO "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="
#define HELLO_512                                                                                  \
	"YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg=="
#define ZEROS "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="

static const unsigned char hello[] = {0x44, 0xaf, 0xf4, 0xab, 0x2d, 0x7c, 0x32, 0x50, 0x52, 0x56,
	0x75, 0xa0, 0x8f, 0x0c, 0xfa, 0x95, 0x91, 0x16, 0x8c, 0xff, 0xe5, 0x17, 0x91, 0xc5, 0xf5,
	0xbb, 0xc4, 0x17, 0xc1, 0x5a, 0x6c, 0x38};

static void test_hello(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"sha-256=:" HELLO ":",
		"  sha-256=:" HELLO ":  ",
		"sha-512=:" HELLO_512 ":, sha-256=:" HELLO ":",
		"sha-256=:" HELLO ":,sha-512=:" HELLO_512 ":",
		"sha-256=:" HELLO ":;a;b=\"c, sha-256=\"",
		"sha-256=:" ZEROS ":, sha-256=:" HELLO ":",
		"sha-256=1, sha-256=:" HELLO ":",
		"md5=(1 2), sha-256=:" HELLO ":, sha",
		"sha-256=:" HELLO ":, sha-512=nonsense",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned char out[CONTENT_DIGEST_BYTES];
		struct error err;
		if (content_digest_parse(slice_view(rows[i]), out, &err) != 1) {
			fail_msg("refused: %s", rows[i]);
		}
		assert_memory_equal(out, hello, sizeof out);
	}
}

static void test_none(void **state)
{
	(void)state;
	static const char *const rows[] = {"", " ", "sha-512=:" HELLO_512 ":", "sha-256x=1",
		"*sha-256=:" HELLO ":", "unixsum=30637, sha=:YQ==:", "a=\"sha-256=:" HELLO ":\""};
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned char out[CONTENT_DIGEST_BYTES];
		struct error err;
		if (content_digest_parse(slice_view(rows[i]), out, &err) != 0) {
			fail_msg("not passed over: %s", rows[i]);
		}
	}
	unsigned char out[CONTENT_DIGEST_BYTES];
	struct error err;
	assert_int_equal(content_digest_parse((struct slice){NULL, 0}, out, &err), 0);
}

static void test_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"sha-256",
		"sha-256=",
		"sha-256=?1",
		"sha-256=1",
		"sha-256=::",
		"sha-256=:YQ==:",
		"sha-256=:" HELLO,
		"sha-256=" HELLO,
		"sha-256=\"" HELLO "\"",
		"sha-256=(:" HELLO ":)",
		"sha-256:" HELLO ":",
		"sha-256=: " HELLO ":",
		"sha-256 = :" HELLO ":",
		"SHA-256=:" HELLO ":",
		"Sha-256=" HELLO,
		"sha-256=:" HELLO_512 ":",
		"sha-256=:" HELLO "=:",
		"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg:",
		"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDh=:",
		"sha-256=:RK_0qy18MlBSVnWgjwz6lZEWjP_lF5HF9bvEF8FabDg=:",
		"sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabA==:",
		"sha-256=:44aff4ab2d7c3250525675a08f0cfa9591168cffe51791c5f5bbc417c15a6c38:",
		"sha-256=:" HELLO ":, sha-256=1",
		"sha-256=:" HELLO ":, sha-256=:YQ==:",
		"sha-256=:" HELLO ":,",
		"sha-256=:" HELLO ":, x=",
		"sha-256=:" HELLO ": x",
		"sha-512=:" HELLO_512 ", sha-256=:" HELLO ":",
		HELLO,
		"nonsense!",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned char out[CONTENT_DIGEST_BYTES];
		struct error err = {0};
		if (content_digest_parse(slice_view(rows[i]), out, &err) != -1) {
			fail_msg("accepted: %s", rows[i]);
		}
		assert_int_equal(err.status, 400);
		assert_string_equal(err.code, "bad_request");
		assert_true(*err.more);
	}
}

/* Ten thousand digests: the last counts, wherever it is wrong. */
static void test_many(void **state)
{
	(void)state;
	static const char one[] = "sha-256=:" ZEROS ":,", last[] = "sha-256=:" HELLO ":";
	size_t n = strlen(one), count = 10000;
	char *text = malloc(count * n + sizeof last);
	unsigned char out[CONTENT_DIGEST_BYTES];
	struct error err;
	for (size_t i = 0; i < count; i++) {
		memcpy(text + i * n, one, n);
	}
	memcpy(text + count * n, last, sizeof last);
	assert_int_equal(content_digest_parse(slice_view(text), out, &err), 1);
	assert_memory_equal(out, hello, sizeof out);
	text[count * n / 2] = '!';
	assert_int_equal(content_digest_parse(slice_view(text), out, &err), -1);
	free(text);
}

static void test_print(void **state)
{
	(void)state;
	struct arena a;
	unsigned char out[CONTENT_DIGEST_BYTES];
	struct error err;
	assert_int_equal(arena_init(&a, 256), 0);
	const char *text = content_digest_print(&a, hello);
	assert_string_equal(text, "sha-256=:" HELLO ":");
	assert_int_equal(content_digest_parse(slice_view(text), out, &err), 1);
	assert_memory_equal(out, hello, sizeof out);
	a.used = a.size;
	assert_null(content_digest_print(&a, hello));
	arena_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello),
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_print),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
