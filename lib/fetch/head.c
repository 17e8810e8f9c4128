/* Header lines of an answer. */
#include "fetch/head.h"

#include "base/number.h"

int head_init(struct head *h, struct arena *a)
{
	*h = (struct head){0};
	buf_new(&h->location, a, HEAD_LOCATION_MAX);
	return h->location.failed ? -1 : 0;
}

static void forget_location(struct head *h)
{
	h->location.n = 0;
	h->location.failed = false;
}

static void begin(struct head *h)
{
	h->inside = true;
	h->has_length = false;
	forget_location(h);
}

static void read_length(struct head *h, struct slice text)
{
	uint64_t length;
	if (number_parse(text, &length) != 0 || (h->has_length && length != h->length)) {
		h->fault = "a Content-Length that is no number, or several";
		return;
	}
	h->has_length = true;
	h->length = length;
}

static void read_location(struct head *h, struct slice text)
{
	forget_location(h);
	buf_put(&h->location, text);
	buf_put_char(&h->location, '\0');
}

static void read_field(struct head *h, struct slice line)
{
	struct slice name = slice_cut(&line, ':'), value = slice_trim(line);
	if (slice_trim(name).n != name.n) {
		/* RFC 9112 section 5: to libcurl it is another field, to others the same. */
		h->fault = "a blank beside a field's name";
	} else if (slice_equal_nocase(name, "content-length")) {
		read_length(h, value);
	} else if (slice_equal_nocase(name, "location")) {
		read_location(h, value);
	} else if (slice_equal_nocase(name, "transfer-encoding") &&
		   !slice_equal_nocase(value, "chunked")) {
		/* libcurl would decode it unasked, and take an end in the middle for the end. */
		h->fault = "a transfer coding other than chunked";
	}
}

enum head_state head_take(struct head *h, struct slice line)
{
	h->bytes += line.n;
	if (h->bytes > HEAD_MAX) {
		h->fault = "too many header lines";
		return HEAD_BAD;
	}
	while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n')) {
		line.n--;
	}
	if (!h->inside) {
		if (slice_starts(line, "HTTP/")) {
			begin(h);
		}
		return HEAD_MORE;
	}
	if (line.n == 0) {
		h->inside = false;
		return HEAD_COMPLETE;
	}
	read_field(h, line);
	return h->fault ? HEAD_BAD : HEAD_MORE;
}

const char *head_location(const struct head *h)
{
	return h->location.n > 1 && !h->location.failed ? h->location.p : NULL;
}
