/*
 * http/filename.h - a file's name: what a user sent, and what a URL and a header may carry of it.
 *
 * Sequence:  filename_clean or filename_renew once, when the name arrives; the others on a cleaned name
 * Owns:      a clean name is the caller's; other results are in the arena; all are terminated, and
 *            filename_extension gives a view
 * Units:     lengths in bytes of UTF-8
 * Errors:    -1 only when the arena is full
 *
 * A name is for people. It never becomes a path on disk.
 */
#ifndef HTTP_FILENAME_H
#define HTTP_FILENAME_H

#include "base/arena.h"

enum { FILENAME_LENGTH_MAX = 255, FILENAME_SIZE = FILENAME_LENGTH_MAX + 1 };

/*
 * The safe form of any text, in this order:
 *   1. what follows the last '/' or '\';
 *   2. percent-decoded, once, if every '%' starts a valid pair;
 *   3. invalid UTF-8 becomes U+FFFD; control characters (C0, DEL, C1) and bidirectional controls
 *      are removed; each of % $ | : ; / < > ? * " \ becomes '-';
 *   4. white space trimmed at both ends;
 *   5. at most FILENAME_LENGTH_MAX bytes, cut before the extension, between characters;
 *   6. "download" if nothing is left, or only "." or "..".
 * A separator that was percent-encoded is therefore part of the name and becomes '-':
 * "..%2Fpasswd" is "..-passwd". Of a text longer than 2 KiB the middle is not looked at.
 */
void filename_clean(struct slice raw, char out[FILENAME_SIZE]);

/*
 * The safe form of a new name for a file that has the clean name `old`: as above, with the extension
 * of `old` when it has none of its own, before it is cut. -1 when there is nothing in it to keep:
 * only dots and white space, and characters that are removed or replaced.
 */
int filename_renew(struct slice raw, struct slice old, char out[FILENAME_SIZE])
	__attribute__((warn_unused_result));

/*
 * What follows the last dot, in its own case, as a view of `name`. Empty when there is no dot, when
 * nothing follows it, and when the name starts with its only dot (".htaccess").
 */
struct slice filename_extension(struct slice name);

/*
 * The name as a URL's path segment: every byte outside A-Za-z0-9-._~!$&'()*+,;=:@ as %XX, in upper
 * case (pchar of RFC 3986 section 3.3).
 */
int filename_path_encode(struct arena *a, struct slice name, struct slice *out)
	__attribute__((warn_unused_result));

/* The URL of a file of that name, below the public address `base`; NULL when the arena is full. */
const char *filename_url(struct arena *a, const char *base, const char *id, const char *name);

/*
 * The value of Content-Disposition (RFC 6266): inline; filename="..."; filename*=UTF-8''...
 * filename* (RFC 8187) is left out when the quoted string says the same to every reader: printable
 * ASCII without '"', '\' and '%'. Else those and every other character are '_' in the quoted one.
 */
int filename_disposition(struct arena *a, struct slice name, struct slice *out)
	__attribute__((warn_unused_result));

#endif
