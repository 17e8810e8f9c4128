/* libmagic, asked for one type at a time. */
#include "sniff/sniff.h"

#include <errno.h>
#include <magic.h>
#include <malloc.h>

/*
 * Files within compressed files are never looked for, nor notes within programs. The checks for
 * tar, OLE, JSON and CSV stay: each gives types of its own, and none costs what the search does.
 */
enum { FLAGS = MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF };

static const char unknown[] = "application/octet-stream";

int sniff_open(struct sniffer *s, struct error *err)
{
	/*
	 * Expressions are tried on so many bytes; the default of 8 KiB doubles the time of a text.
	 */
	size_t regex_max = 1024;
	*s = (struct sniffer){.magic = magic_open(FLAGS)};
	if (!s->magic) {
		return error_set(err, 500, "internal_error", "libmagic: no memory");
	}
	if (magic_load(s->magic, NULL) != 0 ||
		magic_setparam(s->magic, MAGIC_PARAM_REGEX_MAX, &regex_max) != 0) {
		const char *why = magic_error(s->magic);
		error_set(err, 500, "internal_error", "libmagic: %s", why ? why : "cannot load");
		sniff_close(s);
		return -1;
	}
	return 0;
}

void sniff_close(struct sniffer *s)
{
	if (s->magic) {
		magic_close(s->magic);
	}
	*s = (struct sniffer){0};
}

int sniff_trim(struct sniffer *s, struct error *err)
{
	if (!s->warm) {
		return 0;
	}
	sniff_close(s);
	if (sniff_open(s, err) != 0) {
		return -1;
	}
	malloc_trim(0);
	return 0;
}

/* RFC 6838 section 4.2: what a type or a subtype may consist of. */
static bool is_restricted_name(struct slice s)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
		"!#$&-^_.+";
	for (size_t i = 0; i < s.n; i++) {
		if (!memchr(allowed, s.p[i], sizeof allowed - 1)) {
			return false;
		}
	}
	return s.n > 0;
}

/*
 * The type in libmagic's answer, or unknown: it can also be a sentence, say that the file is not a
 * file ("inode/x-empty"), or be two types run together, the second adding nothing.
 */
static struct slice read_answer(const char *answer)
{
	struct slice s = slice_view(answer);
	size_t extra = sizeof unknown - 1;
	if (s.n > extra && slice_equal_str(slice_from(s, s.n - extra), unknown)) {
		s.n -= extra;
	}
	size_t slash = slice_find(s, '/');
	if (s.n > SNIFF_TYPE_MAX || slash == s.n || slice_starts(s, "inode/") ||
		!is_restricted_name(slice_head(s, slash)) ||
		!is_restricted_name(slice_from(s, slash + 1))) {
		return slice_view(unknown);
	}
	const char *modern = sniff_modern_name(s);
	return modern ? slice_view(modern) : s;
}

static void set_result(struct sniff_result *out, struct slice type)
{
	bool text = slice_starts(type, "text/");
	*out = (struct sniff_result){.ext = sniff_ext(type)};
	snprintf(out->content_type, sizeof out->content_type, "%.*s%s", (int)type.n, type.p,
		text ? "; charset=utf-8" : "");
}

int sniff_type(struct sniffer *s, struct slice leading, struct slice filename, uint64_t size,
	struct sniff_result *out, struct error *err)
{
	if (size == 0 || leading.n == 0) {
		const char *named = sniff_type_of_name(filename);
		set_result(out, slice_view(named ? named : unknown));
		return 0;
	}
	leading = slice_head(leading, SNIFF_LEADING);
	s->warm = true;
	const char *answer = magic_buffer(s->magic, leading.p, leading.n);
	if (!answer && magic_errno(s->magic) == ENOMEM) {
		return error_set(err, 500, "internal_error", "libmagic: no memory");
	}
	struct slice type = read_answer(answer);
	enum sniff_vague vague = sniff_vagueness(type);
	const char *refined = sniff_refine(filename, vague);
	set_result(out, refined ? slice_view(refined) : type);
	return 0;
}
