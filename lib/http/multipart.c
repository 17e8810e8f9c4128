/* A push parser for multipart/form-data. */
#include "http/multipart.h"

#include <assert.h>

static int refuse(struct error *err, const char *why)
{
	return error_set(err, 400, "bad_request", "multipart: %s", why);
}

void multipart_init(struct multipart *m, struct slice boundary,
	const struct multipart_handler *handler, void *context)
{
	assert(boundary.n > 0 && boundary.n <= MEDIATYPE_BOUNDARY_MAX);
	*m = (struct multipart){.handler = handler, .context = context, .matched = 2, .implied = 2};
	memcpy(m->delimiter, "\r\n--", 4);
	memcpy(m->delimiter + 4, boundary.p, boundary.n);
	size_t n = m->delimiter_n = 4 + boundary.n;
	memset(m->skip, (int)n, sizeof m->skip);
	for (size_t i = 0; i + 1 < n; i++) {
		m->skip[(unsigned char)m->delimiter[i]] = (unsigned char)(n - 1 - i);
	}
}

/* Data of a part goes to the handler, the preamble nowhere. */
static int emit(struct multipart *m, struct slice data, struct error *err)
{
	if (!m->in_part || data.n == 0) {
		return 0;
	}
	return m->handler->part_data(m->context, data, err);
}

/* It was no delimiter: what was held of it is data. */
static int release(struct multipart *m, struct error *err)
{
	struct slice held = slice_from(slice_of(m->delimiter, m->matched), m->implied);
	struct slice tail = slice_of(m->tail, m->tail_n);
	m->state = MULTIPART_SEARCH;
	m->matched = m->implied = m->tail_n = 0;
	return emit(m, held, err) == 0 ? emit(m, tail, err) : -1;
}

/* Where at the end of s, from i on, a delimiter may have begun; s.n when nowhere. */
static size_t find_beginning(const struct multipart *m, struct slice s, size_t i)
{
	while ((i += slice_find(slice_from(s, i), '\r')) < s.n) {
		if (memcmp(s.p + i, m->delimiter, s.n - i) == 0) {
			break;
		}
		i++;
	}
	return i;
}

/*
 * Where in s a delimiter stands or, at the end, may have begun; s.n when nowhere.
 *
 * CR is in a delimiter once, at its start. So memchr finds candidates, and bytes compared with one
 * are never compared with another: linear. The skip (Horspool's) is for bodies full of CR, where
 * memchr would return at every byte.
 */
static size_t find_delimiter(const struct multipart *m, struct slice s)
{
	size_t n = m->delimiter_n, i = 0;
	while (s.n - i >= n) {
		size_t within = s.n - n + 1 - i;
		const char *cr = memchr(s.p + i, '\r', within);
		if (!cr) {
			i += within;
			break;
		}
		char last = cr[n - 1];
		if (last == m->delimiter[n - 1] && memcmp(cr, m->delimiter, n) == 0) {
			return (size_t)(cr - s.p);
		}
		i = (size_t)(cr - s.p) + m->skip[(unsigned char)last];
	}
	return find_beginning(m, s, i);
}

/* Go on with a delimiter that has begun. */
static int match(struct multipart *m, struct slice *chunk, struct error *err)
{
	while (chunk->n && m->matched < m->delimiter_n) {
		if (*chunk->p != m->delimiter[m->matched]) {
			return release(m, err);
		}
		*chunk = slice_from(*chunk, 1);
		m->matched++;
	}
	if (m->matched == m->delimiter_n) {
		m->state = MULTIPART_TAIL;
	}
	return 0;
}

static int search(struct multipart *m, struct slice *chunk, struct error *err)
{
	if (m->matched == 0) {
		size_t at = find_delimiter(m, *chunk);
		struct slice data = slice_head(*chunk, at);
		*chunk = slice_from(*chunk, at);
		if (emit(m, data, err) != 0) {
			return -1;
		}
	}
	return match(m, chunk, err);
}

static int leave_part(struct multipart *m, struct error *err)
{
	m->matched = m->implied = m->tail_n = 0;
	if (!m->in_part) {
		return 0;
	}
	m->in_part = false;
	return m->handler->part_end(m->context, err);
}

static int enter_headers(struct multipart *m, struct error *err)
{
	if (leave_part(m, err) != 0) {
		return -1;
	}
	if (m->part_count++ == MULTIPART_PARTS_MAX) {
		return refuse(err, "too many parts");
	}
	m->state = MULTIPART_HEADERS;
	m->part = (struct part){0};
	m->head_n = m->line_at = m->line_count = 0;
	return 0;
}

static int enter_epilogue(struct multipart *m, struct error *err)
{
	m->state = MULTIPART_EPILOGUE;
	return leave_part(m, err);
}

/* Whether c may follow what is held behind the boundary: "-", or padding and CR. */
static bool goes_on(const struct multipart *m, char c)
{
	char last = m->tail_n ? m->tail[m->tail_n - 1] : ' ';
	if (last != ' ' && last != '\t') {
		return false;
	}
	return c == ' ' || c == '\t' || c == '\r' || (c == '-' && m->tail_n == 0);
}

static int read_tail(struct multipart *m, struct slice *chunk, struct error *err)
{
	char c = *chunk->p;
	char last = m->tail_n ? m->tail[m->tail_n - 1] : '\0';
	if (c == '-' && last == '-') {
		*chunk = slice_from(*chunk, 1);
		return enter_epilogue(m, err);
	}
	if (c == '\n' && last == '\r') {
		*chunk = slice_from(*chunk, 1);
		return enter_headers(m, err);
	}
	if (!goes_on(m, c)) {
		return release(m, err);
	}
	if (m->tail_n == MULTIPART_PADDING_MAX && c != '\r') {
		return refuse(err, "too much padding after a boundary");
	}
	m->tail[m->tail_n++] = c;
	*chunk = slice_from(*chunk, 1);
	return 0;
}

/* The blank line came. Its CRLF is also the delimiter's when nothing follows (RFC 2046). */
static int enter_data(struct multipart *m, struct error *err)
{
	if (!m->part.has_name) {
		return refuse(err, "part without a name");
	}
	m->state = MULTIPART_SEARCH;
	m->in_part = true;
	m->matched = m->implied = 2;
	return m->handler->part_begin(m->context, &m->part, err);
}

static int end_line(struct multipart *m, struct error *err)
{
	char *line = m->head + m->line_at;
	size_t n = m->head_n - m->line_at - 1;
	m->line_at = m->head_n;
	if (n == 0 || line[n - 1] != '\r') {
		return refuse(err, "header line without CR");
	}
	if (n == 1) {
		return enter_data(m, err);
	}
	if (m->line_count++ == MULTIPART_LINES_MAX) {
		return refuse(err, "too many header lines");
	}
	return part_add_header(&m->part, line, n - 1, err);
}

static int read_headers(struct multipart *m, struct slice *chunk, struct error *err)
{
	size_t at = slice_find(*chunk, '\n');
	struct slice piece = slice_head(*chunk, at + 1);
	if (piece.n > MULTIPART_HEAD_MAX - m->head_n) {
		return refuse(err, "headers too long");
	}
	memcpy(m->head + m->head_n, piece.p, piece.n);
	m->head_n += piece.n;
	*chunk = slice_from(*chunk, piece.n);
	return m->head[m->head_n - 1] == '\n' ? end_line(m, err) : 0;
}

static int step(struct multipart *m, struct slice *chunk, struct error *err)
{
	switch (m->state) {
	case MULTIPART_SEARCH:
		return search(m, chunk, err);
	case MULTIPART_TAIL:
		return read_tail(m, chunk, err);
	case MULTIPART_HEADERS:
		return read_headers(m, chunk, err);
	case MULTIPART_EPILOGUE:
		*chunk = slice_from(*chunk, chunk->n);
		return 0;
	case MULTIPART_FAILED:
		break;
	}
	return refuse(err, "used after a failure");
}

int multipart_feed(struct multipart *m, struct slice chunk, struct error *err)
{
	while (chunk.n) {
		if (step(m, &chunk, err) != 0) {
			m->state = MULTIPART_FAILED;
			return -1;
		}
	}
	return 0;
}

int multipart_end(struct multipart *m, struct error *err)
{
	if (m->state != MULTIPART_EPILOGUE) {
		return refuse(err, "no closing boundary");
	}
	return 0;
}
