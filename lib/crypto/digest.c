/* SHA-256 by libcrypto. */
#include "crypto/digest.h"

#include <openssl/evp.h>

#include "base/number.h"

/* The algorithm is fetched once: libcrypto's look-up costs more than hashing a small file. */
struct sha256 {
	EVP_MD *algorithm;
	EVP_MD_CTX *context;
};

struct sha256 *sha256_new(void)
{
	struct sha256 *h = calloc(1, sizeof *h);
	if (!h) {
		return NULL;
	}
	h->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	h->context = EVP_MD_CTX_new();
	if (!h->algorithm || !h->context) {
		sha256_free(h);
		return NULL;
	}
	return h;
}

void sha256_free(struct sha256 *h)
{
	if (h) {
		EVP_MD_CTX_free(h->context);
		EVP_MD_free(h->algorithm);
		free(h);
	}
}

int sha256_begin(struct sha256 *h)
{
	return EVP_DigestInit_ex2(h->context, h->algorithm, NULL) == 1 ? 0 : -1;
}

int sha256_add(struct sha256 *h, struct slice bytes)
{
	return EVP_DigestUpdate(h->context, bytes.p, bytes.n) == 1 ? 0 : -1;
}

int sha256_end(struct sha256 *h, unsigned char out[SHA256_BYTES])
{
	return EVP_DigestFinal_ex(h->context, out, NULL) == 1 ? 0 : -1;
}

int sha256_hex(struct sha256 *h, struct slice text, char out[SHA256_HEX_SIZE])
{
	unsigned char digest[SHA256_BYTES];
	if (sha256_begin(h) != 0 || sha256_add(h, text) != 0 || sha256_end(h, digest) != 0) {
		return -1;
	}
	number_hex(digest, sizeof digest, out);
	return 0;
}
