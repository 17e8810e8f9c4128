/*
 * cgi/template.h - a configuration file with names in it, and values for them.
 *
 *   @NAME@    its value. A line that holds nothing but an empty value is left out
 *   @NAME?@   its value; without one the whole line is left out
 *   #: NAME DEFAULT MEANING
 *             at the start of a line ("#" may be ";"): NAME has this value unless another is given, "-"
 *             for an empty one. DEFAULT is one word, and may hold names. Such lines are left out
 *
 * NAME is A to Z, digits and "_", and begins with a letter; every other "@" is text. Values are put in
 * as they are: a name in a value means nothing.
 *
 * Borrows:   all slices view the text, or the values given
 */
#ifndef CGI_TEMPLATE_H
#define CGI_TEMPLATE_H

#include "base/buf.h"

struct template_value {
	struct slice name, text, meaning; /* text.p is NULL where there is none */
};

struct template_declared {
	struct slice name, fallback, meaning;
};

/* What the file says it is: its first line, without the comment sign. A "#!" line is passed over. */
struct slice template_title(struct slice text);

/* The next declaration at *rest; false at the end. Start with the whole text. */
bool template_next_declared(struct slice *rest, struct template_declared *out);

/* The next name that stands in a line that is no declaration; false at the end. */
bool template_next_used(struct slice *rest, struct slice *name);

/* Whether the text uses or declares this name, be it in the DEFAULT of another. */
bool template_has(struct slice text, struct slice name);

/* The value with this name, or NULL. */
const struct template_value *template_find(
	const struct template_value *values, size_t count, struct slice name);

/*
 * Write the text with its values to `out`, which may overflow as a buffer does. Returns -1 when a name
 * has no value: *missing.
 */
int template_fill(struct slice text, const struct template_value *values, size_t count,
	struct buf *out, struct slice *missing) __attribute__((warn_unused_result));

/*
 * Whether a value may stand anywhere in any of the files: letters, digits and . _ / : + = , ~ - only, as
 * each server has quotes, variables and patterns of its own.
 */
bool template_is_plain(struct slice value);

#endif
