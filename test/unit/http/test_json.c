/* http/json.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
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

/* Of two members of one name every reader may take another. */
static void refuses_twins(void **state)
{
	static const char *const bad[] = {"{\"a\":1,\"a\":1}", "{\"a\":1,\"b\":2,\"a\":3}",
		"{\"\":1,\"\":2}", "{\"a\":1,\"\\u0061\":2}", "{\"x\":{\"a\":1,\"a\":2}}",
		"{\"x\":[1,[{\"a\":1,\"b\":1,\"a\":2}]]}"};
	static const char *const good[] = {"{\"a\":1,\"A\":1}", "{\"a\":{\"a\":{\"a\":1}}}",
		"{\"a\":[{\"a\":1},{\"a\":1}]}", "{\"a\":1,\"aa\":1,\"a \":1}", "{\"a\":{}}"};
	struct json doc;
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(json_parse(&doc, &arena, slice_view(bad[i])), -1);
	}
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_int_equal(json_parse(&doc, &arena, slice_view(good[i])), 0);
	}
}

static void refuses_depth(void **state)
{
	static char text[40000];
	struct json doc;
	struct buf deep;
	(void)state;
	for (size_t depth = 100; depth <= 10000; depth *= 10) {
		buf_init(&deep, text, sizeof text);
		buf_put_str(&deep, "{\"a\":");
		for (size_t i = 0; i < depth; i++) {
			buf_put_char(&deep, '[');
		}
		for (size_t i = 0; i < depth; i++) {
			buf_put_char(&deep, ']');
		}
		buf_put_char(&deep, '}');
		assert_int_equal(json_parse(&doc, &arena, buf_view(&deep)), depth > 100 ? -1 : 0);
	}
}

static void reads_texts(void **state)
{
	struct json doc;
	struct slice out[2];
	size_t count;
	(void)state;
	assert_int_equal(json_parse(&doc, &arena,
				 slice_view("{\"a\":[\"x\",\"\",\"z\"],\"none\":[],\"n\":[\"x\",1],"
					    "\"s\":\"x\",\"o\":{\"x\":\"y\"},\"z\":null}")),
		0);
	assert_int_equal(json_get_texts(&doc, "a", out, 2, &count), 1);
	assert_int_equal(count, 3);
	assert_true(slice_equal_str(out[0], "x") && slice_equal_str(out[1], ""));
	assert_int_equal(json_get_texts(&doc, "none", out, 2, &count), 1);
	assert_int_equal(count, 0);
	assert_int_equal(json_get_texts(&doc, "n", out, 2, &count), -1);
	static const char *const others[] = {"s", "o", "z", "missing"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		assert_int_equal(json_get_texts(&doc, others[i], out, 2, &count), 0);
		assert_int_equal(count, 0);
		assert_int_equal(json_has(&doc, others[i]), i < 3);
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
		cmocka_unit_test_setup_teardown(refuses_twins, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(refuses_depth, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(reads_texts, make_arena, drop_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
