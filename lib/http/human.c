/* Sizes for people. */
#include "http/human.h"

static uint64_t divide_half_up(uint64_t n, uint64_t by)
{
	uint64_t rest = n % by;
	return n / by + (rest >= by - rest);
}

/* Three digits from the front of a value of 100 units or more: whole numbers only. */
static void format_large(uint64_t bytes, uint64_t unit, const char *name, char *out)
{
	uint64_t step = 1;
	while (bytes / unit / step >= 1000) {
		step *= 10;
	}
	uint64_t whole = divide_half_up(bytes, unit * step) * step;
	snprintf(out, HUMAN_SIZE, "%llu %s", (unsigned long long)whole, name);
}

static void format_small(uint64_t bytes, uint64_t unit, const char *name, char *out)
{
	/* Below 100 units bytes * 100 fits: the largest unit is 2^40. */
	uint64_t hundredths = bytes / unit < 10 ? divide_half_up(bytes * 100, unit)
						: divide_half_up(bytes * 10, unit) * 10;
	unsigned long long whole = hundredths / 100;
	unsigned fraction = (unsigned)(hundredths % 100);
	if (fraction == 0) {
		snprintf(out, HUMAN_SIZE, "%llu %s", whole, name);
	} else if (fraction % 10 == 0) {
		snprintf(out, HUMAN_SIZE, "%llu.%u %s", whole, fraction / 10, name);
	} else {
		snprintf(out, HUMAN_SIZE, "%llu.%02u %s", whole, fraction, name);
	}
}

void human_size(uint64_t bytes, char out[HUMAN_SIZE])
{
	static const char *const names[] = {"Bytes", "KB", "MB", "GB", "TB"};
	size_t i = 0;
	uint64_t unit = 1;
	while (i + 1 < sizeof names / sizeof *names && bytes / unit >= 1024) {
		unit *= 1024;
		i++;
	}
	if (i == 0) {
		snprintf(out, HUMAN_SIZE, "%u %s", (unsigned)bytes, bytes == 1 ? "Byte" : "Bytes");
	} else if (bytes / unit < 100) {
		format_small(bytes, unit, names[i], out);
	} else {
		format_large(bytes, unit, names[i], out);
	}
}
