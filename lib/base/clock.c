/* Times and their texts, in the C locale and UTC throughout. */
#include "base/clock.h"

static int64_t read_clock(clockid_t id)
{
	struct timespec t;
	clock_gettime(id, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_now_ms(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t clock_monotonic_ms(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

static void format(int64_t ms, const char *pattern, char *out, size_t size)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	gmtime_r(&seconds, &tm);
	if (strftime(out, size, pattern, &tm) == 0) {
		out[0] = '\0';
	}
}

/* Accepts only what formats back to itself: strptime alone takes signs, spaces and short fields. */
static int parse(struct slice s, const char *pattern, size_t size, int64_t *ms)
{
	char text[CLOCK_HTTP_SIZE], again[CLOCK_HTTP_SIZE];
	struct tm tm = {0};
	if (s.n != size - 1) {
		return -1;
	}
	memcpy(text, s.p, s.n);
	text[s.n] = '\0';
	const char *end = strptime(text, pattern, &tm);
	if (end == NULL || *end != '\0') {
		return -1;
	}
	*ms = (int64_t)timegm(&tm) * 1000;
	format(*ms, pattern, again, size);
	return strcmp(text, again) == 0 ? 0 : -1;
}

static const char iso[] = "%Y-%m-%dT%H:%M:%SZ";
static const char http[] = "%a, %d %b %Y %H:%M:%S GMT";

void clock_format_iso(int64_t ms, char out[CLOCK_ISO_SIZE])
{
	format(ms, iso, out, CLOCK_ISO_SIZE);
}

int clock_parse_iso(struct slice s, int64_t *ms)
{
	return parse(s, iso, CLOCK_ISO_SIZE, ms);
}

void clock_format_http(int64_t ms, char out[CLOCK_HTTP_SIZE])
{
	format(ms, http, out, CLOCK_HTTP_SIZE);
}

int clock_parse_http(struct slice s, int64_t *ms)
{
	return parse(s, http, CLOCK_HTTP_SIZE, ms);
}
