/* Header lines of a part. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/part.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static char line[1024];

/* Parse one line in a writable copy; the status, 0 for success. */
static int add(struct part *part, const char *text)
{
	struct error err = {0};
	size_t n = strlen(text);
	assert_true(n < sizeof line);
	memcpy(line, text, n + 1);
	return part_add_header(part, line, n, &err) == 0 ? 0 : err.status;
}

static void check_slice(struct slice got, const char *expected)
{
	assert_int_equal(got.n, strlen(expected));
	assert_memory_equal(got.p, expected, got.n);
}

static void test_filenames(void **state)
{
	(void)state;
	static const struct {
		const char *parameters, *filename; /* NULL: none */
	} rows[] = {
		{"", NULL},
		{"; filename=\"\"", ""},
		{"; filename=", ""},
		{"; filename=\"a b.txt\"", "a b.txt"},
		{"; filename=a.txt", "a.txt"},
		{"; filename=a b.txt ; x=y", "a b.txt"},
		{"; FileName=\"a.txt\"", "a.txt"},
		{";filename=\"a;b=c.txt\";", "a;b=c.txt"},
		{"; filename=\"a\\\"b.txt\"", "a\"b.txt"},
		{"; filename=\"a%22b.txt\"", "a\"b.txt"},
		{"; filename=\"a%0D%0aSet-Cookie: x\"", "a\r\nSet-Cookie: x"},
		{"; filename=\"100%25 %41%2\"", "100%25 %41%2"},
		{"; filename=\"%2%22%\"", "%2\"%"},
		{"; filename=\"C:\\x\\y.txt\"", "C:\\x\\y.txt"},
		{"; filename=\"\\\\server\\x\\y.txt\"", "\\server\\x\\y.txt"},
		{"; filename=\"a\\\\\"", "a\\"},
		{"; filename=\"../../etc/passwd\"", "../../etc/passwd"},
		{"; filename=\"na\xc3\xafve \xf0\x9f\x8e\x89.txt\"",
			"na\xc3\xafve \xf0\x9f\x8e\x89.txt"},
		{"; filename=\"\xff\xfe\"", "\xff\xfe"},
		{"; filename*=UTF-8''na%C3%AFve.txt", "na\xc3\xafve.txt"},
		{"; filename*=utf-8'en'a%20b.txt", "a b.txt"},
		{"; filename*=\"UTF-8''a%20b.txt\"", "a b.txt"},
		{"; filename*=UTF-8''it's (1).txt", "it's (1).txt"},
		{"; filename=\"old\"; filename*=UTF-8''new", "new"},
		{"; filename*=UTF-8''new; filename=\"old\"", "new"},
		{"; filename=\"old\"; filename*=UTF-8''%zz", "old"},
		{"; filename=\"old\"; filename*=UTF-8''%ff", "old"},
		{"; filename=\"old\"; filename*=UTF-8''%c0%af", "old"},
		{"; filename=\"old\"; filename*=UTF-8''a%00b", "old"},
		{"; filename=\"old\"; filename*=ISO-8859-1''%e4", "old"},
		{"; filename=\"old\"; filename*=UTF-8'new", "old"},
		{"; filename=\"old\"; filename*=new", "old"},
		{"; filename*=new", NULL},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct part part = {0};
		char text[512];
		snprintf(text, sizeof text, "Content-Disposition: form-data; name=\"file\"%s",
			rows[i].parameters);
		assert_int_equal(add(&part, text), 0);
		check_slice(part.name, "file");
		assert_int_equal(part.has_filename, rows[i].filename != NULL);
		check_slice(part.filename, rows[i].filename ? rows[i].filename : "");
	}
}

static void test_names(void **state)
{
	(void)state;
	static const struct {
		const char *line, *name; /* NULL: none */
	} rows[] = {
		{"Content-Disposition: form-data; name=\"files[]\"", "files[]"},
		{"content-disposition:form-data;name=files[]", "files[]"},
		{"Content-Disposition: form-data; name=\"a%22b\"", "a\"b"},
		{"Content-Disposition: attachment; filename=x; name=\"a\"", "a"},
		{"Content-Disposition: form-data; name=\"\"", ""},
		{"Content-Disposition: form-data", NULL},
		{"Content-Disposition:", NULL},
		{"Content-Type: text/plain; name=\"a\"", NULL},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct part part = {0};
		assert_int_equal(add(&part, rows[i].line), 0);
		assert_int_equal(part.has_name, rows[i].name != NULL);
		check_slice(part.name, rows[i].name ? rows[i].name : "");
	}
}

static void test_bad_lines(void **state)
{
	(void)state;
	static const char *const rows[] = {
		" folded: x",
		"\tfolded: x",
		"no colon",
		":",
		": x",
		"X : x",
		"X\x01: x",
		"X: a\rb",
		"Content-Disposition: form-data; name",
		"Content-Disposition: form-data; name=\"a",
		"Content-Disposition: form-data; name=\"a\\\"",
		"Content-Disposition: form-data; name=\"a\\",
		"Content-Disposition: form-data; name=\"a\"b",
		"Content-Disposition: form-data; name = \"a\"",
		"Content-Disposition: form-data; =\"a\"",
		"Content-Disposition: form-data; name=a; name=b",
		"Content-Disposition: form-data; name=a; filename=b; filename=c",
		"Content-Disposition: form-data; filename*=UTF-8''a; filename*=UTF-8''b",
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct part part = {0};
		assert_int_equal(add(&part, rows[i]), 400);
	}
	struct part part = {0};
	struct error err;
	char nul[] = "X: a\0b";
	assert_int_equal(part_add_header(&part, nul, sizeof nul - 1, &err), -1);
}

static void test_second_disposition(void **state)
{
	(void)state;
	struct part part = {0};
	assert_int_equal(add(&part, "Content-Disposition: form-data; name=a"), 0);
	assert_int_equal(add(&part, "X-Other: form-data; name=b"), 0);
	assert_int_equal(add(&part, "Content-Disposition: form-data; filename=b"), 400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_filenames),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_bad_lines),
		cmocka_unit_test(test_second_disposition),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
