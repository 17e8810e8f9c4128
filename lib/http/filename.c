/* Names of files, made safe and written into URLs and headers. */
#include "http/filename.h"

#include "base/buf.h"
#include "base/utf8.h"
#include "http/path.h"

/* A text is read into RAW_MAX bytes; U+FFFD for one bad byte takes three. */
enum { RAW_MAX = 2048, RAW_TAIL = 512, CLEAN_MAX = 3 * RAW_MAX };

static const char replacement[] = "\xef\xbf\xbd";

static struct slice base_name(struct slice raw)
{
	size_t slash = slice_find_last(raw, '/');
	raw = slash < raw.n ? slice_from(raw, slash + 1) : raw;
	size_t backslash = slice_find_last(raw, '\\');
	return backslash < raw.n ? slice_from(raw, backslash + 1) : raw;
}

/* The tail is kept for the extension's sake; whatever meets at the seam is cut away later. */
static size_t read_bounded(struct slice s, char out[RAW_MAX])
{
	struct slice head = slice_head(s, s.n > RAW_MAX ? RAW_MAX - RAW_TAIL : s.n);
	struct slice tail = slice_from(s, s.n > RAW_MAX ? s.n - RAW_TAIL : s.n);
	struct buf b;
	buf_init(&b, out, RAW_MAX);
	buf_put(&b, head);
	buf_put(&b, tail);
	return b.n;
}

static bool is_removed(uint32_t point)
{
	return point < 0x20 || (point >= 0x7f && point <= 0x9f) ||
	       (point >= 0x202a && point <= 0x202e) || (point >= 0x2066 && point <= 0x2069) ||
	       point == 0x200e || point == 0x200f;
}

static bool is_replaced(uint32_t point)
{
	return point < 0x80 && memchr("%$|:;/<>?*\"\\", (int)point, 12) != NULL;
}

/* Whether anything is kept that says something. */
static bool clean_characters(struct slice s, struct buf *out)
{
	bool says = false;
	uint32_t point;
	for (size_t n; s.n; s = slice_from(s, n)) {
		utf8_read(s, &point, &n);
		if (is_removed(point)) {
			continue;
		}
		if (is_replaced(point)) {
			buf_put_char(out, '-');
		} else if (point == 0xfffd) {
			buf_put_str(out, replacement);
		} else {
			buf_put(out, slice_head(s, n));
			says = says || (point != '.' && point != ' ');
		}
	}
	return says;
}

/* The most bytes of s, up to n, that end between characters. */
static size_t whole_characters(struct slice s, size_t n)
{
	if (n >= s.n) {
		return s.n;
	}
	while (n && ((unsigned char)s.p[n] & 0xc0) == 0x80) {
		n--;
	}
	return n;
}

/* Cut before the extension; one that leaves no room for a stem is no extension. */
static struct slice fit(struct slice name, char out[FILENAME_LENGTH_MAX])
{
	if (name.n <= FILENAME_LENGTH_MAX) {
		return name;
	}
	struct slice extension = filename_extension(name);
	size_t tail = extension.n ? extension.n + 1 : 0;
	size_t room = tail < FILENAME_LENGTH_MAX ? FILENAME_LENGTH_MAX - tail : 0;
	size_t stem = whole_characters(name, room);
	if (stem == 0 || tail == 0) {
		return slice_trim(slice_head(name, whole_characters(name, FILENAME_LENGTH_MAX)));
	}
	struct buf b;
	buf_init(&b, out, FILENAME_LENGTH_MAX);
	buf_put(&b, slice_head(name, stem));
	buf_put(&b, slice_from(name, name.n - tail));
	return buf_view(&b);
}

/* Without white space at its ends, and of any length; what was built into `storage` stays there. */
static bool clean_text(struct slice raw, struct buf *clean, struct slice *name)
{
	char text[RAW_MAX], plain[RAW_MAX];
	size_t n = read_bounded(base_name(raw), text), decoded;
	struct slice whole = slice_of(text, n);
	/* All or nothing: a name with a '%' of its own is taken as it stands. */
	if (path_decode(whole, PATH_PLUS_IS_PLUS, plain, &decoded) == 0) {
		whole = slice_of(plain, decoded);
	}
	bool says = clean_characters(whole, clean);
	/* The other white space went with the control characters. */
	*name = slice_trim(buf_view(clean));
	return says;
}

void filename_clean(struct slice raw, char out[FILENAME_SIZE])
{
	char storage[CLEAN_MAX], fitted[FILENAME_LENGTH_MAX];
	struct buf clean;
	struct slice name;
	buf_init(&clean, storage, sizeof storage);
	clean_text(raw, &clean, &name);
	name = fit(name, fitted);
	if (name.n == 0 || slice_equal_str(name, ".") || slice_equal_str(name, "..")) {
		name = slice_view("download");
	}
	memcpy(out, name.p, name.n);
	out[name.n] = '\0';
}

int filename_renew(struct slice raw, struct slice old, char out[FILENAME_SIZE])
{
	char storage[CLEAN_MAX], joined[CLEAN_MAX + FILENAME_SIZE], fitted[FILENAME_LENGTH_MAX];
	struct buf clean, whole;
	struct slice name, extension = filename_extension(old);
	buf_init(&clean, storage, sizeof storage);
	if (!clean_text(raw, &clean, &name)) {
		return -1;
	}
	buf_init(&whole, joined, sizeof joined);
	buf_put(&whole, name);
	if (extension.n && filename_extension(name).n == 0) {
		/* A dot at the end is the one that stands before an extension. */
		buf_put_str(&whole, slice_find_last(name, '.') + 1 == name.n && name.n ? "" : ".");
		buf_put(&whole, extension);
	}
	name = fit(buf_view(&whole), fitted);
	memcpy(out, name.p, name.n);
	out[name.n] = '\0';
	return 0;
}

struct slice filename_extension(struct slice name)
{
	size_t dot = slice_find_last(name, '.');
	return dot == 0 || dot == name.n ? slice_from(name, name.n) : slice_from(name, dot + 1);
}

static bool is_alphanumeric(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Percent-encode all but letters, digits and the characters of `also`. */
static void put_encoded(struct buf *b, struct slice s, struct slice also)
{
	for (size_t i = 0; i < s.n; i++) {
		if (is_alphanumeric(s.p[i]) || slice_find(also, s.p[i]) < also.n) {
			buf_put_char(b, s.p[i]);
		} else {
			static const char digits[] = "0123456789ABCDEF";
			buf_put_char(b, '%');
			buf_put_char(b, digits[(unsigned char)s.p[i] >> 4]);
			buf_put_char(b, digits[(unsigned char)s.p[i] & 15]);
		}
	}
}

static int finish(const struct buf *b, struct slice *out)
{
	*out = b->failed ? (struct slice){NULL, 0} : buf_view(b);
	return b->failed ? -1 : 0;
}

int filename_path_encode(struct arena *a, struct slice name, struct slice *out)
{
	struct buf b;
	buf_new(&b, a, 3 * name.n + 1);
	put_encoded(&b, name, slice_view("-._~!$&'()*+,;=:@"));
	buf_put_char(&b, '\0');
	b.n -= b.failed ? 0 : 1;
	return finish(&b, out);
}

const char *filename_url(struct arena *a, const char *base, const char *id, const char *name)
{
	struct slice segment;
	if (filename_path_encode(a, slice_view(name), &segment) != 0) {
		return NULL;
	}
	return arena_printf(a, "%s/%s/%.*s", base, id, (int)segment.n, segment.p);
}

/* One '_' for a character, however many bytes it has. Tells whether every character was kept. */
static bool put_fallback(struct buf *b, struct slice name)
{
	bool kept_all = true;
	uint32_t point;
	for (size_t n; name.n; name = slice_from(name, n)) {
		utf8_read(name, &point, &n);
		bool keep = point >= 0x20 && point < 0x7f && !memchr("\"\\%", (int)point, 3);
		buf_put_char(b, keep ? (char)point : '_');
		kept_all = kept_all && keep;
	}
	return kept_all;
}

int filename_disposition(struct arena *a, struct slice name, struct slice *out)
{
	struct buf b;
	buf_new(&b, a, 4 * name.n + sizeof "inline; filename=\"\"; filename*=UTF-8''");
	buf_put_str(&b, "inline; filename=\"");
	bool plain = put_fallback(&b, name);
	buf_put_char(&b, '"');
	if (!plain) {
		buf_put_str(&b, "; filename*=UTF-8''");
		put_encoded(&b, name, slice_view("!#$&+-.^_`|~"));
	}
	buf_put_char(&b, '\0');
	b.n -= b.failed ? 0 : 1;
	return finish(&b, out);
}
