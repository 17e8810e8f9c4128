/*
 * app/publish.h - from bytes that arrive to a file that is there for ever; one path, whatever the
 * source.
 *
 * Sequence:  intake_open -> (intake_begin -> intake_write*)+ -> intake_publish
 * Owns:      nothing beyond the request; what is not published is removed with the arena
 * Errors:    402 too large for the account, 507 no space, 503 store or Redis down, 500
 */
#ifndef APP_PUBLISH_H
#define APP_PUBLISH_H

#include "app/inside.h"
#include "store/blob.h"
#include "store/file.h"

struct intake {
	struct call *call;
	struct blob blob;
};

/* 402 when a file of at least `size` bytes cannot be taken from this account. */
int intake_check(struct call *c, uint64_t size, struct error *err)
	__attribute__((warn_unused_result));

/* Make sure of store and space; nothing is written yet. */
int intake_open(struct intake *in, struct call *c, struct error *err)
	__attribute__((warn_unused_result));

/* A file starts. Bytes of an earlier one are dropped. */
int intake_begin(struct intake *in, struct error *err) __attribute__((warn_unused_result));

/* More of it; 402 as soon as it is too large. */
int intake_write(struct intake *in, struct slice bytes, struct error *err)
	__attribute__((warn_unused_result));

/*
 * The file is complete: make it durable, name it, and commit it. On success *record tells what was
 * stored and the URL answers. On failure nothing is public or counted, except that files stay,
 * unknown to anyone, when nobody can tell whether Redis took the commit.
 */
int intake_publish(struct intake *in, struct slice filename, const char *provenance,
	const char *original_url, struct record *record, struct error *err)
	__attribute__((warn_unused_result));

#endif
