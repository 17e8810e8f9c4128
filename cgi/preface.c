/* The records in front of a FastCGI request. */
#include "cgi/preface.h"

enum { HEADER = 8, BEGIN_REQUEST = 1, PARAMS = 4, STDIN = 5, RESPONDER = 1 };

struct record_view {
	unsigned type, request_id;
	size_t content, padding;
};

static struct record_view read_header(const unsigned char *p)
{
	return (struct record_view){
		.type = p[1],
		.request_id = (unsigned)p[2] << 8 | p[3],
		.content = (size_t)p[4] << 8 | p[5],
		.padding = p[6],
	};
}

/* One length of a name-value pair (section 3.4): 1 byte, or 4 with the high bit set. */
static bool read_length(const unsigned char *p, size_t n, size_t *at, size_t *length)
{
	if (*at >= n) {
		return false;
	}
	if (p[*at] < 0x80) {
		*length = p[(*at)++];
		return true;
	}
	if (n - *at < 4) {
		return false;
	}
	*length = (size_t)(p[*at] & 0x7f) << 24 | (size_t)p[*at + 1] << 16 |
		  (size_t)p[*at + 2] << 8 | p[*at + 3];
	*at += 4;
	return true;
}

/* Every pair lies within the parameters, and the last one ends with them. */
static bool pairs_fit(const unsigned char *p, size_t n)
{
	size_t at = 0, name, value;
	while (at < n) {
		if (!read_length(p, n, &at, &name) || !read_length(p, n, &at, &value) ||
			name > n - at || value > n - at - name) {
			return false;
		}
		at += name + value;
	}
	return true;
}

static enum preface judge_begin(const unsigned char *bytes, size_t n)
{
	if ((n > 0 && bytes[0] != 1) || (n > 1 && bytes[1] != BEGIN_REQUEST)) {
		return PREFACE_BAD;
	}
	if (n < HEADER) {
		return PREFACE_MORE;
	}
	struct record_view r = read_header(bytes);
	if (r.request_id == 0 || r.content != 8) {
		return PREFACE_BAD;
	}
	if (n < HEADER + r.content + r.padding) {
		return PREFACE_MORE;
	}
	return bytes[HEADER] == 0 && bytes[HEADER + 1] == RESPONDER ? PREFACE_GOOD : PREFACE_BAD;
}

/* Whether what follows is the end of an empty body. */
static bool ends_at_once(const unsigned char *p, size_t n, unsigned request_id)
{
	if (n < HEADER) {
		return false;
	}
	struct record_view r = read_header(p);
	return p[0] == 1 && r.type == STDIN && r.request_id == request_id && r.content == 0;
}

enum preface preface_judge(unsigned char *bytes, size_t n)
{
	enum preface begin = judge_begin(bytes, n);
	if (begin != PREFACE_GOOD) {
		return begin;
	}
	struct record_view r = read_header(bytes);
	unsigned request_id = r.request_id;
	size_t at = HEADER + r.content + r.padding, gathered = 0;
	for (;;) {
		if (n - at < HEADER) {
			return n >= PREFACE_MAX ? PREFACE_BAD : PREFACE_MORE;
		}
		r = read_header(bytes + at);
		if (bytes[at] != 1 || r.type != PARAMS || r.request_id != request_id ||
			gathered + r.content > PREFACE_PARAMS_MAX) {
			return PREFACE_BAD;
		}
		if (r.content == 0) {
			/* libfcgi loses step over padding here. */
			if (r.padding || !pairs_fit(bytes, gathered)) {
				return PREFACE_BAD;
			}
			return ends_at_once(bytes + at + HEADER, n - at - HEADER, request_id)
				       ? PREFACE_BODILESS
				       : PREFACE_GOOD;
		}
		if (n - at < HEADER + r.content + r.padding) {
			return n >= PREFACE_MAX ? PREFACE_BAD : PREFACE_MORE;
		}
		/* Gathered at the front: always behind what is still to be read. */
		memmove(bytes + gathered, bytes + at + HEADER, r.content);
		gathered += r.content;
		at += HEADER + r.content + r.padding;
	}
}
