/* Lines for the operator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/log.h"

enum { LINE_MAX_BYTES = 1024 };

static int ends[2];
static char seen[4 * LINE_MAX_BYTES];

static int setup(void **state)
{
	(void)state;
	return pipe2(ends, O_NONBLOCK);
}

static int teardown(void **state)
{
	(void)state;
	return close(ends[0]) | close(ends[1]);
}

static const char *read_back(void)
{
	ssize_t n = read(ends[0], seen, sizeof seen - 1);
	seen[n > 0 ? n : 0] = '\0';
	return seen;
}

static void says_who_and_how_bad(void **state)
{
	(void)state;
	static const struct {
		enum log_level level;
		const char *name;
	} levels[] = {{LOG_INFO, "info"}, {LOG_WARNING, "warning"}, {LOG_ERROR, "error"}};
	struct log log = {ends[1], "cdn.fcgi"};
	for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
		char expected[128];
		snprintf(expected, sizeof expected, "cdn.fcgi[%ld]: %s: disk 7\n", (long)getpid(),
			levels[i].name);
		log_say(&log, levels[i].level, "disk %d", 7);
		assert_string_equal(read_back(), expected);
	}
}

static void a_sentence_stays_one_line(void **state)
{
	(void)state;
	struct log log = {ends[1], "p"};
	log_say(&log, LOG_INFO, "%s", "a\nERROR b\r\x1b[2J\x7f\t\xc3\xa9");
	const char *body = strstr(read_back(), "info: ");
	assert_non_null(body);
	assert_string_equal(body, "info: a?ERROR b??[2J??\xc3\xa9\n");
}

static void a_long_sentence_is_cut(void **state)
{
	(void)state;
	struct log log = {ends[1], "p"};
	log_say(&log, LOG_INFO, "%5000d", 1);
	size_t n = strlen(read_back());
	assert_in_range(n, LINE_MAX_BYTES - 1, LINE_MAX_BYTES + 1);
	assert_int_equal(seen[n - 1], '\n');
	assert_ptr_equal(strchr(seen, '\n'), seen + n - 1);
}

static void a_line_is_written_as_it_is(void **state)
{
	(void)state;
	struct log log = {ends[1], "p"};
	log_line(&log, slice_view("{\"status\":200}"));
	assert_string_equal(read_back(), "{\"status\":200}\n");
	log_line(&log, slice_view(NULL));
	assert_string_equal(read_back(), "\n");
}

static void a_log_that_cannot_be_written_is_no_failure(void **state)
{
	(void)state;
	struct log log = {-1, "p"};
	log_say(&log, LOG_ERROR, "nobody reads this");
	log_line(&log, slice_view("nor this"));
	assert_string_equal(read_back(), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(says_who_and_how_bad, setup, teardown),
		cmocka_unit_test_setup_teardown(a_sentence_stays_one_line, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_sentence_is_cut, setup, teardown),
		cmocka_unit_test_setup_teardown(a_line_is_written_as_it_is, setup, teardown),
		cmocka_unit_test_setup_teardown(
			a_log_that_cannot_be_written_is_no_failure, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
