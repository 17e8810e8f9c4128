/* The tables of content types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "sniff/types.h"

static void lanes_are_one_to_one(void **state)
{
	(void)state;
	size_t count;
	const struct sniff_lane *lanes = sniff_lanes(&count);
	assert_true(count > 10);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(sniff_ext(slice_view(lanes[i].type)), lanes[i].ext);
		assert_string_not_equal(lanes[i].ext, "bin");
		for (size_t k = 0; k < i; k++) {
			assert_string_not_equal(lanes[i].ext, lanes[k].ext);
			assert_string_not_equal(lanes[i].type, lanes[k].type);
		}
	}
}

static void no_lane_is_a_document(void **state)
{
	(void)state;
	size_t count;
	const struct sniff_lane *lanes = sniff_lanes(&count);
	for (size_t i = 0; i < count; i++) {
		struct slice type = slice_view(lanes[i].type);
		bool picture = slice_starts(type, "image/") && slice_find(type, '+') == type.n;
		assert_true(picture || !sniff_may_run(lanes[i].type));
		/* The recorded type is the lane's, to the letter: no charset is added. */
		assert_false(slice_starts(type, "text/"));
		assert_null(sniff_modern_name(type));
		assert_int_equal(sniff_vagueness(type), SNIFF_SURE);
	}
}

static void other_types_are_bin(void **state)
{
	(void)state;
	static const char *const types[] = {"text/html", "text/html; charset=utf-8",
		"image/svg+xml", "application/xhtml+xml", "text/xml", "text/javascript", "text/css",
		"text/plain", "application/json", "application/zip", "application/octet-stream",
		"image/pngx", "image", "", "bin"};
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		assert_string_equal(sniff_ext(slice_view(types[i])), "bin");
	}
	assert_string_equal(sniff_ext(slice_view("IMAGE/PNG ; x=y")), "png");
}

static void may_run_is_yes_by_default(void **state)
{
	(void)state;
	static const char *const may[] = {"text/html", "text/html; charset=utf-8", "TEXT/HTML",
		"image/svg+xml", "image/png", "image/gif", "application/xhtml+xml", "text/xml",
		"application/xml", "application/javascript", "text/javascript", "text/css",
		"application/json", "application/x-shockwave-flash", "application/pdf+xml",
		"application/zipper", "text/plainer", "text/markdown", "multipart/mixed", "audio",
		"fontx/y", "", "nonsense", ";audio/mpeg", " "};
	static const char *const may_not[] = {"audio/mpeg", "video/mp4", "font/woff2",
		"application/pdf", "application/wasm", "application/zip",
		"application/octet-stream", "text/plain", "text/plain; charset=utf-8",
		"Text/Plain;charset=utf-8", "AUDIO/ogg", "application/pdf ;x"};
	for (size_t i = 0; i < sizeof may / sizeof *may; i++) {
		assert_true(sniff_may_run(may[i]));
	}
	for (size_t i = 0; i < sizeof may_not / sizeof *may_not; i++) {
		assert_false(sniff_may_run(may_not[i]));
	}
	assert_true(sniff_may_run(NULL));
}

static void old_names_lead_to_present_ones(void **state)
{
	(void)state;
	static const char *const pairs[][2] = {{"audio/x-wav", "audio/wav"},
		{"application/javascript", "text/javascript"}, {"audio/x-m4a", "audio/mp4"},
		{"application/font-woff2", "font/woff2"}};
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		const char *modern = sniff_modern_name(slice_view(pairs[i][0]));
		assert_string_equal(modern, pairs[i][1]);
		assert_null(sniff_modern_name(slice_view(modern)));
	}
	assert_null(sniff_modern_name(slice_view("image/vnd.microsoft.icon")));
	assert_null(sniff_modern_name(slice_view("")));
}

static const struct {
	const char *filename;
	enum sniff_vague known;
	const char *type;
} refine_rows[] = {
	{"a.css", SNIFF_TEXT, "text/css"},
	{"A.CSS", SNIFF_TEXT, "text/css"},
	{"a.b.js", SNIFF_BYTES, "text/javascript"},
	{".md", SNIFF_TEXT, "text/markdown"},
	{"a.svg", SNIFF_XML, "image/svg+xml"},
	{"a.jar", SNIFF_ZIP, "application/java-archive"},
	{"a.xls", SNIFF_OLE, "application/vnd.ms-excel"},
	{"a.mp3", SNIFF_BYTES, "audio/mpeg"},
	{"a.css", SNIFF_SURE, NULL},
	{"a.html", SNIFF_ZIP, NULL},
	{"a.docx", SNIFF_TEXT, NULL},
	{"a.docx", SNIFF_OLE, NULL},
	{"a.doc", SNIFF_ZIP, NULL},
	{"a.mp3", SNIFF_TEXT, NULL},
	{"a.css", SNIFF_XML, NULL},
	{"a.png", SNIFF_BYTES, NULL},
	{"a.unheard", SNIFF_BYTES, NULL},
	{"css", SNIFF_TEXT, NULL},
	{"a.", SNIFF_TEXT, NULL},
	{"", SNIFF_TEXT, NULL},
};

static void extensions_refine_what_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refine_rows / sizeof *refine_rows; i++) {
		const char *type =
			sniff_refine(slice_view(refine_rows[i].filename), refine_rows[i].known);
		if (refine_rows[i].type) {
			assert_non_null(type);
			assert_string_equal(type, refine_rows[i].type);
		} else {
			assert_null(type);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lanes_are_one_to_one),
		cmocka_unit_test(no_lane_is_a_document),
		cmocka_unit_test(other_types_are_bin),
		cmocka_unit_test(may_run_is_yes_by_default),
		cmocka_unit_test(old_names_lead_to_present_ones),
		cmocka_unit_test(extensions_refine_what_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
