/* UUIDv7. */
#include "base/uuid.h"

#include "base/number.h"

void uuid_format(int64_t ms, const unsigned char random[UUID_RANDOM], char out[UUID_SIZE])
{
	unsigned char b[16];
	char hex[33];
	for (int i = 0; i < 6; i++) {
		b[i] = (unsigned char)(ms >> (40 - 8 * i));
	}
	memcpy(b + 6, random, UUID_RANDOM);
	b[6] = (unsigned char)(0x70 | (b[6] & 0x0f));
	b[8] = (unsigned char)(0x80 | (b[8] & 0x3f));
	number_hex(b, sizeof b, hex);
	snprintf(out, UUID_SIZE, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16,
		hex + 20);
}

bool uuid_is_valid(struct slice s)
{
	if (s.n != UUID_LENGTH) {
		return false;
	}
	for (size_t i = 0; i < UUID_LENGTH; i++) {
		char c = s.p[i];
		if (i == 8 || i == 13 || i == 18 || i == 23) {
			if (c != '-') {
				return false;
			}
		} else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'))) {
			return false;
		}
	}
	return s.p[14] == '7' && memchr("89ab", s.p[19], 4) != NULL;
}

int64_t uuid_time_ms(struct slice s)
{
	int64_t ms = 0;
	for (size_t i = 0; i < 13; i++) {
		if (i != 8) {
			ms = ms << 4 | number_hex_digit(s.p[i]);
		}
	}
	return ms;
}
