/* Response heads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/response.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

/* The head as a terminated text, or NULL when it was refused. */
static const char *head(const struct response *res)
{
	static char text[RESPONSE_HEAD_CEILING + 1];
	struct buf out;
	memset(text, 0, sizeof text);
	buf_init(&out, text, RESPONSE_HEAD_CEILING);
	return response_head(res, &out) == 0 ? text : NULL;
}

static void test_heads(void **state)
{
	(void)state;
	struct response res;
	response_init(&res, 201);
	response_set(&res, "Content-Type", slice_view("text/plain"));
	response_set(&res, "X-A", slice_view("1"));
	response_set(&res, "content-type", slice_view("text/html"));
	response_set(&res, "X-Empty", slice_view(""));
	response_set_bytes(&res, slice_view("hello"));
	assert_string_equal(head(&res), "Status: 201 Created\r\n"
					"Content-Type: text/html\r\n"
					"X-A: 1\r\n"
					"X-Empty: \r\n"
					"Content-Length: 5\r\n"
					"\r\n");
	assert_true(slice_equal_str(response_get(&res, "CONTENT-TYPE"), "text/html"));
	assert_null(response_get(&res, "X-B").p);
}

static void test_lengths(void **state)
{
	(void)state;
	static const struct {
		int status;
		uint64_t file;
		bool handed_off;
		const char *head;
	} rows[] = {
		{200, 0, false, "Status: 200 OK\r\nContent-Length: 0\r\n\r\n"},
		{200, 5000000000, false, "Status: 200 OK\r\nContent-Length: 5000000000\r\n\r\n"},
		{206, 7, false, "Status: 206 Partial Content\r\nContent-Length: 7\r\n\r\n"},
		{200, 7, true, "Status: 200 OK\r\n\r\n"},
		{204, 0, false, "Status: 204 No Content\r\n\r\n"},
		{304, 0, false, "Status: 304 Not Modified\r\n\r\n"},
		{299, 0, false, "Status: 299 Unknown\r\nContent-Length: 0\r\n\r\n"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct response res;
		response_init(&res, rows[i].status);
		if (rows[i].file) {
			response_set_file(&res, 0, 3, rows[i].file);
		}
		res.handed_off = rows[i].handed_off;
		assert_string_equal(head(&res), rows[i].head);
		assert_int_equal(response_body_length(&res, METHOD_GET), rows[i].file);
		assert_int_equal(response_body_length(&res, METHOD_HEAD), 0);
	}
}

static void test_head_has_the_length_of_get(void **state)
{
	(void)state;
	struct response res;
	response_init(&res, 200);
	response_set_bytes(&res, slice_view("hello"));
	assert_int_equal(response_body_length(&res, METHOD_HEAD), 0);
	assert_int_equal(response_body_length(&res, METHOD_POST), 5);
	assert_non_null(strstr(head(&res), "Content-Length: 5\r\n"));
}

static void test_spoiling_values(void **state)
{
	(void)state;
	static const struct slice rows[] = {{"a\rb", 3}, {"a\nb", 3}, {"a\r\nSet-Cookie: x", 16},
		{"\n", 1}, {"a\r", 2}, {"a\0b", 3}};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct response res;
		response_init(&res, 200);
		response_set(&res, "X-A", slice_view("good"));
		response_set(&res, "X-A", rows[i]);
		assert_true(res.spoiled);
		assert_null(head(&res));
		response_set(&res, "X-A", slice_view("good again"));
		assert_null(head(&res));
	}
}

static void test_ceilings(void **state)
{
	(void)state;
	static char names[RESPONSE_HEADERS_MAX + 1][8];
	struct response res;
	response_init(&res, 200);
	for (size_t i = 0; i < RESPONSE_HEADERS_MAX; i++) {
		snprintf(names[i], sizeof names[i], "X-%zu", i);
		response_set(&res, names[i], slice_view("1"));
	}
	assert_non_null(head(&res));
	response_set(&res, "x-0", slice_view("2"));
	assert_false(res.spoiled);
	response_set(&res, "X-More", slice_view("1"));
	assert_true(res.spoiled);

	static char large[RESPONSE_HEAD_CEILING];
	memset(large, 'a', sizeof large);
	response_init(&res, 200);
	response_set(&res, "X-A", slice_of(large, sizeof large));
	assert_false(res.spoiled);
	assert_null(head(&res));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heads),
		cmocka_unit_test(test_lengths),
		cmocka_unit_test(test_head_has_the_length_of_get),
		cmocka_unit_test(test_spoiling_values),
		cmocka_unit_test(test_ceilings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
