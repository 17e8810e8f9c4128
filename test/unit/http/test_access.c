/* http/access.h */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "http/access.h"
#include "http/json.h"

static struct arena arena;
static struct body body;
static struct response res;

static int make_arena(void **state)
{
	(void)state;
	body = (struct body){.received = 7};
	response_init(&res, 201);
	return arena_init(&arena, 16 * 1024);
}

static int drop_arena(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

static struct request request_for(const char *target)
{
	return (struct request){
		.id = "01a2036f-86e3-71f6-9d61-5422299dc9ec",
		.now_ms = 1769688000000,
		.method_name = slice_view("POST"),
		.target = slice_view(target),
		.remote_addr = slice_view("192.0.2.1"),
		.body = &body,
		.arena = &arena,
	};
}

static const char *line_for(const char *target, const struct access *facts)
{
	struct request req = request_for(target);
	struct slice line;
	assert_int_equal(access_line(&req, &res, facts, &line), 0);
	return line.p;
}

static void tells_the_facts(void **state)
{
	const struct access facts = {.bytes_out = 5, .ms = 3};
	(void)state;
	res.account = "usr_1";
	assert_string_equal(line_for("/api/v4/upload", &facts),
		"{\"time\":\"2026-01-29T12:00:00Z\",\"id\":\"01a2036f-86e3-71f6-9d61-"
		"5422299dc9ec\","
		"\"remote\":\"192.0.2.1\",\"method\":\"POST\",\"path\":\"/api/v4/"
		"upload\",\"status\":201,"
		"\"bytes_in\":7,\"bytes_out\":5,\"ms\":3,\"account\":\"usr_1\"}");
}

static void tells_what_was_stored_and_from_where(void **state)
{
	const struct access facts = {0};
	(void)state;
	static const char *const ids[] = {"01a2036f-0000-7000-8000-000000000000", "another"};
	res.files = ids;
	res.file_count = 1;
	res.origin = "a.example";
	assert_non_null(strstr(line_for("/x", &facts),
		",\"file\":\"01a2036f-0000-7000-8000-000000000000\",\"origin\":\"a.example\"}"));
	res.file_count = 2;
	assert_non_null(strstr(line_for("/x", &facts),
		",\"files\":[\"01a2036f-0000-7000-8000-000000000000\",\"another\"],"
		"\"origin\":\"a.example\"}"));
}

static void tells_what_went_wrong(void **state)
{
	const struct access facts = {.client_left = true};
	(void)state;
	error_set(&res.error, 503, "unavailable", "Redis: \"x\"\r\n");
	const char *line = line_for("/x", &facts);
	assert_non_null(strstr(line, "\"client_left\":true"));
	assert_non_null(
		strstr(line, "\"error\":\"unavailable\",\"detail\":\"Redis: \\\"x\\\"\\r\\n\""));
}

static void keeps_no_query_and_is_always_json(void **state)
{
	static const char *const targets[] = {
		"/a?token=secret", "/\xff\xfe", "/\"\\\x01", "*", "", "http://h/a?token=secret"};
	const struct access facts = {0};
	(void)state;
	for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
		struct json doc;
		const char *line = line_for(targets[i], &facts);
		assert_null(strstr(line, "secret"));
		assert_null(strchr(line, '\n'));
		assert_int_equal(json_parse(&doc, &arena, slice_view(line)), 0);
	}
}

static void cuts_a_long_path(void **state)
{
	const struct access facts = {0};
	char target[8001];
	(void)state;
	memset(target, 'a', sizeof target - 1);
	target[0] = '/';
	target[sizeof target - 1] = '\0';
	assert_true(strlen(line_for(target, &facts)) < 1024);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(tells_the_facts, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(
			tells_what_was_stored_and_from_where, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(tells_what_went_wrong, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(
			keeps_no_query_and_is_always_json, make_arena, drop_arena),
		cmocka_unit_test_setup_teardown(cuts_a_long_path, make_arena, drop_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
