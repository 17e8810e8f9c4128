/*
 * store/scope.h - what a key may be used for: bits, and the words that stand for them.
 *
 * A list is words separated by commas, "upload,read". It is written in that order, whichever it was
 * given in.
 */
#ifndef STORE_SCOPE_H
#define STORE_SCOPE_H

#include "base/arena.h"

enum scope {
	SCOPE_NONE = 0, /* of a call: any key will do */
	SCOPE_UPLOAD = 1 << 0,
	SCOPE_READ = 1 << 1,
	SCOPE_DELETE = 1 << 2,
	SCOPE_ALL = SCOPE_UPLOAD | SCOPE_READ | SCOPE_DELETE,
};

/* The word for one of them; "" for any other number. */
const char *scope_name(enum scope scope);

/*
 * Read a list. *out gets the words that are known; -1 when one is not, or none is there, so that a
 * careless reader grants too little, never too much.
 */
int scope_parse_list(struct slice text, unsigned *out);

/* The words of all bits that are set, in the arena; "" for none, NULL when the arena is full. */
const char *scope_print_list(struct arena *a, unsigned scopes);

#endif
