/* Content types of the heads of real formats. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sniff/sniff.h"

static struct sniffer sniffer;

static int setup(void **state)
{
	struct error err;
	(void)state;
	return sniff_open(&sniffer, &err);
}

static int teardown(void **state)
{
	(void)state;
	sniff_close(&sniffer);
	return 0;
}

static struct sniff_result sniff(struct slice head, const char *filename)
{
	struct sniff_result out;
	struct error err;
	assert_int_equal(sniff_type(&sniffer, head, slice_view(filename), head.n, &out, &err), 0);
	return out;
}

enum { HEAD = 128 };

/* Binary heads are padded with zeros to HEAD bytes; all have misleading or no extensions. */
static const struct {
	const char *filename, *type, *ext;
	char head[HEAD];
} binaries[] = {
	{"x", "image/png", "png",
		"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x8\2\0\0\0\x90wS\xde\0\0\0\fIDAT"},
	{"x.html", "image/png", "png", "\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x8\2"},
	{"x", "image/jpeg", "jpg", "\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xdb\0\x43"},
	{"x.js", "image/jpeg", "jpg", "\xff\xd8\xff\xe1\1\0Exif\0\0MM\0*\0\0\0\x8"},
	{"x", "image/gif", "gif", "GIF89a\1\0\1\0\x80\0\0\xff\xff\xff\0\0\0,\0\0\0\0\1\0\1"},
	{"x.js", "image/gif", "gif", "GIF89a=1;alert(document.cookie)//"},
	{"x", "image/webp", "webp",
		"RIFF\x1a\0\0\0WEBPVP8L\r\0\0\0/\0\0\0\x10\a\x10\x11\x11\x88\x88"},
	{"x", "image/avif", "avif",
		"\0\0\0\x1c"
		"ftypavif\0\0\0\0mif1avifmiaf"},
	{"x", "image/heic", "bin",
		"\0\0\0\x18"
		"ftypheic\0\0\0\0mif1heic"},
	{"x", "image/vnd.microsoft.icon", "ico",
		"\0\0\1\0\1\0\x10\x10\0\0\1\0\x20\0\x68\4\0\0\x16\0\0\0(\0\0\0\x10"},
	{"x", "video/mp4", "mp4",
		"\0\0\0\x20"
		"ftypisom\0\0\2\0isomiso2avc1mp41"},
	{"x", "video/mp4", "mp4",
		"\0\0\0\x18"
		"ftypmp42\0\0\0\0mp42isom"},
	{"x", "video/mp4", "mp4",
		"\0\0\0\x18"
		"ftypM4V \0\0\0\0M4V isom"},
	{"x", "audio/mp4", "m4a",
		"\0\0\0\x18"
		"ftypM4A \0\0\0\0M4A isom"},
	{"x", "video/quicktime", "mov",
		"\0\0\0\x14"
		"ftypqt  \0\0\2\0qt  "},
	{"x", "video/webm", "webm",
		"\x1a\x45\xdf\xa3\x9f\x42\x86\x81\1\x42\xf7\x81\1\x42\xf2\x81\4\x42\xf3\x81\x8\x42"
		"\x82\x84webm"},
	{"x", "video/x-matroska", "bin",
		"\x1a\x45\xdf\xa3\xa3\x42\x86\x81\1\x42\xf7\x81\1\x42\xf2\x81\4\x42\xf3\x81\x8\x42"
		"\x82\x88matroska"},
	{"x", "audio/mpeg", "mp3", "ID3\3\0\0\0\0\0\017TIT2\0\0\0\5\0\0\0abcd\xff\xfb\x90\x64"},
	/* A picture in the tag hides the sound from libmagic. */
	{"x", "application/octet-stream", "bin", "ID3\4\0\0\0\2\0\0APIC\0\1\0\0\0\0\0image/jpeg"},
	{"x.mp3", "audio/mpeg", "mp3", "ID3\4\0\0\0\2\0\0APIC\0\1\0\0\0\0\0image/jpeg"},
	{"x", "audio/ogg", "ogg",
		"OggS\0\2\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\x1e\1vorbis\0\0\0\0\2\x44\xac"},
	{"x", "audio/ogg", "ogg",
		"OggS\0\2\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\x13OpusHead\1\2\x38\1\x80\xbb"},
	{"x", "video/ogg", "ogv",
		"OggS\0\2\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\1\x2a\x80theora\3\2\1"},
	{"x", "audio/wav", "wav",
		"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\1\0\1\0\x44\xac\0\0\x88\x58\1\0\2\0\x10\0data"},
	{"x", "audio/flac", "flac", "fLaC\0\0\0\x22\x10\0\x10\0\0\0\0\0\0\0\n\xc4\x42\xf0"},
	{"x", "audio/aac", "aac", "\xff\xf1\x50\x80\2\x1f\xfc"},
	{"x.html", "application/pdf", "pdf", "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n"},
	{"x", "font/woff", "woff", "wOFF\0\1\0\0\0\0\x10\0"},
	{"x", "font/woff2", "woff2", "wOF2\0\1\0\0\0\0\x10\0"},
	{"x", "application/wasm", "wasm", "\0asm\1\0\0\0"},
	{"x", "application/gzip", "bin", "\x1f\x8b\x8\0\0\0\0\0\0\3"},
	{"x", "application/vnd.rar", "bin", "Rar!\x1a\a\1\0"},
	/* containers */
	{"x", "application/zip", "bin",
		"PK\3\4\x14\0\0\0\0\0\0\0!\0\0\0\0\0\5\0\0\0\5\0\0\0\5\0\0\0a.txthello"},
	{"x.txt", "application/zip", "bin",
		"PK\3\4\x14\0\0\0\0\0\0\0!\0\0\0\0\0\5\0\0\0\5\0\0\0\5\0\0\0a.txthello"},
	{"x.html", "application/zip", "bin",
		"PK\3\4\x14\0\0\0\0\0\0\0!\0\0\0\0\0\5\0\0\0\5\0\0\0\5\0\0\0a.txthello"},
	{"x.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "bin",
		"PK\3\4\x14\0\0\0\0\0\0\0!\0\0\0\0\0\5\0\0\0\5\0\0\0\5\0\0\0a.txthello"},
	{"x", "application/epub+zip", "bin",
		"PK\3\4\x14\0\0\0\0\0\0\0!"
		"\0\x6f\x61\xab\x2c\x14\0\0\0\x14\0\0\0\x8\0\0\0mimetypeapplication/epub+zip"},
	{"x.exe", "application/octet-stream", "bin", "\1\2\3\4\5\6\a\x8\x9\xfe\xff\xfd"},
	/* nobody knows the bytes: the name may speak, but never for a picture */
	{"x.png", "application/octet-stream", "bin", "\1\2\3\4\5\6\a\x8\x9\xfe\xff\xfd"},
	{"x.ttf", "font/ttf", "bin", "\1\2\3\4\5\6\a\x8\x9\xfe\xff\xfd"},
};

static void tells_binary_formats(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof binaries / sizeof *binaries; i++) {
		struct sniff_result out =
			sniff(slice_of(binaries[i].head, HEAD), binaries[i].filename);
		assert_string_equal(out.content_type, binaries[i].type);
		assert_string_equal(out.ext, binaries[i].ext);
	}
}

static const struct {
	const char *filename, *type, *text;
} texts[] = {
	{"notes", "text/plain; charset=utf-8", "just some words\n"},
	{"notes.txt", "text/plain; charset=utf-8", "just some words\n"},
	{"one.txt", "text/plain; charset=utf-8", "x"},
	{"one", "application/octet-stream", "x"},
	{"caf\xc3\xa9.md", "text/markdown; charset=utf-8", "# Title\n\nSome *words*.\n"},
	{"code.md", "text/markdown; charset=utf-8",
		"# T\n\n```python\nimport os\ndef f():\n  pass\n```\n"},
	{"a.css", "text/css; charset=utf-8", "body {\n  color: red;\n}\n"},
	{"a.CSS", "text/css; charset=utf-8", "/* c */ @media print { a { color: red } }\n"},
	{"a.js", "text/javascript; charset=utf-8", "console.log('hi');\n"},
	{"a", "text/javascript; charset=utf-8",
		"'use strict';\nvar a = require('fs');\nfunction foo(b) { return b; "
		"}\nmodule.exports = foo;\n"},
	{"a.json", "application/json", "{\"a\":1,\"b\":[1,2]}\n"},
	{"a", "application/json", "{\"a\":1,\"b\":[1,2]}\n"},
	{"cut.json", "application/json", "{\"a\":1,\"b\":[1,2"},
	{"a.csv", "text/csv; charset=utf-8", "a,b,c\n1,2,3\n4,5,6\n"},
	{"a.yml", "application/yaml", "a: b\nc: d\n"},
	{"a.txt", "text/html; charset=utf-8", "<!doctype html><title>x</title><script>1</script>"},
	{"a.html", "text/html; charset=utf-8", "<p>a page without a head</p>\n"},
	{"a.png", "text/html; charset=utf-8", "<html><script>alert(1)</script></html>"},
	{"a.png", "text/plain; charset=utf-8", "just some words\n"},
	{"a.mp4", "text/plain; charset=utf-8", "just some words\n"},
	{"a.docx", "text/plain; charset=utf-8", "just some words\n"},
	{"a.txt", "image/svg+xml",
		"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"},
	{"a.svg", "image/svg+xml", "<?xml version=\"1.0\"?>\n<!-- x -->\n<svg/>\n"},
	{"a", "text/xml; charset=utf-8", "<?xml version=\"1.0\"?>\n<note/>\n"},
	{"a.xhtml", "application/xhtml+xml",
		"<?xml version=\"1.0\"?>\n<html xmlns=\"http://www.w3.org/1999/xhtml\"/>\n"},
};

static void tells_texts(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct sniff_result out = sniff(slice_view(texts[i].text), texts[i].filename);
		assert_string_equal(out.content_type, texts[i].type);
		assert_string_equal(out.ext, "bin");
	}
}

static const struct {
	const char *filename, *type, *ext;
} empties[] = {
	{"a.txt", "text/plain; charset=utf-8", "bin"},
	{"a.PNG", "image/png", "png"},
	{"a.jpeg", "image/jpeg", "jpg"},
	{"a.html", "text/html; charset=utf-8", "bin"},
	{"a.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"bin"},
	{"a.unheard", "application/octet-stream", "bin"},
	{"a", "application/octet-stream", "bin"},
	{"", "application/octet-stream", "bin"},
};

static void an_empty_file_goes_by_its_name(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof empties / sizeof *empties; i++) {
		struct sniff_result out = sniff(slice_view(""), empties[i].filename);
		assert_string_equal(out.content_type, empties[i].type);
		assert_string_equal(out.ext, empties[i].ext);
	}
}

static void only_the_leading_bytes_count(void **state)
{
	(void)state;
	static char text[4 * SNIFF_LEADING];
	memset(text, 'a', sizeof text);
	for (size_t i = 63; i < sizeof text; i += 64) {
		text[i] = '\n';
	}
	/* A NUL in view makes it binary; one behind SNIFF_LEADING is not seen. */
	text[SNIFF_LEADING] = '\0';
	struct sniff_result out = sniff(slice_of(text, sizeof text), "a");
	assert_string_equal(out.content_type, "text/plain; charset=utf-8");
	text[SNIFF_LEADING - 1] = '\0';
	out = sniff(slice_of(text, sizeof text), "a");
	assert_string_equal(out.content_type, "application/octet-stream");
}

static void every_short_prefix_has_an_answer(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof binaries / sizeof *binaries; i++) {
		for (size_t n = 0; n <= HEAD; n += 7) {
			struct sniff_result out = sniff(slice_of(binaries[i].head, n), "x");
			assert_non_null(strchr(out.content_type, '/'));
			assert_non_null(out.ext);
		}
	}
}

static void trimming_changes_no_answer(void **state)
{
	(void)state;
	struct error err;
	struct slice page = slice_view("<!doctype html><title>x</title>");
	assert_string_equal(sniff(page, "a").content_type, "text/html; charset=utf-8");
	assert_true(sniffer.warm);
	assert_int_equal(sniff_trim(&sniffer, &err), 0);
	assert_false(sniffer.warm);
	assert_int_equal(sniff_trim(&sniffer, &err), 0);
	assert_string_equal(sniff(page, "a").content_type, "text/html; charset=utf-8");
}

static void a_missing_database_is_an_error(void **state)
{
	(void)state;
	struct sniffer other;
	struct error err;
	assert_int_equal(setenv("MAGIC", "/nonexistent/magic", 1), 0);
	assert_int_equal(sniff_open(&other, &err), -1);
	assert_int_equal(err.status, 500);
	assert_string_equal(err.code, "internal_error");
	assert_int_equal(unsetenv("MAGIC"), 0);
	sniff_close(&other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_binary_formats),
		cmocka_unit_test(tells_texts),
		cmocka_unit_test(an_empty_file_goes_by_its_name),
		cmocka_unit_test(only_the_leading_bytes_count),
		cmocka_unit_test(every_short_prefix_has_an_answer),
		cmocka_unit_test(trimming_changes_no_answer),
		cmocka_unit_test(a_missing_database_is_an_error),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
