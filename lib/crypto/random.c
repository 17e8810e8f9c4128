/* Unguessable bytes by the kernel: libcrypto's own generator costs several times the call. */
#include "crypto/random.h"

#include <sys/random.h>

int random_bytes(void *out, size_t n)
{
	/* Up to 256 bytes come whole and are not interrupted once the generator is seeded. */
	return n <= 256 && getrandom(out, n, 0) == (ssize_t)n ? 0 : -1;
}

int random_uuid(int64_t now_ms, char out[UUID_SIZE])
{
	unsigned char random[UUID_RANDOM];
	if (random_bytes(random, sizeof random) != 0) {
		return -1;
	}
	uuid_format(now_ms, random, out);
	return 0;
}

int random_alphanumeric(char *out, size_t n)
{
	static const char alphabet[] =
		"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	for (size_t i = 0; i < n;) {
		unsigned char byte;
		if (random_bytes(&byte, 1) != 0) {
			return -1;
		}
		/* 248 = 4 * 62: bytes above it would favour the first letters. */
		if (byte < 248) {
			out[i++] = alphabet[byte % 62];
		}
	}
	out[n] = '\0';
	return 0;
}
