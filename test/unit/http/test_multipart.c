/* Forms in every cut: whole, byte by byte, split in two at each offset. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/clock.h"
#include "http/multipart.h"

/* What the handler was told, as text: "<name>" or "<name|filename>", the data, "." */
struct record {
	char text[16 * 1024];
	struct buf told;
	bool open;
	unsigned parts;
	int fail_at; /* the callback that shall fail, counted from 1; 0 for none */
};

static int tell(struct record *r, struct error *err)
{
	return --r->fail_at == 0 ? error_set(err, 507, "storage_full", "asked to") : 0;
}

static int on_begin(void *context, const struct part *part, struct error *err)
{
	struct record *r = context;
	assert_false(r->open);
	r->open = true;
	r->parts++;
	buf_put_str(&r->told, "<");
	buf_put(&r->told, part->name);
	if (part->has_filename) {
		buf_put_str(&r->told, "|");
		buf_put(&r->told, part->filename);
	}
	buf_put_str(&r->told, ">");
	return tell(r, err);
}

static int on_data(void *context, struct slice data, struct error *err)
{
	struct record *r = context;
	assert_true(r->open);
	assert_true(data.n > 0);
	buf_put(&r->told, data);
	return tell(r, err);
}

static int on_end(void *context, struct error *err)
{
	struct record *r = context;
	assert_true(r->open);
	r->open = false;
	buf_put_str(&r->told, ".");
	return tell(r, err);
}

static const struct multipart_handler recorder = {on_begin, on_data, on_end};

static void record_init(struct record *r)
{
	*r = (struct record){0};
	buf_init(&r->told, r->text, sizeof r->text - 1);
}

/* Feed pieces of `first` bytes once and of `each` from then on. The status, 0 for success. */
static int parse(
	struct record *r, const char *boundary, struct slice body, size_t first, size_t each)
{
	static struct multipart m;
	struct error err = {0};
	multipart_init(&m, slice_view(boundary), &recorder, r);
	for (size_t n = first; body.n; n = each) {
		struct slice piece = slice_head(body, n);
		/* A copy of the exact size, so that a read past the end is seen. */
		char *copy = malloc(piece.n ? piece.n : 1);
		memcpy(copy, piece.p, piece.n);
		int result = multipart_feed(&m, slice_of(copy, piece.n), &err);
		free(copy);
		if (result != 0) {
			return err.status;
		}
		body = slice_from(body, n);
	}
	return multipart_end(&m, &err) == 0 ? 0 : err.status;
}

static void check_cut(const char *boundary, struct slice body, const char *told, int status,
	size_t first, size_t each)
{
	struct record r;
	record_init(&r);
	assert_int_equal(parse(&r, boundary, body, first, each), status);
	assert_string_equal(r.text, told);
}

static void check_all_cuts(const char *boundary, struct slice body, const char *told, int status)
{
	check_cut(boundary, body, told, status, body.n, 1);
	check_cut(boundary, body, told, status, 1, 1);
	check_cut(boundary, body, told, status, 2, 3);
	for (size_t at = 0; at <= body.n; at++) {
		check_cut(boundary, body, told, status, at, body.n);
	}
}

struct row {
	const char *body, *told;
	int status;
};

static void check_rows(const char *boundary, const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		check_all_cuts(boundary, slice_view(rows[i].body), rows[i].told, rows[i].status);
	}
}

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define HEAD "Content-Disposition: form-data; name=a\r\n\r\n"

static void test_good_bodies(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"--b\r\n" HEAD "hello\r\n--b--\r\n", "<a>hello.", 0},
		{"--b\r\n" HEAD "hello\r\n--b--", "<a>hello.", 0},
		{"\r\n--b\r\n" HEAD "hello\r\n--b--", "<a>hello.", 0},
		{"--b--\r\n", "", 0},
		{"preamble\r\nmore\r\n--b\r\n" HEAD "x\r\n--b--\r\nepilogue\r\n--b\r\n", "<a>x.",
			0},
		{"--b \t \r\n" HEAD "x\r\n--b\t\r\n" HEAD "y\r\n--b-- \t\r\n", "<a>x.<a>y.", 0},
		{"--b\r\n" HEAD "\r\n--b--", "<a>.", 0},
		{"--b\r\n" HEAD "--b--", "<a>.", 0},
		{"--b\r\n" HEAD "--b\r\n" HEAD "\r\n\r\n--b--", "<a>.<a>\r\n.", 0},
		{"--b\r\n" HEAD "\r\n\r\n\r\n\r\n--b--", "<a>\r\n\r\n\r\n.", 0},
		{"--b\r\ncontent-disposition:form-data;NAME=\"a\"\r\nX-Y: z\r\n\r\n1\r\n--b--",
			"<a>1.", 0},
		{"--b\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n" HEAD
		 "aGk=\r\n--b--",
			"<a>aGk=.", 0},
		{"--b\r\nContent-Disposition: form-data; name=\"file\"; "
		 "filename=\"\"\r\n\r\n\r\n--b--",
			"<file|>.", 0},
		{"--b\r\nContent-Disposition: form-data; name=\"file\"; "
		 "filename=\"C:\\x\\y.txt\"\r\n"
		 "\r\nabc\r\n--b--",
			"<file|C:\\x\\y.txt>abc.", 0},
		{"--b\r\nContent-Disposition: form-data; name=\"\"\r\n\r\nx\r\n--b--", "<>x.", 0},
	};
	check_rows("b", rows, COUNT(rows));
}

static void test_near_boundaries(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"--bound\r\n" HEAD "\r\n--bounX\r\n--bound--", "<a>\r\n--bounX.", 0},
		{"--bound\r\n" HEAD "\r\n--boundX\r\n--bound--", "<a>\r\n--boundX.", 0},
		{"--bound\r\n" HEAD "\r\n--bound-X\r\n--bound--", "<a>\r\n--bound-X.", 0},
		{"--bound\r\n" HEAD "\r\n--bound -\r\n--bound--", "<a>\r\n--bound -.", 0},
		{"--bound\r\n" HEAD "\r\n--bound \t\rX\r\n--bound--", "<a>\r\n--bound \t\rX.", 0},
		{"--bound\r\n" HEAD "\r\n--bound\nX\r\n--bound--", "<a>\r\n--bound\nX.", 0},
		{"--bound\r\n" HEAD "\r\n--bound\r\r\n--bound--", "<a>\r\n--bound\r.", 0},
		{"--bound\r\n" HEAD "\r\n--bound\r\n--bound--", "<a>.", 400},
		{"--bound\r\n" HEAD "x\r\r\n--bound--", "<a>x\r.", 0},
		{"--bound\r\n" HEAD "\r\n\r\r\n-\r\n--\r\n--b\r\n--bound--",
			"<a>\r\n\r\r\n-\r\n--\r\n--b.", 0},
		{"--bound\r\n" HEAD "\r\n--bo\r\n--bound--", "<a>\r\n--bo.", 0},
		{"--bound\r\n" HEAD "x\n--bound--\r\n--bound--", "<a>x\n--bound--.", 0},
		{"--bound\r\n" HEAD "--bound--bound\r\n--bound--", "<a>.", 0},
		{"--bound\r\n" HEAD "--boundX\r\n--bound--", "<a>--boundX.", 0},
		{"--bound\r\n" HEAD "-\r\n--bound--", "<a>-.", 0},
		{"--boundX\r\n--bound\r\n" HEAD "x\r\n--bound--", "<a>x.", 0},
		{"x--bound\r\n\r\n--bound\r\n" HEAD "x--bound--\r\n--bound--", "<a>x--bound--.", 0},
	};
	check_rows("bound", rows, COUNT(rows));
	/* A boundary that looks like its own beginning. */
	check_all_cuts("------", slice_view("--------\r\n" HEAD "\r\n-------\r\n----------"),
		"<a>\r\n-------.", 0);
}

static void test_bad_bodies(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"", "", 400},
		{"no form at all", "", 400},
		{"--b", "", 400},
		{"--b-", "", 400},
		{"--b\r\n", "", 400},
		{"--b\r\n" HEAD "hello", "<a>hello", 400},
		{"--b\r\n" HEAD "hello\r\n--b\r\n", "<a>hello.", 400},
		{"--b\r\n" HEAD "hello\r\n--b-", "<a>hello", 400},
		{"--b\n" HEAD "hello\n--b--\n", "", 400},
		{"--b\r\nContent-Disposition: form-data; name=a\n\nx\r\n--b--", "", 400},
		{"--b\r\nContent-Disposition: form-data; name=a\r\n\nx\r\n--b--", "", 400},
		{"--b\r\nContent-Disposition: form-data;\r\n name=a\r\n\r\nx\r\n--b--", "", 400},
		{"--b\r\nContent-Disposition: form-data;\r\n\tname=a\r\n\r\nx\r\n--b--", "", 400},
		{"--b\r\nno colon\r\n" HEAD "x\r\n--b--", "", 400},
		{"--b\r\n: empty name\r\n" HEAD "x\r\n--b--", "", 400},
		{"--b\r\nX : space\r\n" HEAD "x\r\n--b--", "", 400},
		{"--b\r\nX: a\rb\r\n" HEAD "x\r\n--b--", "", 400},
		{"--b\r\n\r\nx\r\n--b--", "", 400},
		{"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", "", 400},
		{"--b\r\nContent-Disposition: form-data; filename=a\r\n\r\nx\r\n--b--", "", 400},
	};
	check_rows("b", rows, COUNT(rows));
	static const char nul[] = "--b\r\nX: \0\r\n" HEAD "x\r\n--b--";
	check_all_cuts("b", slice_of(nul, sizeof nul - 1), "", 400);
}

/* One part with `lines` more header lines of `length` bytes each. */
static int parse_long_head(size_t lines, size_t length)
{
	static char body[64 * 1024];
	struct buf b;
	buf_init(&b, body, sizeof body);
	buf_put_str(&b, "--b\r\n");
	for (size_t i = 0; i < lines; i++) {
		buf_printf(&b, "X:%0*d\r\n", (int)length - 4, 0);
	}
	buf_put_str(&b, HEAD "x\r\n--b--");
	assert_false(b.failed);
	struct record whole, bytes;
	record_init(&whole);
	record_init(&bytes);
	int status = parse(&whole, "b", buf_view(&b), b.n, 1);
	assert_int_equal(parse(&bytes, "b", buf_view(&b), 1, 1), status);
	return status;
}

static void test_header_limits(void **state)
{
	(void)state;
	size_t head = sizeof HEAD - 1;
	assert_int_equal(parse_long_head(1, MULTIPART_HEAD_MAX - head), 0);
	assert_int_equal(parse_long_head(1, MULTIPART_HEAD_MAX - head + 1), 400);
	assert_int_equal(parse_long_head(1, 9000), 400);
	assert_int_equal(parse_long_head(MULTIPART_LINES_MAX - 1, 10), 0);
	assert_int_equal(parse_long_head(MULTIPART_LINES_MAX, 10), 400);
	assert_int_equal(parse_long_head(200, 10), 400);
}

static int parse_padding(size_t n, const char *end)
{
	char body[256];
	struct record r;
	snprintf(body, sizeof body, "--b%*s%s" HEAD "x\r\n--b--", (int)n, "", end);
	record_init(&r);
	return parse(&r, "b", slice_view(body), 1, 1);
}

static void test_padding_limit(void **state)
{
	(void)state;
	assert_int_equal(parse_padding(MULTIPART_PADDING_MAX, "\r\n"), 0);
	assert_int_equal(parse_padding(MULTIPART_PADDING_MAX + 1, "\r\n"), 400);
	assert_int_equal(parse_padding(MULTIPART_PADDING_MAX, "X\r\n--b\r\n"), 0);
}

/* A body of n parts with nothing in them. */
static int parse_many(size_t n, unsigned *parts)
{
	static char body[1 << 20];
	struct buf b;
	buf_init(&b, body, sizeof body);
	for (size_t i = 0; i < n; i++) {
		buf_put_str(&b, "--b\r\n" HEAD "\r\n");
	}
	buf_put_str(&b, "--b--");
	assert_false(b.failed);
	struct record r;
	record_init(&r);
	int status = parse(&r, "b", buf_view(&b), 4096, 4096);
	*parts = r.parts;
	return status;
}

static void test_part_limit(void **state)
{
	(void)state;
	unsigned parts;
	assert_int_equal(parse_many(MULTIPART_PARTS_MAX, &parts), 0);
	assert_int_equal(parts, MULTIPART_PARTS_MAX);
	assert_int_equal(parse_many(MULTIPART_PARTS_MAX + 1, &parts), 400);
	assert_int_equal(parse_many(10000, &parts), 400);
	assert_int_equal(parts, MULTIPART_PARTS_MAX);
}

static void test_longest_boundary(void **state)
{
	(void)state;
	char boundary[MEDIATYPE_BOUNDARY_MAX + 1], body[512];
	memset(boundary, '\'', sizeof boundary - 1);
	boundary[sizeof boundary - 1] = '\0';
	snprintf(body, sizeof body, "--%s\r\n" HEAD "\r\n--%.60s\r\n--%s--", boundary, boundary,
		boundary);
	char told[128];
	snprintf(told, sizeof told, "<a>\r\n--%.60s.", boundary);
	check_all_cuts(boundary, slice_view(body), told, 0);
}

static void test_handler_ends_it(void **state)
{
	(void)state;
	struct slice body = slice_view("--b\r\n" HEAD "x\r\n--b\r\n" HEAD "y\r\n--b--");
	for (int at = 1; at <= 6; at++) {
		for (size_t each = 1; each <= body.n; each += body.n - 1) {
			struct record r;
			record_init(&r);
			r.fail_at = at;
			assert_int_equal(parse(&r, "b", body, each, each), 507);
			assert_int_equal(r.fail_at, 0);
		}
	}
}

static void test_nothing_after_a_failure(void **state)
{
	(void)state;
	static struct multipart m;
	struct record r;
	struct error err;
	record_init(&r);
	multipart_init(&m, slice_view("b"), &recorder, &r);
	assert_int_equal(multipart_feed(&m, slice_view("--b\r\nbad\r\n"), &err), -1);
	assert_int_equal(multipart_feed(&m, slice_view("\r\n--b--"), &err), -1);
	assert_int_equal(multipart_end(&m, &err), -1);
	assert_string_equal(r.text, "");
	assert_true(sizeof m <= 12 * 1024);
}

/* Whether a delimiter stands at `at`; its end, and whether it is the closing one. */
static bool reference_delimiter(const char *s, size_t at, size_t *end, bool *closing)
{
	static const char mark[] = "\r\n--b";
	if (strncmp(s + at, mark, sizeof mark - 1) != 0) {
		return false;
	}
	at += sizeof mark - 1;
	*closing = s[at] == '-' && s[at + 1] == '-';
	*end = at + strspn(s + at, " \t") + 2;
	return *closing || strncmp(s + *end - 2, "\r\n", 2) == 0;
}

/* The whole body at once, offset by offset. False when it is no complete form. */
static bool reference(const char *s, struct buf *told)
{
	size_t end, start = 0;
	bool in_part = false, closing;
	for (size_t at = 0; s[at]; at++) {
		if (!reference_delimiter(s, at, &end, &closing)) {
			continue;
		}
		if (in_part) {
			buf_put(told, slice_of(s + start + 2, at > start ? at - start - 2 : 0));
			buf_put_str(told, ".");
		}
		if (closing) {
			return true;
		}
		if (strncmp(s + end, HEAD, sizeof HEAD - 1) != 0) {
			return false;
		}
		buf_put_str(told, "<a>");
		in_part = true;
		start = end + sizeof HEAD - 1 - 2;
		at = start - 1;
	}
	return false;
}

static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

static void put_noise(struct buf *b, uint32_t *seed)
{
	static const char *const pieces[] = {"\r", "\n", "-", "b", " ", "\t", "x", "\r\n", "--",
		"\r\n-", "\r\n--", "\r\n--b", "\r\n--b-", "\r\n--b ", "--b", "\r\n--b \r"};
	for (uint32_t n = next_random(seed) % 8; n; n--) {
		buf_put_str(b, pieces[next_random(seed) % COUNT(pieces)]);
	}
}

static void test_against_reference(void **state)
{
	(void)state;
	uint32_t seed = 2463534242u;
	size_t good = 0;
	for (int round = 0; round < 20000; round++) {
		char body[1024] = "\r\n";
		struct buf b, told;
		buf_init(&b, body, sizeof body - 1);
		buf_put_str(&b, "\r\n");
		put_noise(&b, &seed);
		for (uint32_t n = next_random(&seed) % 4; n; n--) {
			buf_put_str(&b, "\r\n--b\r\n" HEAD);
			put_noise(&b, &seed);
		}
		buf_put_str(&b, "\r\n--b--");
		struct slice sent = slice_from(buf_view(&b), 2);
		struct record expected, r;
		record_init(&expected);
		told = expected.told;
		bool complete = reference(body, &told);
		record_init(&r);
		size_t each = 1 + next_random(&seed) % 12;
		assert_int_equal(parse(&r, "b", sent, each, each), complete ? 0 : 400);
		if (complete) {
			assert_int_equal(r.told.n, told.n);
			assert_memory_equal(r.text, told.p, told.n);
			good++;
		}
	}
	assert_true(good > 5000);
}

/* Quadratic time would take hours. */
static void test_floods_are_linear(void **state)
{
	(void)state;
	static const char *const floods[] = {"\r", "\r\n-", "\r\n--", "\r\n--bbbbbbbbbbbbbbb", "b"};
	static char flood[1 << 20];
	for (size_t i = 0; i < COUNT(floods); i++) {
		static struct multipart m;
		struct error err;
		for (size_t at = 0; at < sizeof flood; at++) {
			flood[at] = floods[i][at % strlen(floods[i])];
		}
		multipart_init(&m, slice_view("bbbbbbbbbbbbbbbb"), &recorder, NULL);
		int64_t before = clock_monotonic_ms();
		for (int n = 0; n < 16; n++) {
			assert_int_equal(
				multipart_feed(&m, slice_of(flood, sizeof flood), &err), 0);
		}
		assert_true(clock_monotonic_ms() - before < 20000);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_bodies),
		cmocka_unit_test(test_near_boundaries),
		cmocka_unit_test(test_bad_bodies),
		cmocka_unit_test(test_header_limits),
		cmocka_unit_test(test_padding_limit),
		cmocka_unit_test(test_part_limit),
		cmocka_unit_test(test_longest_boundary),
		cmocka_unit_test(test_handler_ends_it),
		cmocka_unit_test(test_nothing_after_a_failure),
		cmocka_unit_test(test_against_reference),
		cmocka_unit_test(test_floods_are_linear),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
