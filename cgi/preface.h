/*
 * cgi/preface.h - the records in front of a FastCGI request, judged before libfcgi reads them.
 *
 * libfcgi takes the lengths in them at their word: it allocates what a peer claims and waits for as
 * long as a peer likes. So they are looked at while they still lie in the socket, and libfcgi sees
 * only requests that are well formed, complete and small.
 */
#ifndef CGI_PREFACE_H
#define CGI_PREFACE_H

#include "base/slice.h"

enum {
	PREFACE_PARAMS_MAX = 64 * 1024,              /* names and values of all parameters */
	PREFACE_MAX = PREFACE_PARAMS_MAX + 8 * 1024, /* with the records around them */
};

enum preface {
	PREFACE_GOOD,
	PREFACE_BODILESS, /* good, and the empty STDIN record is right behind: there is no body */
	PREFACE_MORE,     /* nothing is wrong so far */
	PREFACE_BAD,
};

/*
 * Judge the bytes at the start of a connection: BEGIN_REQUEST for a responder, then PARAMS records
 * of the same request up to the empty one (FastCGI specification sections 3.3, 3.4, 5.1 and 5.2).
 * The bytes are overwritten.
 */
enum preface preface_judge(unsigned char *bytes, size_t n);

#endif
