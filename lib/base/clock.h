/*
 * base/clock.h - times as milliseconds since the epoch, and their texts.
 */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>

#include "base/slice.h"

enum {
	CLOCK_ISO_SIZE = sizeof "2026-01-29T12:00:00Z",
	CLOCK_HTTP_SIZE = sizeof "Thu, 29 Jan 2026 12:00:00 GMT",
};

/* Wall clock and a clock that never goes back, both in milliseconds. */
int64_t clock_now_ms(void);
int64_t clock_monotonic_ms(void);

/* UTC without a fraction (RFC 3339): 2026-01-29T12:00:00Z. */
void clock_format_iso(int64_t ms, char out[CLOCK_ISO_SIZE]);

/* The reverse. Returns -1 when s is anything but that form. */
int clock_parse_iso(struct slice s, int64_t *ms) __attribute__((warn_unused_result));

/* IMF-fixdate (RFC 9110 section 5.6.7): Thu, 29 Jan 2026 12:00:00 GMT. */
void clock_format_http(int64_t ms, char out[CLOCK_HTTP_SIZE]);

/* The reverse, IMF-fixdate only. Returns -1 when s is anything else. */
int clock_parse_http(struct slice s, int64_t *ms) __attribute__((warn_unused_result));

#endif
