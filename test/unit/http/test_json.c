/* http/json.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/json.h"

static struct arena arena;

static int make_arena(void **state)
{
	(void)state;
	return arena_init(&arena, 16 * 1024);
}

static int drop_arena(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static void prints_members_in_order(void **state)
{
	struct json doc, quota;
	struct slice text;
	(void)state;
	json_init(&doc, &arena);
	json_set_str(&doc, "name", "a\"b\n\xc3\xa9");
	json_set_integer(&doc, "size", UINT64_MAX);
	json_set_object(&doc, "quota", &quota);
	json_set_number(&quota, "used", 12.34);
	json_set_text(&quota, "tier", slice_of("verified!", 8));
	json_set_bool(&doc, "ok", true);
	assert_int_equal(json_print(&doc, &text), 0);
	assert_string_equal(text.p,
		"{\"name\":\"a\\\"b\\n\xc3\xa9\",\"size\":18446744073709551615,"
		"\"quota\":{\"used\":12.34,\"tier\":\"verified\"},\"ok\":true}");
}

static void prints_arrays_in_order(void **state)
{
	struct json doc, list, row, none;
	struct slice text;
	(void)state;
	json_init(&doc, &arena);
	json_set_array(&doc, "files", &list);
	json_add_object(&list, &row);
	json_set_str(&row, "id", "a");
	json_add_object(&list, &row);
	json_set_str(&row, "id", "b");
	json_add_str(&list, "c");
	json_set_array(&doc, "none", &none);
	assert_int_equal(json_print(&doc, &text), 0);
	assert_string_equal(
		text.p, "{\"files\":[{\"id\":\"a\"},{\"id\":\"b\"},\"c\"],\"none\":[]}");
}

static void fails_with_an_element(void **state)
{
	struct json doc, list, row;
	struct slice text;
	(void)state;
	json_init(&doc, &arena);
	json_set_array(&doc, "files", &list);
	json_add_str(&list, NULL);
	json_add_object(&list, &row);
	json_set_str(&row, "id", "a");
	assert_int_equal(json_print(&doc, &text), -1);
}

static void fails_as_a_whole(void **state)
{
	struct json doc, child;
	struct slice text;
	(void)state;
	json_init(&doc, &arena);
	json_set_object(&doc, "child", &child);
	json_set_str(&child, "name", NULL);
	json_set_str(&child, "other", "x");
	assert_int_equal(json_print(&doc, &text), -1);
}

static void reads_an_object(void **state)
{
	struct json doc;
	struct slice text;
	double number;
	(void)state;
	assert_int_equal(json_parse(&doc, &arena, slice_view("{\"a\":\"x\",\"n\":7,\"A\":1}")), 0);
	assert_true(json_get_text(&doc, "a", &text));
	assert_true(slice_equal_str(text, "x"));
	assert_true(json_get_number(&doc, "n", &number));
	assert_true(number > 6.5 && number < 7.5);
	assert_false(json_get_text(&doc, "n", &text));
	assert_false(json_get_number(&doc, "a", &number));
	assert_false(json_get_text(&doc, "missing", &text));
	assert_int_equal(json_parse(&doc, &arena, slice_view(" {} \t\r\n")), 0);
}

static void refuses_what_is_no_object(void **state)
{
	static const char *const bad[] = {
		"", "[]", "1", "\"x\"", "null", "{", "{\"a\":}", "nonsense", "{}x", "{} {}", "{},"};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct json doc;
		assert_int_equal(json_parse(&doc, &arena, slice_view(bad[i])), -1);
	}
}

static void takes_no_nul(void **state)
{
	static const char raw[] = "{\"a\":\"b\0c\"}";
	static const char *const bad[] = {"{\"a\":\"b\\u0000c\"}", "{\"a\":\"\\\\\\u0000\"}",
		"{\"a\\u0000\":\"b\"}", "{\"a\":{\"b\":[\"\\u0000\"]}}"};
	static const char *const good[] = {
		"{\"a\":\"\\\\u0000\"}", "{\"a\":\"u0000\"}", "{\"a\":\"\\u0001\\\\u00000\"}"};
	struct json doc;
	(void)state;
	assert_int_equal(json_parse(&doc, &arena, slice_of(raw, sizeof raw - 1)), -1);
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(json_parse(&doc, &arena, slice_view(bad[i])), -1);
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(json_parse(&doc, &arena, slice_view(good[i])), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(prints_members_in_order, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(prints_arrays_in_order, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(fails_with_an_element, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(fails_as_a_whole, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(reads_an_object, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(refuses_what_is_no_object, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(takes_no_nul, make_arena, drop_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
