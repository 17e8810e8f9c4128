/*
 * app/once.h - a call with an Idempotency-Key is carried out once; said again, it gets the first answer.
 *
 * Two calls are the same when they name the same route, files and bytes: a client that builds its form
 * anew may choose another boundary. So all that was sent is read before the two are compared. An answer
 * is kept when something was stored; after any other the key is as good as new, as nothing is there to
 * be had twice.
 *
 * Sequence:  once_begin (dispatcher) -> once_judge (handler, when it knows what was sent, before
 *            anything is stored) -> once_end (dispatcher, when the answer is there)
 * Errors:    400 no key that can be taken, 409 the call is under way elsewhere, 422 another call had
 *            this key, 503 Redis fails
 *
 * All of it does nothing in a call without the header.
 */
#ifndef APP_ONCE_H
#define APP_ONCE_H

#include "app/inside.h"
#include "store/replay.h"

struct once;

/* Take the call's key, if it has one. */
int once_begin(struct call *c, const char *pattern, struct error *err)
	__attribute__((warn_unused_result));

/*
 * Compare with the first call. `what` is all that was sent, as text. Returns 0 go on, 1 the first
 * answer has been given, -1.
 */
int once_judge(struct call *c, struct slice what, struct error *err)
	__attribute__((warn_unused_result));

/* Keep the key while waiting for something other than the body, which keeps it by itself; often. */
int once_hold(struct call *c, struct error *err) __attribute__((warn_unused_result));

/* Whether the answer is there already: nothing will be stored. */
bool once_is_answered(const struct call *c);

/*
 * Whether an earlier attempt stored something: that counts already, so whether the rest fits into the
 * quota is left to the commit.
 */
bool once_was_let_in(const struct call *c);

/*
 * The record of the file at this place of the call, when an attempt that was killed had stored it: 1,
 * 0 no, -1.
 */
int once_stored(struct call *c, size_t place, struct record *out, struct error *err)
	__attribute__((warn_unused_result));

/* What a commit notes with a file; NULL without a key. The fingerprint is that of once_judge. */
const struct replay *once_replay(const struct call *c);
const char *once_fingerprint(const struct call *c);

/* The answer is in c->res: keep it if something was stored, and let go of the key. */
void once_end(struct call *c);

#endif
