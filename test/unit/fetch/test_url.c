/* URLs to fetch from: which are taken, where a Location leads, what is kept of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <curl/curl.h>

#include "fetch/url.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define SCHEME "Upload failed: URL scheme must be http or https."
#define HOST "Upload failed: Invalid host"

static const struct port_list ports = {{80, 443, 8443}, 3};

static int setup(void **state)
{
	static struct arena a;
	*state = &a;
	return arena_init(&a, 64 * 1024);
}

static int teardown(void **state)
{
	arena_release(*state);
	return 0;
}

/* `error` is NULL for a URL that is taken, then with this host, port and path. */
static const struct {
	const char *text, *error, *host;
	uint64_t port;
	const char *path;
} rows[] = {
	{"http://example.com", NULL, "example.com", 80, "/"},
	{"https://example.com/", NULL, "example.com", 443, "/"},
	{"HTTPS://EXAMPLE.com:8443/A/b.png?x=1#y", NULL, "EXAMPLE.com", 8443, "/A/b.png"},
	{"http://example.com:443/", NULL, "example.com", 443, "/"},
	{"http://example.com/a b/\xc3\xa9.png", NULL, "example.com", 80, "/a%20b/%c3%a9.png"},
	{"http://example.com/a%20b", NULL, "example.com", 80, "/a%20b"},
	{"http://example.com/a/../b", NULL, "example.com", 80, "/b"},
	{"http://user:pass@example.com/x", NULL, "example.com", 80, "/x"},
	{"http://[2001:db8::1]/x", NULL, "[2001:db8::1]", 80, "/x"},
	{"http://example.com.", NULL, "example.com.", 80, "/"},
	{"http://2130706433/", NULL, "127.0.0.1", 80, "/"},
	{"http://0x7f.1/", NULL, "127.0.0.1", 80, "/"},
	{"ftp://example.com/x", SCHEME, NULL, 0, NULL},
	{"file:///etc/passwd", SCHEME, NULL, 0, NULL},
	{"gopher://example.com/", SCHEME, NULL, 0, NULL},
	{"dict://example.com/", SCHEME, NULL, 0, NULL},
	{"httpx://example.com/", SCHEME, NULL, 0, NULL},
	{"javascript:alert(1)", SCHEME, NULL, 0, NULL},
	{"data:text/plain,x", SCHEME, NULL, 0, NULL},
	{"//example.com/x", SCHEME, NULL, 0, NULL},
	{"example.com/x", SCHEME, NULL, 0, NULL},
	{"/x", SCHEME, NULL, 0, NULL},
	{"x", SCHEME, NULL, 0, NULL},
	{"http://", HOST, NULL, 0, NULL},
	{"http://?x", HOST, NULL, 0, NULL},
	{"http://example.com:0/", HOST, NULL, 0, NULL},
	{"http://example.com:22/", HOST, NULL, 0, NULL},
	{"http://example.com:65616/", HOST, NULL, 0, NULL},
	{"http://example.com:80x/", HOST, NULL, 0, NULL},
	{"http://example.com:-80/", HOST, NULL, 0, NULL},
	{"http://exa mple.com/", HOST, NULL, 0, NULL},
	{"http://ex\\ample.com/", HOST, NULL, 0, NULL},
	{"http://[::1/", HOST, NULL, 0, NULL},
	{"http://[1.2.3.4]/", HOST, NULL, 0, NULL},
	{"http://b\xc3\xbc"
	 "cher.example/",
		HOST, NULL, 0, NULL},
	{"http://\xe2\x91\xa0.example/", HOST, NULL, 0, NULL},
	{"http://example.com\xe3\x80\x82/", HOST, NULL, 0, NULL},
};

static void test_parse(void **state)
{
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct url u;
		struct error err = {0};
		int got = url_parse(&u, *state, rows[i].text, &ports, &err);
		if (rows[i].error) {
			assert_int_equal(got, -1);
			assert_int_equal(err.status, 422);
			assert_string_equal(err.code, "upload_failed");
			assert_string_equal(err.text, rows[i].error);
		} else {
			assert_int_equal(got, 0);
			assert_string_equal(u.host, rows[i].host);
			assert_int_equal(u.port, rows[i].port);
			assert_string_equal(url_path(&u, *state), rows[i].path);
			assert_int_equal(u.secure, (rows[i].text[4] | 32) == 's');
		}
		arena_reset(*state);
	}
}

/* The whole URL as libcurl would send it, with name and password. */
static const struct {
	const char *from, *location, *error, *to;
} hops[] = {
	{"http://a.example/b/c?d", "/e", NULL, "http://a.example/e"},
	{"http://a.example/b/c?d", "e", NULL, "http://a.example/b/e"},
	{"http://a.example/b/c?d", "../e", NULL, "http://a.example/e"},
	{"http://a.example/b/c?d", "?e", NULL, "http://a.example/b/c?e"},
	{"http://a.example/b", "https://c.example/d", NULL, "https://c.example/d"},
	{"https://a.example/b", "http://a.example/d", NULL, "http://a.example/d"},
	{"https://a.example/b", "//c.example/d", NULL, "https://c.example/d"},
	{"http://a.example/b", "/a b\xc3\xa9", NULL, "http://a.example/a%20b%c3%a9"},
	{"http://u:p@a.example/b", "/c", NULL, "http://u:p@a.example/c"},
	{"http://u:p@a.example/b", "http://a.example/c", NULL, "http://u:p@a.example/c"},
	{"http://u:p@a.example/b", "http://A.example:80/c", NULL, "http://u:p@A.example:80/c"},
	{"http://u:p@a.example/b", "https://a.example/c", NULL, "https://a.example/c"},
	{"http://u:p@a.example/b", "http://a.example:443/c", NULL, "http://a.example:443/c"},
	{"http://u:p@a.example/b", "http://b.example/c", NULL, "http://b.example/c"},
	{"http://u:p@a.example/b", "//b.example/c", NULL, "http://b.example/c"},
	{"http://a.example/b", "http://v:q@b.example/c", NULL, "http://b.example/c"},
	{"http://u:p@a.example/b", "http://v:q@a.example/c", NULL, "http://u:p@a.example/c"},
	{"http://a.example/b", "ftp://a.example/c", SCHEME, NULL},
	{"http://a.example/b", "file:///etc/passwd", SCHEME, NULL},
	{"http://a.example/b", "http://a.example:22/", HOST, NULL},
	{"http://a.example/b", "http:///", HOST, NULL},
	{"http://a.example/b", "http://\xff/", HOST, NULL},
};

static const char *text_of(const struct url *u)
{
	static char copy[256];
	char *text = NULL;
	assert_int_equal(curl_url_get(u->parsed, CURLUPART_URL, &text, 0), CURLUE_OK);
	snprintf(copy, sizeof copy, "%s", text);
	curl_free(text);
	return copy;
}

static void test_follow(void **state)
{
	for (size_t i = 0; i < COUNT(hops); i++) {
		struct url from, to;
		struct error err = {0};
		assert_int_equal(url_parse(&from, *state, hops[i].from, &ports, &err), 0);
		int got = url_follow(&from, &to, *state, hops[i].location, &ports, &err);
		if (hops[i].error) {
			assert_int_equal(got, -1);
			assert_string_equal(err.text, hops[i].error);
		} else {
			assert_int_equal(got, 0);
			assert_string_equal(text_of(&to), hops[i].to);
		}
		arena_reset(*state);
	}
}

static const struct {
	const char *a, *b;
	bool same;
} origins[] = {
	{"http://a.example/x", "http://a.example/y", true},
	{"http://a.example/x", "http://A.EXAMPLE:80/y", true},
	{"http://u:p@a.example/", "http://a.example/", true},
	{"http://a.example/", "https://a.example/", false},
	{"http://a.example/", "http://a.example:443/", false},
	{"https://a.example:80/", "http://a.example:80/", false},
	{"http://a.example/", "http://b.example/", false},
	{"http://a.example/", "http://a.example./", false},
	{"http://a.example/", "http://x.a.example/", false},
};

static void test_origins(void **state)
{
	for (size_t i = 0; i < COUNT(origins); i++) {
		struct url a, b;
		struct error err;
		assert_int_equal(url_parse(&a, *state, origins[i].a, &ports, &err), 0);
		assert_int_equal(url_parse(&b, *state, origins[i].b, &ports, &err), 0);
		assert_int_equal(url_same_origin(&a, &b), origins[i].same);
		assert_int_equal(url_same_origin(&b, &a), origins[i].same);
	}
}

static const struct {
	const char *text, *without;
} shown[] = {
	{"http://a.example/x?y#z", "http://a.example/x?y#z"},
	{"http://u:p@a.example/x", "http://a.example/x"},
	{"http://u@a.example", "http://a.example"},
	{"http://u:p@a.example:80/x@y?z@z#@", "http://a.example:80/x@y?z@z#@"},
	{"http://a.example?u@b", "http://a.example?u@b"},
	{"http://a.example#u@b", "http://a.example#u@b"},
	{"http://u:p@v@a.example/", "http://a.example/"},
	{"http:///u:p@a.example/", "http:///a.example/"},
	{"http:/u:p@a.example/", "http:/a.example/"},
	{"HTTP://:@A.example/ a", "HTTP://A.example/ a"},
	{"http://u:@[2001:db8::1]:80/", "http://[2001:db8::1]:80/"},
};

static void test_without_userinfo(void **state)
{
	for (size_t i = 0; i < COUNT(shown); i++) {
		assert_string_equal(
			url_without_userinfo(*state, slice_view(shown[i].text)), shown[i].without);
	}
}

/* In a full arena nothing is made up. */
static void test_no_memory(void **state)
{
	for (size_t room = 0; room < 256; room += 8) {
		struct arena small;
		struct url u;
		struct error err = {0};
		assert_int_equal(arena_init(&small, room ? room : 1), 0);
		int got = url_parse(&u, &small, "http://a.example/x", &ports, &err);
		assert_true(got == 0 || err.status == 500);
		arena_release(&small);
	}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parse, setup, teardown),
		cmocka_unit_test_setup_teardown(test_follow, setup, teardown),
		cmocka_unit_test_setup_teardown(test_origins, setup, teardown),
		cmocka_unit_test_setup_teardown(test_without_userinfo, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_memory, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
