/* Settings from environments and env files, good and bad. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <unistd.h>

#include "config/config.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { LINES = 6 };

struct loaded {
	struct arena arena;
	struct config config;
	struct buf mistakes;
	char storage[4096];
	int status;
};

static int setup(void **state)
{
	static struct loaded l;
	*state = &l;
	buf_init(&l.mistakes, l.storage, sizeof l.storage);
	return arena_init(&l.arena, 256 * 1024);
}

static int teardown(void **state)
{
	struct loaded *l = *state;
	arena_release(&l->arena);
	return 0;
}

/* Load from these lines alone; CDN_ENV_FILE is /dev/null unless a line says otherwise. */
static int load(struct loaded *l, const char *const lines[LINES])
{
	char *environment[LINES + 2] = {0};
	size_t n = 0;
	for (; n < LINES && lines[n]; n++) {
		environment[n] = (char *)(uintptr_t)lines[n];
	}
	environment[n] = (char *)(uintptr_t) "CDN_ENV_FILE=/dev/null";
	arena_reset(&l->arena);
	buf_init(&l->mistakes, l->storage, sizeof l->storage - 1);
	l->status = config_load(&l->config, environment, &l->arena, &l->mistakes);
	l->storage[l->mistakes.n] = '\0';
	return l->status;
}

static void write_file(char *path, const char *text, size_t n)
{
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, n), (ssize_t)n);
	close(fd);
}

static void test_defaults(void **state)
{
	struct loaded *l = *state;
	assert_int_equal(load(l, (const char *const[LINES]){0}), 0);
	assert_string_equal(l->storage, "");
	assert_string_equal(l->config.public_url, "http://127.0.0.1:8080");
	assert_string_equal(l->config.public_prefix, "");
	assert_int_equal(l->config.fsync, 1);
	assert_int_equal(l->config.sendfile, SENDFILE_OFF);
	assert_int_equal(l->config.max_body_bytes, 512u << 20);
	assert_int_equal(l->config.tiers[TIER_UNVERIFIED].file_bytes, 10u << 20);
	assert_int_equal(l->config.tiers[TIER_UNVERIFIED].total_bytes, 50u << 20);
	assert_int_equal(l->config.tiers[TIER_VERIFIED].file_bytes, 100u << 20);
	assert_int_equal(l->config.tiers[TIER_VERIFIED].total_bytes, (uint64_t)50 << 30);
	assert_int_equal(
		l->config.tiers[TIER_FUNCTIONALLY_UNLIMITED].file_bytes, (uint64_t)500 << 20);
	assert_int_equal(
		l->config.tiers[TIER_FUNCTIONALLY_UNLIMITED].total_bytes, (uint64_t)300 << 30);
}

/* Every default is itself a good value, and every name is there once. */
static void test_table(void **state)
{
	struct loaded *l = *state;
	size_t count;
	const struct setting *s = config_settings(&count);
	for (size_t i = 0; i < count; i++) {
		char line[256];
		snprintf(line, sizeof line, "%s=%s", s[i].name, s[i].fallback);
		assert_int_equal(load(l, (const char *const[LINES]){line}), 0);
		assert_true(strlen(s[i].help) > 0);
		for (size_t j = 0; j < i; j++) {
			assert_string_not_equal(s[i].name, s[j].name);
			assert_int_not_equal(s[i].offset, s[j].offset);
		}
	}
}

static void test_good_values(void **state)
{
	struct loaded *l = *state;
	static const struct {
		const char *text;
		uint64_t bytes;
	} sizes[] = {
		{"1024", 1024},
		{"1K", 1024},
		{"2M", 2 << 20},
		{"3G", (uint64_t)3 << 30},
		{"1125899906842624", (uint64_t)1 << 50},
	};
	for (size_t i = 0; i < COUNT(sizes); i++) {
		char line[64];
		snprintf(line, sizeof line, "CDN_MAX_BODY=%s", sizes[i].text);
		assert_int_equal(load(l, (const char *const[LINES]){line}), 0);
		assert_int_equal(l->config.max_body_bytes, sizes[i].bytes);
	}
	const char *const choice[LINES] = {"CDN_SENDFILE=x-sendfile", "CDN_FSYNC=off"};
	assert_int_equal(load(l, choice), 0);
	assert_int_equal(l->config.sendfile, SENDFILE_X_SENDFILE);
	assert_int_equal(l->config.fsync, 0);
	/* An empty value is as good as none. */
	assert_int_equal(load(l, (const char *const[LINES]){"CDN_MAX_BODY=", "CDN_FSYNC="}), 0);
	assert_int_equal(l->config.max_body_bytes, 512u << 20);
}

static void test_lists(void **state)
{
	struct loaded *l = *state;
	const char *const lines[LINES] = {
		"CDN_FETCH_OPEN=10.0.0.0/8, fd00::/8", "CDN_FETCH_PORTS=8080 , 80"};
	assert_int_equal(load(l, lines), 0);
	assert_int_equal(l->config.fetch_open.count, 2);
	assert_int_equal(l->config.fetch_open.at[0].bits, 104);
	assert_int_equal(l->config.fetch_open.at[1].bits, 8);
	assert_int_equal(l->config.fetch_open.at[1].bytes[0], 0xfd);
	assert_int_equal(l->config.fetch_ports.count, 2);
	assert_int_equal(l->config.fetch_ports.at[0], 8080);
	assert_int_equal(l->config.fetch_ports.at[1], 80);
	const char *const empty[LINES] = {"CDN_FETCH_OPEN=", "CDN_FETCH_PORTS="};
	assert_int_equal(load(l, empty), 0);
	assert_int_equal(l->config.fetch_open.count, 0);
	assert_int_equal(l->config.fetch_ports.count, 2);
}

static void test_public_url(void **state)
{
	struct loaded *l = *state;
	static const struct {
		const char *line, *url, *prefix; /* url NULL: refused */
	} rows[] = {
		{"CDN_PUBLIC_URL=https://example.org", "https://example.org", ""},
		{"CDN_PUBLIC_URL=https://example.org/", "https://example.org", ""},
		{"CDN_PUBLIC_URL=https://example.org///", "https://example.org", ""},
		{"CDN_PUBLIC_URL=https://example.org/cdn", "https://example.org/cdn", "/cdn"},
		{"CDN_PUBLIC_URL=https://example.org/a/b/", "https://example.org/a/b", "/a/b"},
		{"CDN_PUBLIC_URL=http://[::1]:8080/x", "http://[::1]:8080/x", "/x"},
		{"CDN_PUBLIC_URL=http://a", "http://a", ""},
		{"CDN_PUBLIC_URL=http://a-b.c:80/~d/e.f-g_h/...", "http://a-b.c:80/~d/e.f-g_h/...",
			"/~d/e.f-g_h/..."},
		{"CDN_PUBLIC_URL=example.org", NULL, NULL},
		{"CDN_PUBLIC_URL=ftp://example.org", NULL, NULL},
		{"CDN_PUBLIC_URL=//example.org", NULL, NULL},
		{"CDN_PUBLIC_URL=http://", NULL, NULL},
		{"CDN_PUBLIC_URL=https://", NULL, NULL},
		{"CDN_PUBLIC_URL=https:///path", NULL, NULL},
		{"CDN_PUBLIC_URL=http:///", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/?a", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/#a", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/a b", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/%2e", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/\"", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/\r\nX: y", NULL, NULL},
		{"CDN_PUBLIC_URL=https://ex\xc3\xa4mple.org", NULL, NULL},
		{"CDN_PUBLIC_URL=https://user@example.org", NULL, NULL},
		{"CDN_PUBLIC_URL=https://$host/cdn", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/a//b", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org//a", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/.", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/./a", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/a/../b", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/$uri", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/a@b", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/a+b", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/a|b", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/(a)", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/a;", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/{a}", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/'a'", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/a:b", NULL, NULL},
		{"CDN_PUBLIC_URL=https://example.org/*", NULL, NULL},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		int status = load(l, (const char *const[LINES]){rows[i].line});
		if (status != (rows[i].url ? 0 : -1)) {
			fail_msg("%s: %d", rows[i].line, status);
		}
		if (rows[i].url) {
			assert_string_equal(l->config.public_url, rows[i].url);
			assert_string_equal(l->config.public_prefix, rows[i].prefix);
		}
	}
}

static void test_mistakes(void **state)
{
	struct loaded *l = *state;
	static const struct {
		const char *line, *says;
	} rows[] = {
		{"CDN_MAX_BODY=x", "CDN_MAX_BODY: must be digits"},
		{"CDN_MAX_BODY=1T", "CDN_MAX_BODY: must be digits"},
		{"CDN_MAX_BODY=M", "CDN_MAX_BODY: must be digits"},
		{"CDN_MAX_BODY=1 M", "CDN_MAX_BODY: must be digits"},
		{"CDN_MAX_BODY=-1", "CDN_MAX_BODY: must be digits"},
		{"CDN_MAX_BODY=1.5M", "CDN_MAX_BODY: must be digits"},
		{"CDN_MAX_BODY=18446744073709551616", "CDN_MAX_BODY: must be digits"},
		{"CDN_MAX_BODY=17179869184G", "CDN_MAX_BODY: must be digits"},
		{"CDN_MAX_BODY=1023", "CDN_MAX_BODY: must be from 1024 to 1125899906842624\n"},
		{"CDN_MAX_BODY=1125899906842625",
			"CDN_MAX_BODY: must be from 1024 to 1125899906842624\n"},
		{"CDN_RECEIVE_TIMEOUT=0", "CDN_RECEIVE_TIMEOUT: must be from 1 to 3600\n"},
		{"CDN_RECEIVE_TIMEOUT=3601", "CDN_RECEIVE_TIMEOUT: must be from 1 to 3600\n"},
		{"CDN_RECEIVE_TIMEOUT=1s", "CDN_RECEIVE_TIMEOUT: must be a number"},
		{"CDN_FSYNC=yes", "CDN_FSYNC: must be one of off|on"},
		{"CDN_FSYNC=ON", "CDN_FSYNC: must be one of off|on"},
		{"CDN_FSYNC=off|on", "CDN_FSYNC: must be one of off|on"},
		{"CDN_SENDFILE=x", "CDN_SENDFILE: must be one of "},
		{"CDN_DATA_DIR=relative", "CDN_DATA_DIR: must be an absolute path"},
		{"CDN_FETCH_OPEN=x", "CDN_FETCH_OPEN: item 1 must be an address or a range with"},
		{"CDN_FETCH_OPEN=10.0.0.0/8,fd00::1/8", "CDN_FETCH_OPEN: item 2 must be an add"},
		{"CDN_FETCH_OPEN=1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,"
		 "1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1,1.1.1.1",
			"CDN_FETCH_OPEN: must have at most 16 items\n"},
		{"CDN_FETCH_PORTS= ", "CDN_FETCH_PORTS: item 1 must be a port from 1 to 65535\n"},
		{"CDN_FETCH_PORTS=80,0",
			"CDN_FETCH_PORTS: item 2 must be a port from 1 to 65535\n"},
		{"CDN_FETCH_PORTS=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17",
			"CDN_FETCH_PORTS: must have at most 16 items\n"},
		{"CDN_FETCH_CONNECT_TIMEOUT=0",
			"CDN_FETCH_CONNECT_TIMEOUT: must be from 1 to 3600\n"},
		{"CDN_FETCH_TIMEOUT=0", "CDN_FETCH_TIMEOUT: must be from 1 to 3600\n"},
		{"CDN_FETCH_TIMEOUT=3601", "CDN_FETCH_TIMEOUT: must be from 1 to 3600\n"},
		{"CDN_FETCH_PER_MINUTE=1000001",
			"CDN_FETCH_PER_MINUTE: must be from 0 to 1000000\n"},
		{"CDN_FETCH_PER_MINUTE=-1", "CDN_FETCH_PER_MINUTE: must be a number"},
		{"CDN_ENV_FILE=/nowhere", "/nowhere: No such file"},
		{"CDN_ENV_FILE=/", "/: "},
		{"CDN_REDIS_URL_FILE=/nowhere", "CDN_REDIS_URL_FILE: No such file"},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		assert_int_equal(load(l, (const char *const[LINES]){rows[i].line}), -1);
		if (!strstr(l->storage, rows[i].says)) {
			fail_msg("%s: %s", rows[i].line, l->storage);
		}
	}
}

static void test_every_mistake_is_reported(void **state)
{
	struct loaded *l = *state;
	const char *const lines[LINES] = {"CDN_MAX_BODY=x", "CDN_FSYNC=x", "CDN_PUBLIC_URL=x",
		"CDN_FETCH_OPEN=x", "CDN_FETCH_PORTS=x", "CDN_ENV_FILE=/nowhere"};
	assert_int_equal(load(l, lines), -1);
	size_t count = 0;
	for (const char *c = l->storage; *c; c++) {
		count += *c == '\n';
	}
	assert_int_equal(count, LINES);
}

static void test_env_file(void **state)
{
	struct loaded *l = *state;
	static const char text[] = "# a comment\n"
				   "\n"
				   "CDN_PUBLIC_URL = \"https://one.example\" \n"
				   "  CDN_DATA_DIR='/srv/a b'\r\n"
				   "\r\n"
				   "CDN_MAX_BODY=1M\n"
				   "CDN_MAX_BODY=2M\n"
				   "OTHER=is not ours\n"
				   "CDN_FSYNC=off";
	char path[] = "/tmp/test_config.XXXXXX", line[64];
	write_file(path, text, strlen(text));
	snprintf(line, sizeof line, "CDN_ENV_FILE=%s", path);
	assert_int_equal(load(l, (const char *const[LINES]){line}), 0);
	assert_string_equal(l->config.public_url, "https://one.example");
	assert_string_equal(l->config.data_dir, "/srv/a b");
	assert_int_equal(l->config.max_body_bytes, 2 << 20);
	assert_int_equal(l->config.fsync, 0);
	/* The environment comes before the file. */
	const char *const both[LINES] = {line, "CDN_MAX_BODY=3M", "CDN_FSYNC=on"};
	assert_int_equal(load(l, both), 0);
	assert_int_equal(l->config.max_body_bytes, 3 << 20);
	assert_int_equal(l->config.fsync, 1);
	unlink(path);
}

static void test_unknown_names_in_the_file(void **state)
{
	struct loaded *l = *state;
	static const struct {
		const char *text;
		int status;
	} rows[] = {
		{"CDN_MAXBODY=1M\n", -1},
		{"CDN_MAX_BODY_=1M\n", -1},
		{"CDN_=1\n", -1},
		{"CDN_MAX_BODY_FILE=/dev/null\n", -1},
		{"CDN_REDIS_URL_FILE_FILE=/dev/null\n", -1},
		{"#CDN_MAXBODY=1M\n", 0},
		{"XCDN_MAXBODY=1M\n", 0},
	};
	for (size_t i = 0; i < COUNT(rows); i++) {
		char path[] = "/tmp/test_config.XXXXXX", line[64];
		write_file(path, rows[i].text, strlen(rows[i].text));
		snprintf(line, sizeof line, "CDN_ENV_FILE=%s", path);
		assert_int_equal(load(l, (const char *const[LINES]){line}), rows[i].status);
		assert_int_equal(strstr(l->storage, ": there is no such setting\n") != NULL,
			rows[i].status != 0);
		unlink(path);
	}
}

static void test_secret_from_a_file(void **state)
{
	struct loaded *l = *state;
	char path[] = "/tmp/test_config.XXXXXX", line[64];
	write_file(path, "redis://:pa ss@host\r\n\n", 22);
	snprintf(line, sizeof line, "CDN_REDIS_URL_FILE=%s", path);
	assert_int_equal(load(l, (const char *const[LINES]){line}), 0);
	assert_string_equal(l->config.redis_url, "redis://:pa ss@host");
	/* The value itself comes before the file. */
	const char *const both[LINES] = {line, "CDN_REDIS_URL=unix:///a"};
	assert_int_equal(load(l, both), 0);
	assert_string_equal(l->config.redis_url, "unix:///a");
	unlink(path);
	/* Only secrets may lie in files of their own. */
	assert_int_equal(load(l, (const char *const[LINES]){"CDN_DATA_DIR_FILE=/nowhere"}), 0);
}

static void test_files_that_are_too_long(void **state)
{
	struct loaded *l = *state;
	static char text[64 * 1024 + 1];
	char path[] = "/tmp/test_config.XXXXXX", line[64];
	memset(text, '#', sizeof text);
	write_file(path, text, sizeof text);
	snprintf(line, sizeof line, "CDN_ENV_FILE=%s", path);
	assert_int_equal(load(l, (const char *const[LINES]){line}), -1);
	snprintf(line, sizeof line, "CDN_REDIS_URL_FILE=%s", path);
	assert_int_equal(load(l, (const char *const[LINES]){line}), -1);
	assert_non_null(strstr(l->storage, "CDN_REDIS_URL_FILE: "));
	unlink(path);
}

/* Without memory there is no configuration, rather than half of one. */
static void test_little_memory(void **state)
{
	struct loaded *l = *state;
	char path[] = "/tmp/test_config.XXXXXX", line[64];
	write_file(path, "CDN_PUBLIC_URL=https://example.org/x/\n", 38);
	snprintf(line, sizeof line, "CDN_ENV_FILE=%s", path);
	arena_release(&l->arena);
	for (size_t size = 64; size < 70 * 1024; size += 509) {
		assert_int_equal(arena_init(&l->arena, size), 0);
		if (load(l, (const char *const[LINES]){line}) == 0) {
			assert_string_equal(l->config.public_prefix, "/x");
		}
		arena_release(&l->arena);
	}
	assert_int_equal(l->status, 0);
	assert_int_equal(arena_init(&l->arena, 1024), 0);
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_defaults, setup, teardown),
		cmocka_unit_test_setup_teardown(test_table, setup, teardown),
		cmocka_unit_test_setup_teardown(test_good_values, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lists, setup, teardown),
		cmocka_unit_test_setup_teardown(test_public_url, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mistakes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_every_mistake_is_reported, setup, teardown),
		cmocka_unit_test_setup_teardown(test_env_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_names_in_the_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_secret_from_a_file, setup, teardown),
		cmocka_unit_test_setup_teardown(test_files_that_are_too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(test_little_memory, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
