/*
 * fixture.h - app_handle with a Redis and a store of the test's own, and requests as literals.
 *
 * Sequence:  fixture_open -> (fixture_ask -> look at f->res and f->body)* -> fixture_close
 * Owns:      everything; an answer lives until the next fixture_ask or fixture_rest
 * Errors:    whatever cannot be set up ends the test
 */
#ifndef APP_FIXTURE_H
#define APP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/app.h"
#include "crypto/digest.h"
#include "store/account.h"
#include "store/key.h"
#include "store/redis.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

enum { FIXTURE_SETTINGS = 8 };

struct fixture {
	struct config config;
	struct log log;
	struct arena config_arena, arena; /* of the settings, of the request */
	struct app *app;
	struct redis *redis; /* the test's own connection */
	struct sha256 *hash;
	const char *account, *key;
	struct request req;
	struct body req_body;
	struct response res;
	struct slice body; /* of the answer: bytes, or the part of a file */
	char file[64 * 1024];
};

struct ask {
	int number;         /* of the request, 0 to 9: part of its id */
	const char *method; /* NULL: GET */
	const char *target;
	const char *headers; /* "name: value" lines, names in lower case; NULL: none */
	const char *key;     /* NULL: no Authorization; the rest goes behind "Bearer " */
	struct slice body;
	size_t chunk;    /* bytes a piece; 0: all at once */
	size_t fails_at; /* the source breaks instead of giving this byte, counted from 1; 0: never
	                  */
	size_t ends_at;  /* it ends cleanly instead of giving this byte */
	bool no_length;  /* as with a chunked body */
	bool ended;      /* the end of an empty body was seen before anybody asked */
	uint64_t length; /* what Content-Length claims; 0: the truth */
	void (*half_way)(struct fixture *f, void *context); /* called in the middle of the body */
	void *context;
	size_t taken; /* out: bytes of the body that were asked for */
};

/* With settings "NAME=value", at most FIXTURE_SETTINGS, and an account of this tier. */
void fixture_open(struct fixture *f, enum tier tier, const char *const *settings, size_t count);
void fixture_close(struct fixture *f);

/* The same as cmocka calls them around a test or a group of tests, which find the fixture in *state. */
int fixture_set_up(void **state, enum tier tier, const char *const *settings, size_t count);
int fixture_tear_down(void **state);

/* Another account with a key, in the fixture's settings' memory. */
void fixture_account(struct fixture *f, const char *email, enum tier tier, const char **account,
	const char **key);

/* Write a field of the key in Redis; value NULL takes it away. Read one: NULL when it is not there. */
void fixture_set_key(struct fixture *f, const char *key, const char *field, const char *value);
const char *fixture_key_field(struct fixture *f, const char *key, const char *field);

/* The name of the key in Redis, in the fixture's settings' memory. */
const char *fixture_key_name(struct fixture *f, const char *key);

/* Answer a request; returns its status. */
int fixture_ask(struct fixture *f, struct ask *ask);

/* GET (or another method) without a body. */
int fixture_get(struct fixture *f, const char *method, const char *target, const char *key);

/* Upload a file as multipart; returns the status. */
int fixture_upload(struct fixture *f, const char *key, const char *name, struct slice bytes);

/* End the request: whatever it took is released. */
void fixture_rest(struct fixture *f);

/* A member of the JSON answer, "" when it is not there; in the request's memory. */
const char *fixture_text(struct fixture *f, const char *name);
double fixture_number(struct fixture *f, const char *name);

/* The value of a header of the answer, "" when it is not there. */
const char *fixture_header(struct fixture *f, const char *name);

/* All that is kept: on disk, and in Redis for the fixture's account. */
struct kept {
	size_t files, records, unfinished;
	uint64_t counted_files, counted_bytes, listed;
	uint64_t keys; /* of all accounts, and the account's records and indexed names */
};
struct kept fixture_kept(struct fixture *f);

/* Ends the request and checks that nothing came or went since `before`. */
void fixture_same(struct fixture *f, const struct kept *before);

#endif
