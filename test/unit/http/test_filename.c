/* Names: what users send, and whether URL and Content-Disposition give the clean name back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/buf.h"
#include "base/number.h"
#include "http/filename.h"

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	return arena_init(&arena, 64 * 1024);
}

static int teardown(void **state)
{
	(void)state;
	arena_release(&arena);
	return 0;
}

struct row {
	const char *raw, *clean;
};

static const struct row rows[] = {
	{"photo.png", "photo.png"},
	{"my file (1).tar.gz", "my file (1).tar.gz"},
	{"\xe6\x97\xa5\xe6\x9c\xac.png", "\xe6\x97\xa5\xe6\x9c\xac.png"},
	{"\xf0\x9f\x8e\x89.gif", "\xf0\x9f\x8e\x89.gif"},
	{".htaccess", ".htaccess"},
	{"CON.txt", "CON.txt"},
	{"-rf", "-rf"},
	{"...", "..."},
	{"a'b&c=d+e,f!g~h@i", "a'b&c=d+e,f!g~h@i"},
	/* the base name */
	{"C:\\x\\y.txt", "y.txt"},
	{"../../etc/passwd", "passwd"},
	{"a/b\\c", "c"},
	{"a\\b/c", "c"},
	{"dir/", "download"},
	{"dir\\", "download"},
	/* percent-decoding, before everything but the base name */
	{"a%20b.png", "a b.png"},
	{"caf%C3%A9.png", "caf\xc3\xa9.png"},
	{"..%2F..%2Fetc%2Fpasswd", "..-..-etc-passwd"},
	{"..%5c..%5Cboot.ini", "..-..-boot.ini"},
	{"%2e%2e", "download"},
	{"%2E", "download"},
	{"%252e%252e%252fx", "-2e-2e-2fx"},
	{"100%.png", "100-.png"},
	{"a%20b%zz", "a-20b-zz"},
	{"a%2", "a-2"},
	{"%", "-"},
	{"a%00b.png", "ab.png"},
	{"x%0D%0ASet-Cookie: a=b", "xSet-Cookie- a=b"},
	{"x\r\nSet-Cookie: a=b", "xSet-Cookie- a=b"},
	{"a%22b", "a-b"},
	/* replaced */
	{"a\"b", "a-b"},
	{"%$|:;<>?*\"", "----------"},
	{"<script>.html", "-script-.html"},
	/* control and bidirectional controls */
	{"a\001\x1f\x7f"
	 "b",
		"ab"},
	{"a\xc2\x80\xc2\x9f\xc2\xa0"
	 "b",
		"a\xc2\xa0"
		"b"},
	{"a\xe2\x80\xae"
	 "gnp.exe",
		"agnp.exe"},
	{"\xe2\x80\xaa\xe2\x80\xab\xe2\x80\xac\xe2\x80\xad\xe2\x80\x8e\xe2\x80\x8f", "download"},
	{"\xe2\x81\xa6"
	 "a\xe2\x81\xa7\xe2\x81\xa8\xe2\x81\xa9",
		"a"},
	{"a\xe2\x80\x8d"
	 "b",
		"a\xe2\x80\x8d"
		"b"},
	/* trimmed */
	{"  a b \t", "a b"},
	{"\n a \r", "a"},
	{" .. ", "download"},
	{"\001 a \001", "a"},
	{"", "download"},
	{"   ", "download"},
	{".", "download"},
	{"..", "download"},
	/* not UTF-8 */
	{"a\xff"
	 "b",
		"a\xef\xbf\xbd"
		"b"},
	{"\xc3", "\xef\xbf\xbd"},
	{"\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xe2\x82"
	 "a",
		"\xef\xbf\xbd"
		"a"},
	{"\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xf4\x90\x80\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
	{"\xf0\x9f\x8e.gif", "\xef\xbf\xbd.gif"},
	{"a%ffb", "a\xef\xbf\xbd"
		  "b"},
	{"\xe2\x80", "\xef\xbf\xbd"},
};

/* Two at a time may be looked at. */
static struct slice clean(struct slice raw)
{
	static char names[2][FILENAME_SIZE];
	static int turn;
	turn = !turn;
	filename_clean(raw, names[turn]);
	return slice_view(names[turn]);
}

static void cleans(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct slice out;
		arena_reset(&arena);
		out = clean(slice_view(rows[i].raw));
		assert_string_equal(out.p, rows[i].clean);
		assert_int_equal(out.n, strlen(rows[i].clean));
	}
}

static void cleans_nothing_and_nul(void **state)
{
	(void)state;
	struct slice out;
	out = clean((struct slice){NULL, 0});
	assert_string_equal(out.p, "download");
	out = clean(slice_of("a\0b", 3));
	assert_string_equal(out.p, "ab");
}

/* `stem` repeated `times`, then `tail`: how long it comes out, and how it ends. */
static const struct {
	const char *stem;
	size_t times;
	const char *tail;
	size_t length;
	const char *end;
} long_rows[] = {
	{"a", 251, ".png", 255, "aa.png"},
	{"a", 252, ".png", 255, "aa.png"},
	{"a", 300, ".png", 255, "aa.png"},
	{"a", 300, "", 255, "aa"},
	{"\xc3\xa9", 150, ".png", 254, "\xc3\xa9.png"},
	{"\xe6\x97\xa5", 85, "", 255, "\xe6\x97\xa5"},
	{"\xe6\x97\xa5", 84, "ab\xe6\x97\xa5", 254,
		"\xa5"
		"ab"},
	{"\xf0\x9f\x8e\x89", 64, "", 252, "\xf0\x9f\x8e\x89"},
	{"\xff", 2048, ".png", 253, "\xef\xbf\xbd.png"},
	{"a", 5000, ".png", 255, "aa.png"},
	{"a", 100000, ".png", 255, "aa.png"},
	{"%41", 1000, ".png", 255, "AA.png"},
	{"%", 1000, ".png", 255, "--.png"},
	{".", 300, "", 255, ".."},
	{"x.", 1, "", 2, "x."},
};

static void cuts_before_the_extension(void **state)
{
	(void)state;
	static char raw[128 * 1024];
	for (size_t i = 0; i < sizeof long_rows / sizeof *long_rows; i++) {
		struct buf b;
		struct slice out;
		buf_init(&b, raw, sizeof raw);
		for (size_t k = 0; k < long_rows[i].times; k++) {
			buf_put_str(&b, long_rows[i].stem);
		}
		buf_put_str(&b, long_rows[i].tail);
		assert_false(b.failed);
		out = clean(buf_view(&b));
		assert_int_equal(out.n, long_rows[i].length);
		size_t end = strlen(long_rows[i].end);
		assert_memory_equal(out.p + out.n - end, long_rows[i].end, end);
	}
}

static void an_endless_extension_is_none(void **state)
{
	(void)state;
	char raw[400];
	struct slice out;
	memset(raw, 'e', sizeof raw);
	memcpy(raw, "name.", 5);
	out = clean(slice_of(raw, sizeof raw));
	assert_int_equal(out.n, 255);
	assert_memory_equal(out.p, "name.eee", 8);
	/* Room for half a character before the extension: there is no stem to keep. */
	memset(raw, 'e', sizeof raw);
	memcpy(raw, "\xc3\xa9.", 3);
	out = clean(slice_of(raw, 3 + 253));
	assert_int_equal(out.n, 255);
	assert_memory_equal(out.p, "\xc3\xa9.eee", 6);
}

static void a_full_arena_fails(void **state)
{
	(void)state;
	struct slice out;
	struct arena small;
	assert_int_equal(arena_init(&small, 8), 0);
	assert_int_equal(filename_path_encode(&small, slice_view("a long name.png"), &out), -1);
	assert_int_equal(filename_disposition(&small, slice_view("a long name.png"), &out), -1);
	arena_release(&small);
}

static void finds_extensions(void **state)
{
	(void)state;
	static const struct row extensions[] = {{"a.png", "png"}, {"a.tar.gz", "gz"},
		{"a.PNG", "PNG"}, {"a", ""}, {"a.", ""}, {".htaccess", ""}, {".a.b", "b"},
		{"..a", "a"}, {"", ""}, {".", ""}};
	for (size_t i = 0; i < sizeof extensions / sizeof *extensions; i++) {
		struct slice out = filename_extension(slice_view(extensions[i].raw));
		assert_true(slice_equal_str(out, extensions[i].clean));
	}
}

static void encodes_paths(void **state)
{
	(void)state;
	static const struct row paths[] = {
		{"azAZ09-._~!$&'()*+,;=:@", "azAZ09-._~!$&'()*+,;=:@"},
		{"a b", "a%20b"},
		{"caf\xc3\xa9", "caf%C3%A9"},
		{"a/b\\c?d#e%f\"g", "a%2Fb%5Cc%3Fd%23e%25f%22g"},
		{"[]{}|^`<>", "%5B%5D%7B%7D%7C%5E%60%3C%3E"},
		{"", ""},
	};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		struct slice out;
		assert_int_equal(filename_path_encode(&arena, slice_view(paths[i].raw), &out), 0);
		assert_string_equal(out.p, paths[i].clean);
		assert_int_equal(out.n, strlen(paths[i].clean));
	}
}

static void writes_dispositions(void **state)
{
	(void)state;
	static const struct row dispositions[] = {
		{"a.png", "inline; filename=\"a.png\""},
		{"a b; c=d.png", "inline; filename=\"a b; c=d.png\""},
		{"caf\xc3\xa9.png",
			"inline; filename=\"caf_.png\"; filename*=UTF-8''caf%C3%A9.png"},
		{"\xf0\x9f\x8e\x89", "inline; filename=\"_\"; filename*=UTF-8''%F0%9F%8E%89"},
		{"a\xef\xbf\xbd", "inline; filename=\"a_\"; filename*=UTF-8''a%EF%BF%BD"},
		{"\xc3\xa9 '(*)~",
			"inline; filename=\"_ '(*)~\"; filename*=UTF-8''%C3%A9%20%27%28%2A%29~"},
		/* Clean names hold none of these; a header stays whole all the same. */
		{"a\"b\\c%41", "inline; filename=\"a_b_c_41\"; filename*=UTF-8''a%22b%5Cc%2541"},
		{"a\r\nb", "inline; filename=\"a__b\"; filename*=UTF-8''a%0D%0Ab"},
	};
	for (size_t i = 0; i < sizeof dispositions / sizeof *dispositions; i++) {
		struct slice out;
		assert_int_equal(
			filename_disposition(&arena, slice_view(dispositions[i].raw), &out), 0);
		assert_string_equal(out.p, dispositions[i].clean);
	}
}

/* A reader's half of percent-encoding. */
static size_t decode(struct slice s, char *out)
{
	size_t n = 0;
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] == '%') {
			out[n++] = (char)(number_hex_digit(s.p[i + 1]) << 4 |
					  number_hex_digit(s.p[i + 2]));
			i += 2;
		} else {
			out[n++] = s.p[i];
		}
	}
	return n;
}

/* What a browser takes from the header: filename*, else the quoted string. */
static size_t read_disposition(struct slice header, char *out)
{
	const char *extended = strstr(header.p, "filename*=UTF-8''");
	if (extended) {
		return decode(slice_view(extended + strlen("filename*=UTF-8''")), out);
	}
	struct slice quoted = slice_from(header, strlen("inline; filename=\""));
	memcpy(out, quoted.p, quoted.n - 1);
	return quoted.n - 1;
}

static void every_clean_name_round_trips(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct slice name, path, header;
		char back[1024];
		arena_reset(&arena);
		name = clean(slice_view(rows[i].raw));
		assert_int_equal(filename_path_encode(&arena, name, &path), 0);
		assert_int_equal(filename_disposition(&arena, name, &header), 0);
		assert_true(slice_equal(slice_of(back, decode(path, back)), name));
		assert_true(slice_equal(slice_of(back, read_disposition(header, back)), name));
		for (size_t k = 0; k < header.n; k++) {
			assert_in_range(header.p[k], 0x20, 0x7e);
		}
		/* Cleaning a clean name changes nothing. */
		struct slice again;
		again = clean(name);
		assert_true(slice_equal(again, name));
	}
}

struct renewal {
	const char *raw, *old, *clean; /* NULL: nothing to keep */
};

static const struct renewal renewals[] = {
	{"photo.png", "x.jpg", "photo.png"},
	{"x.jpg", "x.jpg", "x.jpg"},
	/* the old extension */
	{"photo", "x.jpg", "photo.jpg"},
	{"photo", "x.tar.gz", "photo.gz"},
	{"photo", "x.JPG", "photo.JPG"},
	{"photo", "x", "photo"},
	{"photo", ".htaccess", "photo"},
	{"photo", "x.", "photo"},
	{"photo.", "x.jpg", "photo.jpg"},
	{"photo..", "x.jpg", "photo..jpg"},
	{"photo.", "x", "photo."},
	{".htaccess", "x.jpg", ".htaccess.jpg"},
	{".htaccess", "x", ".htaccess"},
	{".a.b", "x.jpg", ".a.b"},
	{" photo \t", "x.jpg", "photo.jpg"},
	{"\xe6\x97\xa5\xe6\x9c\xac", "x.jpg", "\xe6\x97\xa5\xe6\x9c\xac.jpg"},
	/* the base name, decoded */
	{"a/b/photo", "x.jpg", "photo.jpg"},
	{"C:\\x\\photo.gif", "x.jpg", "photo.gif"},
	{"my%20photo", "x.jpg", "my photo.jpg"},
	/* something is left */
	{"?.png", "x.jpg", "-.png"},
	{"-", "x.jpg", "-.jpg"},
	{"_", "x.jpg", "_.jpg"},
	{"a\xff", "x.jpg", "a\xef\xbf\xbd.jpg"},
	/* nothing is left */
	{"", "x.jpg", NULL},
	{"   ", "x.jpg", NULL},
	{"\t\r\n \v", "x.jpg", NULL},
	{".", "x.jpg", NULL},
	{"..", "x.jpg", NULL},
	{"...", "x.jpg", NULL},
	{". .", "x.jpg", NULL},
	{"???", "x.jpg", NULL},
	{"?.?", "x.jpg", NULL},
	{"/", "x.jpg", NULL},
	{"photo/", "x.jpg", NULL},
	{"photo\\", "x.jpg", NULL},
	{"%", "x.jpg", NULL},
	{"%2e%2E", "x.jpg", NULL},
	{"%00", "x.jpg", NULL},
	{"%20", "x.jpg", NULL},
	{"\xe2\x80\xae\xe2\x80\x8f", "x.jpg", NULL},
	{"\xc2\x80", "x.jpg", NULL},
	{"\xff\xfe", "x.jpg", NULL},
	{"\xef\xbf\xbd", "x.jpg", NULL},
};

static void renews(void **state)
{
	char out[FILENAME_SIZE], again[FILENAME_SIZE];
	(void)state;
	for (size_t i = 0; i < sizeof renewals / sizeof *renewals; i++) {
		const struct renewal *r = &renewals[i];
		int status = filename_renew(slice_view(r->raw), slice_view(r->old), out);
		assert_int_equal(status, r->clean ? 0 : -1);
		if (r->clean) {
			assert_string_equal(out, r->clean);
			filename_clean(slice_view(out), again);
			assert_string_equal(again, out);
		}
	}
}

/* An extension that was added counts when the name is cut. */
static void renews_to_what_fits(void **state)
{
	char raw[2500], out[FILENAME_SIZE], longest[FILENAME_SIZE];
	(void)state;
	static const size_t lengths[] = {251, 252, 255, 300, 2500};
	memset(raw, 'a', sizeof raw);
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		struct slice name = slice_of(raw, lengths[i]);
		assert_int_equal(filename_renew(name, slice_view("x.jpg"), out), 0);
		assert_int_equal(strlen(out), 255);
		assert_string_equal(out + 250, "a.jpg");
	}
	/* An old extension that fills the whole name leaves room for one character. */
	memset(longest, 'e', sizeof longest);
	memcpy(longest, "x.", 2);
	assert_int_equal(filename_renew(slice_view("photo"), slice_of(longest, 255), out), 0);
	assert_int_equal(strlen(out), 255);
	assert_memory_equal(out, "p.eee", 5);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cleans),
		cmocka_unit_test(cleans_nothing_and_nul),
		cmocka_unit_test(cuts_before_the_extension),
		cmocka_unit_test(an_endless_extension_is_none),
		cmocka_unit_test(a_full_arena_fails),
		cmocka_unit_test(finds_extensions),
		cmocka_unit_test(encodes_paths),
		cmocka_unit_test(writes_dispositions),
		cmocka_unit_test(every_clean_name_round_trips),
		cmocka_unit_test(renews),
		cmocka_unit_test(renews_to_what_fits),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
