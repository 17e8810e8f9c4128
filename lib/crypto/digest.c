/* SHA-256 by libcrypto. */
#include "crypto/digest.h"

#include <openssl/evp.h>
#include <pthread.h>

#include "base/number.h"

enum { STACK_BYTES = 256 * 1024 };

/*
 * The thread beside, and the queue of its jobs. Whoever has `digest` may do the next job, so that the
 * caller, when it would have to wait for room in the queue, does one itself: on a busy machine the
 * thread may be waiting for that very processor.
 */
struct beside {
	bool started;
	pthread_t thread;
	pthread_mutex_t digest;               /* held while bytes are hashed */
	pthread_mutex_t queue;                /* held for a moment, for what follows */
	struct slice jobs[SHA256_POSTED_MAX]; /* in a ring */
	size_t given, ended;
	pthread_cond_t more; /* given, or stop */
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

/* Do the oldest job. False when there is none, nor one that is being done. */
static bool do_next(struct sha256 *h)
{
	struct beside *b = &h->beside;
	pthread_mutex_lock(&b->digest);
	pthread_mutex_lock(&b->queue);
	bool any = b->ended < b->given;
	struct slice job = b->jobs[b->ended % SHA256_POSTED_MAX];
	pthread_mutex_unlock(&b->queue);
	if (any) {
		bool done = update(h, job);
		pthread_mutex_lock(&b->queue);
		b->failed = b->failed || !done;
		b->ended++;
		pthread_mutex_unlock(&b->queue);
	}
	pthread_mutex_unlock(&b->digest);
	return any;
}

static void *work(void *arg)
{
	struct sha256 *h = arg;
	struct beside *b = &h->beside;
	pthread_mutex_lock(&b->queue);
	while (!b->stop) {
		if (b->ended == b->given) {
			pthread_cond_wait(&b->more, &b->queue);
			continue;
		}
		pthread_mutex_unlock(&b->queue);
		do_next(h);
		pthread_mutex_lock(&b->queue);
	}
	pthread_mutex_unlock(&b->queue);
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
	pthread_mutex_init(&b->digest, NULL);
	pthread_mutex_init(&b->queue, NULL);
	pthread_cond_init(&b->more, NULL);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	b->started = pthread_create(&b->thread, &attributes, work, h) == 0;
	pthread_attr_destroy(&attributes);
	return b->started;
}

void sha256_settle(struct sha256 *h)
{
	while (h->beside.started && do_next(h)) {
		/* Until nothing is left. */
	}
}

static bool give(struct beside *b, struct slice job)
{
	pthread_mutex_lock(&b->queue);
	bool room = b->given - b->ended < SHA256_POSTED_MAX;
	if (room) {
		b->jobs[b->given++ % SHA256_POSTED_MAX] = job;
		pthread_cond_signal(&b->more);
	}
	pthread_mutex_unlock(&b->queue);
	return room;
}

static void end_thread(struct sha256 *h)
{
	struct beside *b = &h->beside;
	if (b->started) {
		sha256_settle(h);
		pthread_mutex_lock(&b->queue);
		b->stop = true;
		pthread_cond_signal(&b->more);
		pthread_mutex_unlock(&b->queue);
		pthread_join(b->thread, NULL);
		pthread_cond_destroy(&b->more);
		pthread_mutex_destroy(&b->queue);
		pthread_mutex_destroy(&b->digest);
	}
}

void sha256_free(struct sha256 *h)
{
	if (h) {
		end_thread(h);
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
	if (!start(h)) {
		return sha256_add(h, bytes);
	}
	while (!give(&h->beside, bytes)) {
		do_next(h);
	}
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
