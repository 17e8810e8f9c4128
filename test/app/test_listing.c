/* GET /api/v4/uploads and /api/v4/uploads/:id: every file once, newest first, and nobody else's. */
#include "fixture.h"

#include "app/cursor.h"
#include "store/file.h"
#include "store/listing.h"
#include "store/names.h"

enum { FILES_MAX = 2600 };

/* Of a time long before any upload of these tests: an id is i's time and then i. */
static const int64_t epoch_ms = 1700000000000;

struct seen {
	size_t count, pages, short_pages;
	char ids[FILES_MAX][UUID_SIZE];
	char cursor[CURSOR_SIZE]; /* "" at the end */
};

static int close_all(void **state)
{
	fixture_close(*state);
	return 0;
}

static void redis(struct fixture *f, const char *const *words)
{
	struct error err;
	const struct redisReply *reply;
	if (redis_call(f->redis, &f->arena, words, &reply, &err) != 0) {
		fail_msg("%s", err.detail);
	}
}

static int open_all(void **state)
{
	static struct fixture f;
	const char *const fast[] = {"CONFIG", "SET", "appendfsync", "no", NULL};
	fixture_open(&f, TIER_FUNCTIONALLY_UNLIMITED, NULL, 0);
	redis(&f, fast);
	*state = &f;
	return 0;
}

/* Seven files a millisecond. */
static void make_id(unsigned i, char id[UUID_SIZE])
{
	const unsigned char random[UUID_RANDOM] = {
		0, 0, 0, 0, 0, 0, 0, 0, (unsigned char)(i >> 8), (unsigned char)i};
	uuid_format(epoch_ms + i / 7, random, id);
}

/* As an upload would, without the bytes. */
static void add(struct fixture *f, unsigned i, const char *name)
{
	char id[UUID_SIZE];
	struct error err;
	make_id(i, id);
	const struct file_attempt no_key = {0};
	fixture_rest(f);
	const struct record record = {
		.id = id,
		.owner = f->account,
		.filename = name,
		.size = 1,
		.content_type = "text/plain; charset=utf-8",
		.ext = "bin",
		.sha256 = "0011223344556677889900aabbccddeeff0011223344556677889900aabbccddee" + 2,
		.created_ms = epoch_ms + i / 7,
		.provenance = "upload",
		.original_url = "",
	};
	if (file_commit(f->redis, &f->arena, &record, UINT64_MAX / 4, &no_key, &err) != 0) {
		fail_msg("%s", err.detail);
	}
}

static void add_many(struct fixture *f, unsigned from, unsigned to, const char *pattern)
{
	for (unsigned i = from; i < to; i++) {
		char name[64];
		snprintf(name, sizeof name, pattern, i);
		add(f, i, name);
	}
}

static void take_away(struct fixture *f, unsigned i)
{
	char id[UUID_SIZE];
	struct error err;
	make_id(i, id);
	fixture_rest(f);
	assert_int_equal(file_remove(f->redis, &f->arena, f->account, id, &err), 0);
}

/* Another account for each test, so that none finds what another left. */
static void begin(struct fixture *f)
{
	static int number;
	char email[64];
	snprintf(email, sizeof email, "listing-%d@example.org", number++);
	fixture_account(f, email, TIER_FUNCTIONALLY_UNLIMITED, &f->account, &f->key);
}

static int ask(struct fixture *f, const char *query)
{
	char target[2048];
	snprintf(target, sizeof target, "/api/v4/uploads%s%s", *query ? "?" : "", query);
	return fixture_get(f, "GET", target, f->key);
}

/* The answer's ids are added to what was seen, in order. */
static void take_page(struct fixture *f, struct seen *seen)
{
	static const char mark[] = "\"id\":\"";
	const char *at = f->body.p;
	seen->pages++;
	while ((at = strstr(at, mark))) {
		at += strlen(mark);
		assert_true(seen->count < FILES_MAX);
		snprintf(seen->ids[seen->count++], UUID_SIZE, "%s", at);
	}
	snprintf(seen->cursor, sizeof seen->cursor, "%s", fixture_text(f, "next_cursor"));
	assert_true(*seen->cursor || strstr(f->body.p, "\"next_cursor\":null"));
}

static void next_page(struct fixture *f, struct seen *seen, size_t limit, const char *query)
{
	char text[1024];
	snprintf(text, sizeof text, "limit=%zu%s%s%s%s", limit, *query ? "&query=" : "", query,
		*seen->cursor ? "&cursor=" : "", seen->cursor);
	size_t before = seen->count;
	assert_int_equal(ask(f, text), 200);
	take_page(f, seen);
	assert_true(seen->count - before <= limit);
	if (*seen->cursor && seen->count - before < limit) {
		seen->short_pages++;
	}
}

static void read_all(struct fixture *f, struct seen *seen, size_t limit, const char *query)
{
	memset(seen, 0, sizeof *seen);
	do {
		next_page(f, seen, limit, query);
	} while (*seen->cursor);
}

/* Exactly the files from `to` - 1 down to `from`. */
static void check_all(const struct seen *seen, unsigned from, unsigned to)
{
	assert_int_equal(seen->count, to - from);
	for (size_t i = 0; i < seen->count; i++) {
		char id[UUID_SIZE];
		make_id(to - 1 - (unsigned)i, id);
		assert_string_equal(seen->ids[i], id);
	}
}

static void test_pages(void **state)
{
	struct fixture *f = *state;
	static struct seen seen;
	static const struct {
		size_t limit, pages;
	} rows[] = {{1, 120}, {7, 18}, {40, 3}, {50, 3}, {60, 2}, {99, 2}, {100, 2}};
	begin(f);
	add_many(f, 0, 120, "file-%u.txt");
	for (size_t i = 0; i < COUNT(rows); i++) {
		read_all(f, &seen, rows[i].limit, "");
		check_all(&seen, 0, 120);
		assert_int_equal(seen.pages, rows[i].pages);
		assert_int_equal(seen.short_pages, 0);
		read_all(f, &seen, rows[i].limit, "FILE");
		check_all(&seen, 0, 120);
		assert_int_equal(seen.pages, rows[i].pages);
	}
}

static void test_empty(void **state)
{
	struct fixture *f = *state;
	begin(f);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(f, i ? "query=a" : ""), 200);
		assert_string_equal(f->body.p, "{\"uploads\":[],\"next_cursor\":null}");
	}
}

static void test_limits(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"0", "101", "-1", "%2B1", "1e1", "x", "5+", "+5", "0x10",
		"1.0", "18446744073709551617", "1,2"};
	static const struct {
		const char *query;
		size_t count;
	} good[] = {{"", 50}, {"limit=1", 1}, {"limit=100", 100}, {"limit=007", 7}, {"query=", 50},
		{"limit=", 50}, {"cursor=", 50}, {"limit=&cursor=&query=", 50},
		{"limit=2&limit=0", 2}, {"Limit=3", 50}, {"other=%ff&limit=4", 4}};
	begin(f);
	add_many(f, 0, 101, "%u");
	for (size_t i = 0; i < COUNT(bad); i++) {
		char query[64];
		snprintf(query, sizeof query, "limit=%s", bad[i]);
		assert_int_equal(ask(f, query), 400);
		assert_string_equal(fixture_text(f, "code"), "bad_request");
		assert_string_equal(fixture_text(f, "parameter"), "limit");
		assert_string_equal(
			fixture_text(f, "detail"), "limit must be a number from 1 to 100");
	}
	for (size_t i = 0; i < COUNT(good); i++) {
		struct seen seen = {0};
		assert_int_equal(ask(f, good[i].query), 200);
		take_page(f, &seen);
		assert_int_equal(seen.count, good[i].count);
	}
}

/* A file object of a page is the one that the upload was answered with. */
static void test_object(void **state)
{
	struct fixture *f = *state;
	char object[1024], target[128], want[1100];
	begin(f);
	assert_int_equal(
		fixture_upload(f, f->key, "sm\xc3\xb6rg\xc3\xa5s b.txt", slice_view("some text")),
		201);
	snprintf(object, sizeof object, "%.*s", (int)f->body.n, f->body.p);
	snprintf(target, sizeof target, "/api/v4/uploads/%s", fixture_text(f, "id"));
	assert_int_equal(ask(f, ""), 200);
	snprintf(want, sizeof want, "{\"uploads\":[%s],\"next_cursor\":null}", object);
	assert_string_equal(f->body.p, want);
	assert_int_equal(fixture_get(f, "GET", target, f->key), 200);
	assert_string_equal(f->body.p, object);
	assert_int_equal(fixture_get(f, "HEAD", target, f->key), 200);
	assert_int_equal(fixture_get(f, "HEAD", "/api/v4/uploads", f->key), 200);
	assert_int_equal(fixture_get(f, "GET", target, NULL), 401);
	assert_int_equal(fixture_get(f, "GET", "/api/v4/uploads", NULL), 401);
	assert_string_equal(fixture_header(f, "Cache-Control"), "no-store");
}

static void test_not_yours(void **state)
{
	struct fixture *f = *state;
	char target[128], id[UUID_SIZE];
	static const char *const ids[] = {
		"0193a1b2-c3d4-7e5f-8a9b-0123456ababc",
		"0193A1B2-C3D4-7E5F-8A9B-0123456ABABC",
		"0193a1b2-c3d4-4e5f-8a9b-0123456ababc",
		"0193a1b2-c3d4-7e5f-8a9b-0123456ababcd",
		"x",
		"*",
		"batch",
		"%7Busr_x%7D",
	};
	begin(f);
	add_many(f, 0, 3, "%u");
	make_id(0, id);
	snprintf(target, sizeof target, "/api/v4/uploads/%s", id);
	assert_int_equal(fixture_get(f, "GET", target, f->key), 200);
	for (char *c = target + strlen(target) - UUID_LENGTH; *c; c++) {
		*c = (char)(*c >= 'a' ? *c - 32 : *c);
	}
	assert_int_equal(fixture_get(f, "GET", target, f->key), 404);
	begin(f);
	snprintf(target, sizeof target, "/api/v4/uploads/%s", id);
	assert_int_equal(fixture_get(f, "GET", target, f->key), 404);
	for (size_t i = 0; i < COUNT(ids); i++) {
		snprintf(target, sizeof target, "/api/v4/uploads/%s", ids[i]);
		assert_int_equal(fixture_get(f, "GET", target, f->key), 404);
		assert_string_equal(fixture_text(f, "code"), "upload_not_found");
		assert_string_equal(fixture_text(f, "error"), "Upload not found");
	}
	for (int i = 0; i < 2; i++) {
		assert_int_equal(ask(f, i ? "query=0" : ""), 200);
		assert_string_equal(f->body.p, "{\"uploads\":[],\"next_cursor\":null}");
	}
}

/* Between any two pages files come and go, the one that the cursor names among them. */
static void coming_and_going(struct fixture *f, const char *query)
{
	static struct seen seen;
	bool found[100] = {false};
	memset(&seen, 0, sizeof seen);
	begin(f);
	add_many(f, 100, 200, "file-%u");
	for (unsigned page = 0; page == 0 || *seen.cursor; page++) {
		char next[UUID_SIZE];
		next_page(f, &seen, 5, query);
		if (page % 2 == 0 && seen.count < 95) {
			/* The cursor's own file, one told before it, one to come. */
			for (unsigned i = 100; i < 200; i++) {
				make_id(i, next);
				if (strcmp(next, seen.ids[seen.count - 1]) == 0) {
					take_away(f, i);
					take_away(f, i + 1);
					take_away(f, i - 2);
				}
			}
		}
		add_many(f, 200 + page, 201 + page, "file-%u");
	}
	for (size_t i = 1; i < seen.count; i++) {
		assert_true(strcmp(seen.ids[i], seen.ids[i - 1]) < 0);
	}
	/* Whatever is there at the end, and was at the beginning, was told. */
	static struct seen left;
	read_all(f, &left, 100, "");
	for (size_t i = 0; i < left.count; i++) {
		char id[UUID_SIZE];
		make_id(200, id);
		for (size_t k = 0; k < seen.count; k++) {
			found[i] = found[i] || strcmp(seen.ids[k], left.ids[i]) == 0;
		}
		assert_true(found[i] || strcmp(left.ids[i], id) >= 0);
	}
	assert_true(left.count > 60 && left.count < 100);
}

static void test_coming_and_going(void **state)
{
	coming_and_going(*state, "");
	coming_and_going(*state, "file");
}

static void refuse_cursor(struct fixture *f, const char *cursor, const char *query)
{
	char text[256];
	snprintf(text, sizeof text, "cursor=%s%s%s", cursor, *query ? "&query=" : "", query);
	assert_int_equal(ask(f, text), 400);
	assert_string_equal(fixture_text(f, "code"), "bad_request");
	assert_string_equal(fixture_text(f, "parameter"), "cursor");
	assert_true(*fixture_text(f, "detail"));
}

static void test_cursors(void **state)
{
	struct fixture *f = *state;
	static struct seen seen, of_query;
	char text[CURSOR_SIZE + 8];
	memset(&seen, 0, sizeof seen);
	memset(&of_query, 0, sizeof of_query);
	begin(f);
	add_many(f, 0, 20, "abc-%u");
	next_page(f, &seen, 5, "");
	next_page(f, &of_query, 5, "abc");
	assert_int_equal(strlen(seen.cursor), CURSOR_LENGTH);
	assert_int_equal(strspn(seen.cursor, "0123456789abcdef"), CURSOR_LENGTH);
	for (size_t i = 0; i < CURSOR_LENGTH; i++) {
		snprintf(text, sizeof text, "%s", seen.cursor);
		text[i] = text[i] == '0' ? '1' : '0';
		refuse_cursor(f, text, "");
		snprintf(text, sizeof text, "%s", seen.cursor);
		if (text[i] >= 'a') {
			text[i] = (char)(text[i] - 32);
			refuse_cursor(f, text, "");
		}
		snprintf(text, sizeof text, "%.*s", (int)i, seen.cursor);
		if (*text) {
			refuse_cursor(f, text, "");
		}
	}
	snprintf(text, sizeof text, "%s0", seen.cursor);
	refuse_cursor(f, text, "");
	refuse_cursor(f, seen.ids[4], "");
	refuse_cursor(f, "null", "");
	refuse_cursor(f, of_query.cursor, "");
	refuse_cursor(f, seen.cursor, "abc");
	refuse_cursor(f, of_query.cursor, "ab");
	refuse_cursor(f, of_query.cursor, "Abc");
	const char *key = f->key;
	begin(f);
	add_many(f, 0, 20, "abc-%u");
	refuse_cursor(f, seen.cursor, "");
	f->key = key;
	snprintf(text, sizeof text, "cursor=%s", seen.cursor);
	assert_int_equal(ask(f, text), 200);
}

static const char longest[] =
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	"ccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc";

/* The files that a query finds, oldest first, as digits and letters. */
static void check_found(struct fixture *f, const char *query, const char *want)
{
	static struct seen seen;
	char found[64] = "";
	read_all(f, &seen, 2, query);
	for (size_t i = seen.count; i > 0; i--) {
		for (unsigned k = 0; k < 36; k++) {
			char id[UUID_SIZE];
			make_id(k, id);
			if (strcmp(id, seen.ids[i - 1]) == 0) {
				size_t n = strlen(found);
				found[n] = "0123456789abcdefghijklmnopqrstuvwxyz"[k];
				found[n + 1] = '\0';
			}
		}
	}
	if (strcmp(found, want) != 0) {
		fail_msg("query %s: found %s, not %s", query, found, want);
	}
}

static void test_queries(void **state)
{
	struct fixture *f = *state;
	static const char *const names[] = {"Photo.jpg", "photo", "PHOTOS.zip", "phot",
		"[x](y).txt", "(x", "+x", "100%",
		"\xc3\x9cn\xc3\xaf"
		"code.txt",
		"\xc3\xbcn\xc3\xaf"
		"code.txt",
		longest, "a b", "-rf", "x",
		"\xf0\x9f\x98\x80"
		".png",
		"\xf4\x8f\xbf\xbf", "*", "?"};
	static const struct {
		const char *query, *found;
	} rows[] = {
		{"photo", "012"},
		{"PHOTO", "012"},
		{"phot", "0123"},
		{"pHoTo.", "0"},
		{"photos.zip", "2"},
		{"photos.zipp", ""},
		{"hoto", ""},
		{"[", "4"},
		{"%5bX%5D", "4"},
		{"(", "5"},
		{"(x", "5"},
		{"%2b", "6"},
		{"100%25", "7"},
		{"100%25%25", ""},
		{"%c3", NULL},
		{"%c3%9c", "8"},
		{"%c3%9cN", "8"},
		{"%c3%bc", "9"},
		{"%c3%bcn%c3%afCODE", "9"},
		{"a", "ab"},
		{"A+", "b"},
		{"-", "c"},
		{"x", "d"},
		{"%f0%9f%98%80", "e"},
		{"%f4%8f%bf%bf", "f"},
		{"*", "g"},
		{"%3f", "h"},
		{"%ff", NULL},
		{"%00", NULL},
		{"photo%00", NULL},
		{"%ed%a0%80", NULL},
		{"%zz", NULL},
		{"%01", ""},
		{"photo.jpg%01", ""},
	};
	begin(f);
	for (unsigned i = 0; i < COUNT(names); i++) {
		add(f, i, names[i]);
	}
	for (size_t i = 0; i < COUNT(rows); i++) {
		char text[256];
		snprintf(text, sizeof text, "query=%s", rows[i].query);
		if (rows[i].found) {
			check_found(f, rows[i].query, rows[i].found);
		} else {
			assert_int_equal(ask(f, text), 400);
			assert_string_equal(fixture_text(f, "code"), "bad_request");
		}
	}
	check_found(f, longest, "a");
	/* The index knows of no file any more, and each is found all the same. */
	const char *const del[] = {"DEL", name_account_names(&f->arena, f->account), NULL};
	redis(f, del);
	for (size_t i = 0; i < COUNT(rows); i++) {
		if (rows[i].found) {
			check_found(f, rows[i].query, rows[i].found);
		}
	}
}

/* More matches than one step takes, behind as many files that are none. */
static void test_many_matches(void **state)
{
	struct fixture *f = *state;
	static struct seen seen;
	begin(f);
	add_many(f, 0, LISTING_STEPS + 200, "Match-%u");
	add_many(f, LISTING_STEPS + 200, FILES_MAX - 100, "other-%u");
	read_all(f, &seen, 100, "mat");
	check_all(&seen, 0, LISTING_STEPS + 200);
	assert_int_equal(seen.short_pages, 0);
	read_all(f, &seen, 77, "other");
	check_all(&seen, LISTING_STEPS + 200, FILES_MAX - 100);
	read_all(f, &seen, 100, "match-1");
	assert_int_equal(seen.count, 1 + 10 + 100 + 200);
	/* Those of the walk and of the index are in one order: a cursor serves both. */
	for (unsigned i = 0; i < 300; i++) {
		take_away(f, i);
	}
	read_all(f, &seen, 100, "m");
	check_all(&seen, 300, LISTING_STEPS + 200);
}

static void test_no_record(void **state)
{
	struct fixture *f = *state;
	static struct seen seen;
	begin(f);
	add_many(f, 0, 30, "file-%u");
	for (unsigned i = 20; i < 30; i++) {
		char id[UUID_SIZE];
		make_id(i, id);
		const char *const hdel[] = {
			"HDEL", name_account_records(&f->arena, f->account), id, NULL};
		redis(f, hdel);
	}
	for (size_t limit = 1; limit <= 30; limit += 7) {
		read_all(f, &seen, limit, "");
		check_all(&seen, 0, 20);
		read_all(f, &seen, limit, "file");
		check_all(&seen, 0, 20);
	}
}

/* Before there was an index of names, each record was a hash of its own. */
static void test_old_records(void **state)
{
	struct fixture *f = *state;
	static struct seen seen;
	begin(f);
	add_many(f, 0, 20, "File-%u");
	for (unsigned i = 0; i < 20; i += 2) {
		char id[UUID_SIZE], target[128], member[64];
		make_id(i, id);
		struct arena *a = &f->arena;
		const char *account = name_account(a, f->account);
		const char *const hset[] = {"HSET", arena_printf(a, "%s:file:%s", account, id),
			"filename", "File-old", "size", "1", "content_type", "text/plain", "ext",
			"bin", "provenance", "upload", "sha256", "0123456789abcdef0123456789abcdef",
			NULL};
		const char *const hdel[] = {"HDEL", name_account_records(a, f->account), id, NULL};
		snprintf(member, sizeof member, "[file-%u", i);
		const char *const zrem[] = {"ZREMRANGEBYLEX", name_account_names(a, f->account),
			member, arena_printf(a, "%s\x01", member), NULL};
		redis(f, hset);
		redis(f, hdel);
		redis(f, zrem);
		snprintf(target, sizeof target, "/api/v4/uploads/%s", id);
		assert_int_equal(fixture_get(f, "GET", target, f->key), 200);
		assert_string_equal(fixture_text(f, "filename"), "File-old");
	}
	read_all(f, &seen, 7, "");
	check_all(&seen, 0, 20);
	read_all(f, &seen, 7, "file");
	check_all(&seen, 0, 20);
	read_all(f, &seen, 7, "FILE-OLD");
	assert_int_equal(seen.count, 10);
}

/* The largest page there can be fits into a request's memory. */
static void test_longest_names(void **state)
{
	struct fixture *f = *state;
	static struct seen seen;
	char name[256];
	for (size_t i = 0; i < 255; i += 3) {
		snprintf(name + i, sizeof name - i, "\xe2\x82\xac");
	}
	begin(f);
	for (unsigned i = 0; i < 100; i++) {
		add(f, i, name);
	}
	read_all(f, &seen, 100, "");
	check_all(&seen, 0, 100);
	assert_int_equal(seen.pages, 1);
	read_all(f, &seen, 100, "%e2%82%ac");
	check_all(&seen, 0, 100);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_object),
		cmocka_unit_test(test_not_yours),
		cmocka_unit_test(test_coming_and_going),
		cmocka_unit_test(test_cursors),
		cmocka_unit_test(test_queries),
		cmocka_unit_test(test_many_matches),
		cmocka_unit_test(test_no_record),
		cmocka_unit_test(test_old_records),
		cmocka_unit_test(test_longest_names),
	};
	return cmocka_run_group_tests(tests, open_all, close_all);
}
