/*
 * app/cursor.h - where a listing goes on, as clients carry it from one page to the next.
 *
 * 48 lower-case hexadecimal digits: an id, and the beginning of a SHA-256 over account, query and
 * id. That is no secret, and need not be one, as nobody lists any files but their own; it tells a
 * cursor that was cut, mistyped or made for another listing, which would silently leave files out.
 */
#ifndef APP_CURSOR_H
#define APP_CURSOR_H

#include "base/uuid.h"
#include "crypto/digest.h"

enum { CURSOR_CHECK = 8, CURSOR_LENGTH = 2 * (16 + CURSOR_CHECK), CURSOR_SIZE = CURSOR_LENGTH + 1 };

/* What a cursor belongs to. */
struct cursor_scope {
	const char *account;
	struct slice query;
};

/* The cursor behind an id. -1 only when libcrypto fails. */
int cursor_format(struct sha256 *hash, const struct cursor_scope *scope, const char *id,
	char out[CURSOR_SIZE]) __attribute__((warn_unused_result));

/* The id in a cursor: 1, 0 when it is none of that scope's, -1 only when libcrypto fails. */
int cursor_parse(struct sha256 *hash, const struct cursor_scope *scope, struct slice text,
	char id[UUID_SIZE]) __attribute__((warn_unused_result));

#endif
