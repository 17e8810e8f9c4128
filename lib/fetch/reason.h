/*
 * fetch/reason.h - why a fetch failed, in the few words that a client may read.
 */
#ifndef FETCH_REASON_H
#define FETCH_REASON_H

#include "base/error.h"

/*
 * 422 "Upload failed: <reason>", a reason of contract section 8; and in detail for the log, where
 * addresses, ports and the words of libraries belong. Always -1.
 */
int reason_set(struct error *err, const char *reason, const char *detail, ...)
	__attribute__((format(printf, 3, 4)));

#endif
