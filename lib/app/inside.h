/*
 * app/inside.h - what the resources in this room share: the app's parts, a call in progress,
 * replies.
 */
#ifndef APP_INSIDE_H
#define APP_INSIDE_H

#include "app/app.h"
#include "app/route.h"
#include "auth/bearer.h"
#include "auth/usage.h"
#include "http/json.h"
#include "http/mediatype.h"
#include "sniff/sniff.h"
#include "store/record.h"
#include "store/volume.h"

struct app {
	const struct config *config;
	const struct log *log;
	struct redis *redis;
	struct sha256 *hash;      /* of a file, of a key */
	struct sha256 *body_hash; /* of a request's body */
	struct sniffer *sniffer;
	struct usage *usage;
	struct volume volume;
};

enum { CALL_FILES_MAX = 40 };

/* One request on its way through the dispatcher and a handler. */
struct call {
	const struct app *app;
	const struct request *req;
	struct response *res;
	struct mediatype type;                         /* of the body, where the route reads one */
	struct identity *identity;                     /* NULL where anyone may ask */
	struct once *once;                             /* NULL without an Idempotency-Key */
	struct slice parameters[ROUTE_PARAMETERS_MAX]; /* of the route's pattern, in order */
	struct volume_root root;                       /* once call_open_store succeeded */
	enum scope lacking;                            /* what the caller's key is not good for */
	bool wants_text;                               /* rather than JSON, of what was stored */
	const char *stored[CALL_FILES_MAX];            /* for the log, as in struct response */
	size_t stored_count;
	const char *origin; /* likewise */
};

/* The documentation's names: each answers the call, or returns -1 with *err for the dispatcher. */
int me_show(struct call *c, struct error *err);
int upload_create(struct call *c, struct error *err);
int upload_put(struct call *c, struct error *err);
int upload_batch(struct call *c, struct error *err);
int upload_from_url(struct call *c, struct error *err);
int upload_delete(struct call *c, struct error *err);
int upload_delete_batch(struct call *c, struct error *err);
int upload_rename(struct call *c, struct error *err);
int uploads_list(struct call *c, struct error *err);
int uploads_show(struct call *c, struct error *err);
int revoke_key(struct call *c, struct error *err);
int file_serve(struct call *c, struct error *err);
int rescue_show(struct call *c, struct error *err);
int health_show(struct call *c, struct error *err);
int openapi_show(struct call *c, struct error *err);

/* Answer with a JSON document. */
int reply_json(struct call *c, int status, struct json *doc, struct error *err)
	__attribute__((warn_unused_result));

/* Answer with JSON that is text already, and outlives the call. */
void reply_document(struct call *c, int status, struct slice text);

/* The members of a file object (contract section 2), into an object that is there. */
void file_object(struct call *c, struct json *object, const struct record *record);

/* Answer with text, as for a client that wants_text; returns 0. */
int reply_text(struct call *c, int status, struct slice text);

/* Answer that a file was stored: a file object, or just its URL for a client that wants_text. */
int reply_upload(struct call *c, const struct record *record, struct error *err)
	__attribute__((warn_unused_result));

/* Answer with a file object. */
int reply_file(struct call *c, int status, const struct record *record, struct error *err)
	__attribute__((warn_unused_result));

/* Answer as an earlier call was answered. */
void reply_again(struct call *c, int status, struct slice type, struct slice body);

/* Answer with the error envelope (contract section 3). */
void reply_error(struct call *c, const struct error *err);

/* The public URL of a file; in the request's arena, NULL when that is full. */
const char *file_url(struct call *c, const struct record *record);

/* What a browser could run gets no origin, no scripts and no other sources. */
void reply_sandbox(struct call *c);

/* The limits of the caller's tier. */
const struct tier_limits *call_limits(const struct call *c);

/* Open the store for this call; 503 when it is not mounted. */
int call_open_store(struct call *c, struct error *err) __attribute__((warn_unused_result));

/* 500: the request's memory is used up. */
int call_full(struct error *err);

/* 400: a parameter was not sent. `parameter` is static. */
int call_missing(const char *parameter, struct error *err);

#endif
