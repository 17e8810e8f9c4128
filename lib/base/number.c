/* Numbers and hexadecimal from text. */
#include "base/number.h"

int number_parse(struct slice s, uint64_t *out)
{
	uint64_t value = 0;
	if (s.n == 0) {
		return -1;
	}
	for (size_t i = 0; i < s.n; i++) {
		unsigned digit = (unsigned)(s.p[i] - '0');
		if (s.p[i] < '0' || digit > 9 || value > (UINT64_MAX - digit) / 10) {
			return -1;
		}
		value = value * 10 + digit;
	}
	*out = value;
	return 0;
}

int number_hex_digit(char c)
{
	if (c >= '0' && c <= '9') {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	if (c >= 'A' && c <= 'F') {
		return c - 'A' + 10;
	}
	return -1;
}

void number_hex(const unsigned char *bytes, size_t n, char *out)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < n; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	out[2 * n] = '\0';
}

int number_unhex(struct slice s, unsigned char *out, size_t n)
{
	if (s.n != 2 * n) {
		return -1;
	}
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] >= 'A' && s.p[i] <= 'F') {
			return -1;
		}
		int digit = number_hex_digit(s.p[i]);
		if (digit < 0) {
			return -1;
		}
		out[i / 2] = (unsigned char)(i % 2 ? out[i / 2] | digit : digit << 4);
	}
	return 0;
}
