/*
 * base/error.h - why something failed, set once where the cause is known and passed up untouched.
 *
 * A function that can fail returns 0 or -1 and takes a struct error last; *err is set iff -1 is
 * returned. The status and code are what the client will be told; `detail` is for the log and never
 * leaves it.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include "base/slice.h"

struct error {
	int status;            /* an HTTP status */
	const char *code;      /* static: the machine-readable code of the reply */
	const char *parameter; /* static: the parameter at fault, or NULL */
	unsigned retry_s;      /* seconds after which to ask again; 0: not said */
	char text[128];   /* the reply's `error` where it is not the code's usual one; else empty */
	char more[128];   /* the reply's `detail`: what exactly is wrong; empty: none */
	char detail[256]; /* for the log only */
};

/* Set status, code and detail; the rest is cleared. Always returns -1: `return error_set(err,
 * ...)`. */
int error_set(struct error *err, int status, const char *code, const char *detail, ...)
	__attribute__((format(printf, 4, 5)));

/* Set the text the client sees, on an error that is already set. Always returns -1. */
int error_say(struct error *err, const char *text, ...) __attribute__((format(printf, 2, 3)));

/* The same for the detail that the client sees, which names no value but the client's own. */
int error_explain(struct error *err, const char *more, ...) __attribute__((format(printf, 2, 3)));

#endif
