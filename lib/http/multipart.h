/*
 * http/multipart.h - multipart/form-data (RFC 7578, RFC 2046 section 5.1) as it arrives.
 *
 * A push parser in the memory of one struct: it takes the body in any pieces, tells a handler of
 * parts and their bytes, and needs time linear in the body whatever stands in it. How the body was
 * cut never changes what the handler is told, only into how many pieces a part's data falls.
 *
 * Sequence:  multipart_init -> multipart_feed* -> multipart_end
 *            the handler sees (part_begin part_data* part_end)*
 * Owns:      nothing outside the struct, which must not be moved while in use
 * Borrows:   part_data mostly views the chunk just fed: use it or copy it before returning; a
 *            struct part and its texts live until its part_end returns
 * Errors:    400 for a malformed body; whatever a handler sets; nothing more after the first.
 *            Only when multipart_end has returned 0 was the body complete.
 */
#ifndef HTTP_MULTIPART_H
#define HTTP_MULTIPART_H

#include "http/mediatype.h"
#include "http/part.h"

enum {
	MULTIPART_PARTS_MAX = 1000,
	MULTIPART_HEAD_MAX = 8 * 1024, /* bytes of header lines in one part */
	MULTIPART_LINES_MAX = 64,      /* header lines in one part */
	MULTIPART_PADDING_MAX = 64,    /* spaces and tabs between a boundary and its line's end */
};

/* Each returns 0, or -1 with *err set to end the parsing. part_data has one byte or more. */
struct multipart_handler {
	int (*part_begin)(void *context, const struct part *part, struct error *err);
	int (*part_data)(void *context, struct slice data, struct error *err);
	int (*part_end)(void *context, struct error *err);
};

enum multipart_state {
	MULTIPART_SEARCH,   /* for a delimiter, in the preamble or in a part's data */
	MULTIPART_TAIL,     /* behind a delimiter: only what follows tells whether it is one */
	MULTIPART_HEADERS,  /* in a part's header lines */
	MULTIPART_EPILOGUE, /* behind the closing boundary */
	MULTIPART_FAILED
};

struct multipart {
	const struct multipart_handler *handler;
	void *context;
	enum multipart_state state;
	bool in_part; /* part_begin was called, part_end not yet */
	unsigned part_count, line_count;
	struct part part;

	/* CR LF "--" boundary, and how far a search may move on for each byte under its end. */
	char delimiter[4 + MEDIATYPE_BOUNDARY_MAX];
	size_t delimiter_n;
	unsigned char skip[256];

	/* What was seen of a delimiter and not yet handed on. The first `implied` bytes of it, the
	 * CRLF, need not be there at the start of the body and right after a part's headers. */
	size_t matched, implied;
	char tail[MULTIPART_PADDING_MAX + 1];
	size_t tail_n;

	char head[MULTIPART_HEAD_MAX];
	size_t head_n, line_at;
};

/* Begin. The boundary is one that mediatype_boundary gave; it is copied. */
void multipart_init(struct multipart *m, struct slice boundary,
	const struct multipart_handler *handler, void *context);

/*
 * Take the next piece of the body. A line that starts with the boundary is a delimiter only when
 * "--", or spaces, tabs and CRLF follow; else it is data.
 */
int multipart_feed(struct multipart *m, struct slice chunk, struct error *err)
	__attribute__((warn_unused_result));

/* The body is at its end: -1 with 400 when its closing boundary was not seen. */
int multipart_end(struct multipart *m, struct error *err) __attribute__((warn_unused_result));

#endif
