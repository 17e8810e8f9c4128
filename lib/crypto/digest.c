/* SHA-256 by libcrypto. */
#include "crypto/digest.h"

#include <openssl/evp.h>
#include <pthread.h>
#include <semaphore.h>

#include "base/number.h"

enum { STACK_BYTES = 256 * 1024 };

/* The thread beside and its jobs, each announced by `todo` and ended by `done`. */
struct beside {
	bool started;
	pthread_t thread;
	sem_t todo, done;
	struct slice jobs[SHA256_POSTED_MAX]; /* in a ring; p is NULL: end */
	size_t given, ended;                  /* jobs so far; the caller's count of them */
	bool failed;
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

static void wait_for(sem_t *semaphore)
{
	while (sem_wait(semaphore) != 0) {
		/* Interrupted; nothing else can happen to it. */
	}
}

static void *work(void *arg)
{
	struct sha256 *h = arg;
	struct beside *b = &h->beside;
	for (size_t i = 0;; i++) {
		wait_for(&b->todo);
		struct slice job = b->jobs[i % SHA256_POSTED_MAX];
		if (!job.p) {
			return NULL;
		}
		b->failed = !update(h, job) || b->failed;
		sem_post(&b->done);
	}
}

/* It inherits that signals are blocked: they stay the caller's to take. */
static bool start(struct sha256 *h)
{
	struct beside *b = &h->beside;
	pthread_attr_t attributes;
	if (b->started) {
		return true;
	}
	sem_init(&b->todo, 0, 0);
	sem_init(&b->done, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	b->started = pthread_create(&b->thread, &attributes, work, h) == 0;
	pthread_attr_destroy(&attributes);
	return b->started;
}

/* Wait until at most `left` jobs are out. */
static void wait_for_jobs(struct beside *b, size_t left)
{
	while (b->given - b->ended > left) {
		wait_for(&b->done);
		b->ended++;
	}
}

void sha256_settle(struct sha256 *h)
{
	wait_for_jobs(&h->beside, 0);
}

static void give(struct beside *b, struct slice job)
{
	wait_for_jobs(b, SHA256_POSTED_MAX - 1);
	b->jobs[b->given++ % SHA256_POSTED_MAX] = job;
	sem_post(&b->todo);
}

static void end_thread(struct sha256 *h)
{
	struct beside *b = &h->beside;
	if (b->started) {
		sha256_settle(h);
		give(b, (struct slice){NULL, 0});
		pthread_join(b->thread, NULL);
		sem_destroy(&b->todo);
		sem_destroy(&b->done);
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
	if (bytes.n == 0 || !start(h)) {
		return sha256_add(h, bytes);
	}
	give(&h->beside, bytes);
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
