/* SHA-256, against the examples of FIPS 180-2. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/number.h"
#include "crypto/digest.h"

static const struct {
	const char *text, *hex;
} rows[] = {
	{"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
	{"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
	{"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
};

static int open_hash(void **state)
{
	*state = sha256_new();
	return *state ? 0 : -1;
}

static int close_hash(void **state)
{
	sha256_free(*state);
	return 0;
}

static void test_hex(void **state)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char hex[SHA256_HEX_SIZE];
		assert_int_equal(sha256_hex(*state, slice_view(rows[i].text), hex), 0);
		assert_string_equal(hex, rows[i].hex);
	}
}

static void test_in_pieces(void **state)
{
	struct slice text = slice_view(rows[2].text);
	for (size_t n = 1; n <= text.n; n++) {
		unsigned char digest[SHA256_BYTES];
		char hex[SHA256_HEX_SIZE];
		assert_int_equal(sha256_begin(*state), 0);
		for (size_t at = 0; at < text.n; at += n) {
			assert_int_equal(
				sha256_add(*state, slice_head(slice_from(text, at), n)), 0);
		}
		assert_int_equal(sha256_end(*state, digest), 0);
		number_hex(digest, sizeof digest, hex);
		assert_string_equal(hex, rows[2].hex);
	}
}

/* A digest that was given up half-way leaves nothing in the next. */
static void test_begin_forgets(void **state)
{
	char hex[SHA256_HEX_SIZE];
	assert_int_equal(sha256_begin(*state), 0);
	assert_int_equal(sha256_add(*state, slice_view("given up")), 0);
	assert_int_equal(sha256_hex(*state, slice_view("abc"), hex), 0);
	assert_string_equal(hex, rows[1].hex);
}

/* Buffers in turn, one more than may be posted at once: posted or added, it is one digest. */
static void test_posted(void **state)
{
	enum { PIECE = 64 * 1024, PIECES = 50, BUFFERS = SHA256_POSTED_MAX + 1 };
	static char buffers[BUFFERS][PIECE];
	char posted[SHA256_HEX_SIZE], added[SHA256_HEX_SIZE];
	unsigned char digest[SHA256_BYTES];
	struct sha256 *plain = sha256_new();
	assert_int_equal(sha256_begin(*state), 0);
	assert_int_equal(sha256_post(*state, slice_view("given up")), 0);
	assert_int_equal(sha256_begin(*state), 0);
	assert_int_equal(sha256_begin(plain), 0);
	for (int i = 0; i < PIECES; i++) {
		struct slice piece = slice_of(buffers[i % BUFFERS], (size_t)(PIECE - i * 64));
		memset(buffers[i % BUFFERS], i, PIECE);
		assert_int_equal(sha256_add(plain, piece), 0);
		assert_int_equal(i % 5 ? sha256_post(*state, piece) : sha256_add(*state, piece), 0);
	}
	assert_int_equal(sha256_end(*state, digest), 0);
	number_hex(digest, sizeof digest, posted);
	assert_int_equal(sha256_end(plain, digest), 0);
	number_hex(digest, sizeof digest, added);
	assert_string_equal(posted, added);
	assert_int_equal(sha256_begin(plain), 0);
	assert_int_equal(sha256_post(plain, slice_of(buffers[0], PIECE)), 0);
	sha256_free(plain);
}

static void test_free_nothing(void **state)
{
	(void)state;
	sha256_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hex),
		cmocka_unit_test(test_in_pieces),
		cmocka_unit_test(test_begin_forgets),
		cmocka_unit_test(test_posted),
		cmocka_unit_test(test_free_nothing),
	};
	return cmocka_run_group_tests(tests, open_hash, close_hash);
}
