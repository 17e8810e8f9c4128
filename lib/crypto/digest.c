/* SHA-256 by libcrypto. */
#include "crypto/digest.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "base/number.h"

enum { STACK_BYTES = 256 * 1024 };

/* The thread beside: it has a job while `job.p` is set. */
struct beside {
	bool started;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct slice job;
	bool failed, stop;
};

/* The algorithm is fetched once: libcrypto's look-up costs more than hashing a small file. */
struct sha256 {
	EVP_MD *algorithm;
	EVP_MD_CTX *context;
	struct beside beside;
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

static bool update(struct sha256 *h, struct slice bytes)
{
	return EVP_DigestUpdate(h->context, bytes.p, bytes.n) == 1;
}

static void *work(void *arg)
{
	struct sha256 *h = arg;
	struct beside *b = &h->beside;
	pthread_mutex_lock(&b->lock);
	while (!b->stop) {
		if (!b->job.p) {
			pthread_cond_wait(&b->changed, &b->lock);
			continue;
		}
		struct slice job = b->job;
		pthread_mutex_unlock(&b->lock);
		bool done = update(h, job);
		pthread_mutex_lock(&b->lock);
		b->failed = b->failed || !done;
		b->job.p = NULL;
		pthread_cond_signal(&b->changed);
	}
	pthread_mutex_unlock(&b->lock);
	return NULL;
}

/* It inherits that signals are blocked: they stay the caller's to take. */
static bool start(struct sha256 *h)
{
	struct beside *b = &h->beside;
	pthread_attr_t attributes;
	if (b->started) {
		return true;
	}
	pthread_mutex_init(&b->lock, NULL);
	pthread_cond_init(&b->changed, NULL);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	b->started = pthread_create(&b->thread, &attributes, work, h) == 0;
	pthread_attr_destroy(&attributes);
	return b->started;
}

/* With the lock held: until the thread has nothing to do. */
static void wait_for_rest(struct beside *b)
{
	while (b->job.p) {
		pthread_cond_wait(&b->changed, &b->lock);
	}
}

void sha256_settle(struct sha256 *h)
{
	struct beside *b = &h->beside;
	if (b->started) {
		pthread_mutex_lock(&b->lock);
		wait_for_rest(b);
		pthread_mutex_unlock(&b->lock);
	}
}

static void end_thread(struct beside *b)
{
	if (b->started) {
		pthread_mutex_lock(&b->lock);
		wait_for_rest(b);
		b->stop = true;
		pthread_cond_signal(&b->changed);
		pthread_mutex_unlock(&b->lock);
		pthread_join(b->thread, NULL);
		pthread_cond_destroy(&b->changed);
		pthread_mutex_destroy(&b->lock);
	}
}

void sha256_free(struct sha256 *h)
{
	if (h) {
		end_thread(&h->beside);
		EVP_MD_CTX_free(h->context);
		EVP_MD_free(h->algorithm);
		free(h);
	}
}

int sha256_begin(struct sha256 *h)
{
	sha256_settle(h);
	h->beside.failed = false;
	return EVP_DigestInit_ex2(h->context, h->algorithm, NULL) == 1 ? 0 : -1;
}

int sha256_add(struct sha256 *h, struct slice bytes)
{
	sha256_settle(h);
	return update(h, bytes) ? 0 : -1;
}

int sha256_post(struct sha256 *h, struct slice bytes)
{
	struct beside *b = &h->beside;
	if (bytes.n == 0 || !start(h)) {
		return sha256_add(h, bytes);
	}
	pthread_mutex_lock(&b->lock);
	wait_for_rest(b);
	b->job = bytes;
	pthread_cond_signal(&b->changed);
	pthread_mutex_unlock(&b->lock);
	return 0;
}

int sha256_end(struct sha256 *h, unsigned char out[SHA256_BYTES])
{
	sha256_settle(h);
	return !h->beside.failed && EVP_DigestFinal_ex(h->context, out, NULL) == 1 ? 0 : -1;
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
