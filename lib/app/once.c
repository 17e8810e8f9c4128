/* A call with an Idempotency-Key is carried out once. */
#include "app/once.h"

#include "base/clock.h"
#include "base/number.h"
#include "store/file.h"

enum { KEY_MAX = 255, RENEW_MS = REPLAY_LEASE_MS / 3, RENEW_ARENA = 4096 };

struct once {
	struct call *call;
	struct replay replay;
	const char *pattern; /* of the route */
	struct slice key;
	struct body_source body;           /* the request's own */
	int64_t held_ms;                   /* when the lease was last made longer */
	char fingerprint[SHA256_HEX_SIZE]; /* once judged */
	bool judged;
};

static int refuse_elsewhere(int64_t wait_ms, struct error *err)
{
	error_set(err, 409, "conflict", "the Idempotency-Key is in use");
	err->retry_s = wait_ms > 1000 ? (unsigned)((wait_ms + 999) / 1000) : 1;
	return -1;
}

int once_hold(struct call *c, struct error *err)
{
	struct once *o = c->once;
	struct error ignored;
	struct arena a;
	int64_t now_ms = clock_monotonic_ms();
	if (!o || o->replay.state != REPLAY_OURS || now_ms - o->held_ms < RENEW_MS) {
		return 0;
	}
	/* An upload of hours renews its lease thousands of times: not in the request's arena. */
	if (arena_init(&a, RENEW_ARENA) != 0) {
		return error_set(err, 500, "internal_error", "no memory");
	}
	o->held_ms = now_ms;
	int held = replay_renew(c->app->redis, &a, &o->replay, &ignored);
	arena_release(&a);
	/* A Redis that does not answer may do so again before the commit, which looks again. */
	return held == 0 ? refuse_elsewhere(0, err) : 0;
}

static int next_held(void *context, struct slice *chunk, struct error *err)
{
	struct once *o = context;
	if (once_hold(o->call, err) != 0) {
		return -1;
	}
	return o->body.next(o->body.context, chunk, err);
}

static int take(struct once *o, struct error *err)
{
	struct call *c = o->call;
	struct slice key = o->key;
	char digest[SHA256_HEX_SIZE];
	if (key.n > KEY_MAX || slice_has_control(key)) {
		error_set(err, 400, "bad_request", "Idempotency-Key of %zu bytes", key.n);
		return error_explain(
			err, "Idempotency-Key must be one line of at most %d bytes", KEY_MAX);
	}
	if (sha256_hex(c->app->hash, key, digest) != 0) {
		return error_set(err, 500, "internal_error", "SHA-256 failed");
	}
	if (replay_begin(c->app->redis, c->req->arena, c->identity->account.id, digest, c->req->id,
		    &o->replay, err) != 0) {
		return -1;
	}
	return o->replay.state == REPLAY_ELSEWHERE ? refuse_elsewhere(o->replay.wait_ms, err) : 0;
}

int once_begin(struct call *c, const char *pattern, struct error *err)
{
	struct slice key = request_header(c->req, "idempotency-key");
	if (!key.p) {
		return 0;
	}
	struct once *o = arena_alloc(c->req->arena, sizeof *o);
	if (!o) {
		return call_full(err);
	}
	*o = (struct once){.call = c, .pattern = pattern, .key = key};
	if (take(o, err) != 0) {
		return -1;
	}
	o->held_ms = clock_monotonic_ms();
	o->body = c->req->body->source;
	c->req->body->source = (struct body_source){next_held, o};
	c->once = o;
	return 0;
}

/* With the key, of which Redis knows a digest only: a secret in `what` cannot be guessed from there. */
static int fingerprint(struct once *o, struct slice what, struct error *err)
{
	struct sha256 *hash = o->call->app->hash;
	unsigned char digest[SHA256_BYTES];
	const struct slice parts[] = {
		o->key, slice_of("", 1), slice_view(o->pattern), slice_of("", 1), what};
	int status = sha256_begin(hash);
	for (size_t i = 0; i < sizeof parts / sizeof *parts && status == 0; i++) {
		status = sha256_add(hash, parts[i]);
	}
	if (status != 0 || sha256_end(hash, digest) != 0) {
		return error_set(err, 500, "internal_error", "SHA-256 failed");
	}
	number_hex(digest, sizeof digest, o->fingerprint);
	return 0;
}

int once_judge(struct call *c, struct slice what, struct error *err)
{
	struct once *o = c->once;
	if (!o) {
		return 0;
	}
	if (fingerprint(o, what, err) != 0) {
		return -1;
	}
	if (o->replay.fingerprint.p && !slice_equal_str(o->replay.fingerprint, o->fingerprint)) {
		error_set(err, 422, "validation_failed", "another call had this Idempotency-Key");
		return error_explain(err, "Idempotency-Key was used for something else");
	}
	if (o->replay.state == REPLAY_ANSWERED) {
		reply_again(c, o->replay.status, o->replay.type, o->replay.body);
		return 1;
	}
	o->judged = true;
	return 0;
}

bool once_is_answered(const struct call *c)
{
	return c->once && c->once->replay.state == REPLAY_ANSWERED;
}

bool once_was_let_in(const struct call *c)
{
	return c->once && (once_is_answered(c) || replay_has_files(&c->once->replay));
}

int once_stored(struct call *c, size_t place, struct record *out, struct error *err)
{
	const char *id = c->once ? replay_file(&c->once->replay, place) : NULL;
	return id ? file_find(c->app->redis, c->req->arena, c->identity->account.id, id, out, err)
		  : 0;
}

const struct replay *once_replay(const struct call *c)
{
	return c->once ? &c->once->replay : NULL;
}

const char *once_fingerprint(const struct call *c)
{
	return c->once ? c->once->fingerprint : "";
}

void once_end(struct call *c)
{
	struct once *o = c->once;
	struct error err;
	if (!o || o->replay.state != REPLAY_OURS) {
		return;
	}
	const struct response *res = c->res;
	struct replay_answer answer = {.status = 0};
	if (o->judged && res->status == 201 && res->body == RESPONSE_BYTES) {
		answer = (struct replay_answer){
			o->fingerprint, res->status, response_get(res, "Content-Type"), res->bytes};
	}
	if (replay_end(c->app->redis, c->req->arena, &o->replay, &answer, &err) != 0) {
		log_say(c->app->log, LOG_WARNING, "%s: %s", c->req->id, err.detail);
	}
}
