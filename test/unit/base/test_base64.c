/* Base64: one text for each run of bytes, and no other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/base64.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_examples(void **state)
{
	(void)state;
	/* RFC 4648 section 10, and the ends of the alphabet. */
	static const struct {
		const char *bytes, *text;
	} rows[] = {
		{"", ""},
		{"f", "Zg=="},
		{"fo", "Zm8="},
		{"foo", "Zm9v"},
		{"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"},
		{"\xff\xff\xff", "////"},
		{"\xfb\xef\xbe", "++++"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		size_t n = strlen(rows[i].bytes);
		unsigned char bytes[8] = {0};
		char text[16];
		assert_int_equal(base64_length(n), strlen(rows[i].text));
		base64_encode((const unsigned char *)rows[i].bytes, n, text);
		assert_string_equal(text, rows[i].text);
		assert_int_equal(base64_decode(slice_view(text), bytes, n), 0);
		assert_memory_equal(bytes, rows[i].bytes, n);
	}
}

static void test_every_byte(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		for (size_t n = 1; n <= 4; n++) {
			unsigned char in[4] = {0}, out[5] = {1, 2, 3, 4, 5};
			char text[9];
			in[n - 1] = (unsigned char)c;
			base64_encode(in, n, text);
			assert_int_equal(base64_decode(slice_view(text), out, n), 0);
			assert_memory_equal(in, out, n);
			assert_int_equal(out[n], n + 1);
		}
	}
}

static void test_anything_else(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		size_t n;
	} rows[] = {
		{"", 1},
		{"Z", 1},
		{"Zg", 1},
		{"Zg=", 1},
		{"Zg==", 0},
		{"Zg==", 2},
		{"Zg==", 3},
		{"Zg===", 1},
		{"Zg== ", 1},
		{" Zg==", 1},
		{"Zh==", 1},
		{"Zv==", 1},
		{"Zm9=", 2},
		{"Zm9v", 2},
		{"Zm9v", 4},
		{"Zg=A", 1},
		{"Z===", 1},
		{"====", 1},
		{"=Zg=", 1},
		{"Zm=v", 3},
		{"Zm9=", 3},
		{"Zm9\n", 3},
		{"-m9v", 3},
		{"Zm_v", 3},
		{"Zm9\x80", 3},
		{"Zm9.", 3},
		{"Zm9vAAAA", 3},
		{"Zm9vAA==", 3},
		{"AAAA", 0},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		unsigned char out[8];
		if (base64_decode(slice_view(rows[i].text), out, rows[i].n) != -1) {
			fail_msg("taken for %zu bytes: %s", rows[i].n, rows[i].text);
		}
	}
	unsigned char out[3];
	assert_int_equal(base64_decode(slice_of("Zm\0v", 4), out, 3), -1);
	assert_int_equal(base64_decode((struct slice){NULL, 0}, out, 0), 0);
	assert_int_equal(base64_decode((struct slice){NULL, 0}, out, 1), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_anything_else),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
