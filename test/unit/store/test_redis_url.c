/* Addresses of Redis servers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "store/redis_url.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static void test_good(void **state)
{
	(void)state;
	static const struct {
		const char *url;
		struct redis_address address;
	} rows[] = {
		{"unix:///run/redis.sock", {.path = "/run/redis.sock"}},
		{"unix:///a?db=3", {.path = "/a", .database = "3"}},
		{"unix://:secret@/a", {.path = "/a", .password = "secret"}},
		{"unix:///a%20b%3F", {.path = "/a b?"}},
		{"redis://host", {.host = "host", .port = 6379}},
		{"redis://host/", {.host = "host", .port = 6379}},
		{"redis://host:", {.host = "host", .port = 6379}},
		{"redis://host:1/15", {.host = "host", .port = 1, .database = "15"}},
		{"redis://127.0.0.1:65535", {.host = "127.0.0.1", .port = 65535}},
		{"redis://[::1]", {.host = "::1", .port = 6379}},
		{"redis://[::1]:7000/2", {.host = "::1", .port = 7000, .database = "2"}},
		{"redis://:p@host", {.host = "host", .port = 6379, .password = "p"}},
		{"redis://user:p@host",
			{.host = "host", .port = 6379, .user = "user", .password = "p"}},
		{"redis://u%3Aser:p%40%2Fw:x@host:1/0", {.host = "host",
								.port = 1,
								.user = "u:ser",
								.password = "p@/w:x",
								.database = "0"}},
		{"redis://:a@b@host", {.host = "host", .port = 6379, .password = "a@b"}},
		{"redis://:a%25@host", {.host = "host", .port = 6379, .password = "a%"}},
		{"redis://:a%2f@host", {.host = "host", .port = 6379, .password = "a/"}},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct redis_address got;
		struct error err;
		const struct redis_address *want = &rows[i].address;
		if (redis_url_parse(rows[i].url, &got, &err) != 0) {
			fail_msg("%s: %s", rows[i].url, err.detail);
		}
		assert_string_equal(got.path, want->path);
		assert_string_equal(got.host, want->host);
		assert_int_equal(got.port, want->port);
		assert_string_equal(got.user, want->user);
		assert_string_equal(got.password, want->password);
		assert_string_equal(got.database, want->database);
	}
}

static void test_bad(void **state)
{
	(void)state;
	static const char *const urls[] = {
		"",
		"host",
		"/run/redis.sock",
		"http://host",
		"REDIS://host",
		"rediss://host",
		"redis:/host",
		"redis://",
		"redis:///0",
		"redis://:6379",
		"redis://host:0",
		"redis://host:65536",
		"redis://host:x",
		"redis://host:+1",
		"redis://host:1:2",
		"redis://host/x",
		"redis://host/-1",
		"redis://host/1/2",
		"redis://host/12345678901234567890",
		"redis://hunter2@host",
		"redis://[::1",
		"redis://[::1]x",
		"redis://[]",
		"redis://:hunter2%@host",
		"redis://:hunter2%2@host",
		"redis://:hunter2%zz@host",
		"redis://:hunter2%00@host",
		"unix://",
		"unix://relative",
		"unix:///a?db=x",
		"unix:///a?other=1",
		"unix:///a%",
		"unix://hunter2@/a",
	};
	for (size_t i = 0; i < COUNT(urls); i++) {
		struct redis_address got;
		struct error err;
		if (redis_url_parse(urls[i], &got, &err) == 0) {
			fail_msg("%s was taken", urls[i]);
		}
		assert_int_equal(err.status, 500);
		/* It goes to a log, and a password does not. */
		assert_null(strstr(err.detail, "hunter2"));
	}
}

static void test_too_long(void **state)
{
	(void)state;
	for (int n = REDIS_URL_FIELD - 2; n <= REDIS_URL_FIELD + 1; n++) {
		char url[2 * REDIS_URL_FIELD];
		struct redis_address got;
		struct error err;
		int expected = n < REDIS_URL_FIELD ? 0 : -1;
		snprintf(url, sizeof url, "redis://%0*d", n, 0);
		assert_int_equal(redis_url_parse(url, &got, &err), expected);
		snprintf(url, sizeof url, "redis://:%0*d@host", n, 0);
		assert_int_equal(redis_url_parse(url, &got, &err), expected);
		snprintf(url, sizeof url, "unix:///%0*d", n - 1, 0);
		assert_int_equal(redis_url_parse(url, &got, &err), expected);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_bad),
		cmocka_unit_test(test_too_long),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
