/*
 * http/part.h - the headers of one part of a form (RFC 7578 section 4).
 *
 * Only Content-Disposition means anything to us; the others are checked for form and passed over.
 *
 * Sequence:  part_add_header for each line of a zeroed struct part
 * Borrows:   name and filename view the lines, which are decoded in place: keep the lines
 * Errors:    400 for a malformed line
 */
#ifndef HTTP_PART_H
#define HTTP_PART_H

#include "base/error.h"

struct part {
	struct slice name;
	struct slice filename; /* any bytes but NUL: a path, invalid UTF-8, CR and LF as well */
	bool has_name;
	bool has_filename;    /* set for filename="" too */
	bool has_disposition; /* the Content-Disposition line was seen */
};

/*
 * Take one line of `n` bytes, without its CRLF. Refused: NUL or CR, a folded line, a line without a
 * colon or with a name that is no token, a second Content-Disposition, a parameter twice.
 *
 * In name="..." and filename="..." \" and \\ are escapes and any other backslash is itself, as
 * Windows paths arrive that way; %22, %0D and %0A are decoded, as browsers encode just these (HTML
 * section 4.10.21.8) and a percent sign not at all. A valid filename*=UTF-8''... (RFC 8187) wins
 * over filename, in whichever order they come; an invalid one is ignored.
 */
int part_add_header(struct part *part, char *line, size_t n, struct error *err)
	__attribute__((warn_unused_result));

#endif
