/*
 * app/publish.h - from bytes that arrive to a file that is there for ever; one path, whatever the
 * source.
 *
 * Sequence:  intake_open -> (intake_begin -> intake_write* -> intake_stage)* -> staged_publish*
 *            with once_judge (app/once.h) between the two.
 *            A file that is staged is durable and has no name yet. A body is published only once all
 *            of it has come, so nothing is public of one that is cut short.
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
	uint64_t claimed; /* bytes of the call's files that are staged */
};

/* A complete file, not public yet. */
struct staged {
	struct record record;
	struct volume_file *bytes; /* NULL when the call was answered before (app/once.h) */
	size_t place;              /* among the files of the call, from 0 */
	bool asked;                /* Redis was: when that failed, the store was not to blame */
};

/* 402 when a file of at least `size` bytes cannot be taken from this account. */
int intake_check(struct call *c, uint64_t size, struct error *err)
	__attribute__((warn_unused_result));

/* Make sure of store and space; nothing is written yet. */
int intake_open(struct intake *in, struct call *c, struct error *err)
	__attribute__((warn_unused_result));

/* A file starts. Bytes of an earlier one are dropped, unless they were staged. */
int intake_begin(struct intake *in, struct error *err) __attribute__((warn_unused_result));

/* More of it; 402 as soon as it is too large. */
int intake_write(struct intake *in, struct slice bytes, struct error *err)
	__attribute__((warn_unused_result));

/* No more of it comes, and it stays: make its bytes durable and describe it. */
struct source {
	const char *provenance;   /* "upload" or "url" */
	const char *original_url; /* "" when there is none */
};
int intake_stage(struct intake *in, size_t place, struct slice filename,
	const struct source *source, struct staged *out, struct error *err)
	__attribute__((warn_unused_result));

/*
 * 500 unless there is memory to publish so many files and to tell of them: what was committed must
 * not end in an answer that does not fit. Ask before the first of several.
 */
int staged_check_room(struct call *c, size_t count, struct error *err)
	__attribute__((warn_unused_result));

/*
 * Give it its name and commit it: on success the URL answers. On failure nothing is public or
 * counted, except that files stay, unknown to anyone, when nobody can tell whether Redis took the
 * commit. Its bytes are given up at once.
 */
int staged_publish(struct call *c, struct staged *file, struct error *err)
	__attribute__((warn_unused_result));

#endif
