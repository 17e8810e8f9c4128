/* Base64, strictly. */
#include "base/base64.h"

#include <stdint.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t base64_length(size_t n)
{
	return (n + 2) / 3 * 4;
}

/* Three bytes as a number; zeros stand for those behind the end. */
static uint32_t group_of(const unsigned char *bytes, size_t n)
{
	uint32_t group = (uint32_t)bytes[0] << 16;
	group |= n > 1 ? (uint32_t)bytes[1] << 8 : 0;
	return group | (n > 2 ? bytes[2] : 0);
}

void base64_encode(const unsigned char *bytes, size_t n, char *out)
{
	for (size_t i = 0; i < n; i += 3) {
		uint32_t group = group_of(bytes + i, n - i);
		*out++ = digits[group >> 18];
		*out++ = digits[group >> 12 & 63];
		*out++ = n - i > 1 ? digits[group >> 6 & 63] : '=';
		*out++ = n - i > 2 ? digits[group & 63] : '=';
	}
	*out = '\0';
}

static int value_of(char c)
{
	const char *at = memchr(digits, c, sizeof digits - 1);
	return at ? (int)(at - digits) : -1;
}

/* Take the bytes of a group that are wanted; what stands behind them must be zero. */
static int take_group(uint32_t group, unsigned char *out, size_t n)
{
	for (size_t i = 0; i < 3; i++) {
		unsigned char byte = (unsigned char)(group >> (16 - 8 * i));
		if (i < n) {
			out[i] = byte;
		} else if (byte != 0) {
			return -1;
		}
	}
	return 0;
}

int base64_decode(struct slice s, unsigned char *out, size_t n)
{
	size_t padding = (3 - n % 3) % 3;
	uint32_t group = 0;
	if (s.n != base64_length(n)) {
		return -1;
	}
	for (size_t i = 0; i < s.n; i++) {
		bool pad = i >= s.n - padding;
		int value = pad ? (s.p[i] == '=' ? 0 : -1) : value_of(s.p[i]);
		if (value < 0) {
			return -1;
		}
		group = group << 6 | (uint32_t)value;
		size_t at = i / 4 * 3;
		if (i % 4 == 3 && take_group(group, out + at, n - at) != 0) {
			return -1;
		}
	}
	return 0;
}
