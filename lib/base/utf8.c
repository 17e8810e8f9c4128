/* Characters in bytes. */
#include "base/utf8.h"

static size_t length_of(unsigned char first)
{
	if (first < 0x80) {
		return 1;
	}
	if (first < 0xc2) {
		return 0;
	}
	return first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

bool utf8_read(struct slice s, uint32_t *point, size_t *length)
{
	unsigned char first = (unsigned char)s.p[0];
	/* The second byte's range shuts out overlong forms, surrogates and what lies too high. */
	unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
	unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
	size_t n = length_of(first);
	*point = 0xfffd;
	*length = 1;
	if (n == 0) {
		return false;
	}
	uint32_t value = n == 1 ? first : first & (0x7fU >> n);
	for (size_t i = 1; i < n; i++) {
		unsigned char next = i < s.n ? (unsigned char)s.p[i] : 0;
		if (next < low || next > high) {
			*length = i;
			return false;
		}
		value = value << 6 | (next & 0x3f);
		low = 0x80;
		high = 0xbf;
	}
	*point = value;
	*length = n;
	return true;
}

bool utf8_is_valid(struct slice s)
{
	uint32_t point;
	for (size_t n; s.n; s = slice_from(s, n)) {
		if (!utf8_read(s, &point, &n)) {
			return false;
		}
	}
	return true;
}
