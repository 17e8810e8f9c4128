/*
 * sniff/sniff.h - the content type of a file from its leading bytes. The only home of libmagic.
 *
 * Sequence:  sniff_open once a worker -> sniff_type* (-> sniff_trim when idle) -> sniff_close
 * Owns:      a sniffer owns libmagic's handle and its mapping of the database
 * Units:     sizes in bytes
 * Errors:    500; a file that libmagic cannot make sense of is no error
 *
 * The database is libmagic's default one: the operator's MAGIC variable or ~/.magic, where there is
 * one, else the system's.
 */
#ifndef SNIFF_SNIFF_H
#define SNIFF_SNIFF_H

#include <stdint.h>

#include "base/error.h"
#include "sniff/types.h"

struct magic_set;

struct sniffer {
	struct magic_set *magic;
	bool warm; /* was used, so that sniff_trim has something to give back */
};

enum {
	SNIFF_LEADING = 8192, /* bytes worth keeping for sniff_type; more are not looked at */
	SNIFF_TYPE_MAX = 127, /* of type/subtype, as in RFC 6838 section 4.2 */
	SNIFF_TYPE_SIZE = SNIFF_TYPE_MAX + sizeof "; charset=utf-8",
};

struct sniff_result {
	char content_type[SNIFF_TYPE_SIZE]; /* ready for the header, with a charset for text */
	const char *ext;                    /* static: the extension on disk, without a dot */
};

/* Load the database. Returns -1 (500) when it cannot be. */
int sniff_open(struct sniffer *s, struct error *err) __attribute__((warn_unused_result));

/* Release the handle. A sniffer of all zeros, or one that failed to open, may be closed too. */
void sniff_close(struct sniffer *s);

/*
 * The type of a file of `size` bytes that starts with `leading` (the first SNIFF_LEADING, or all of
 * it). What libmagic says, by its present name; where that says too little, what the extension of
 * `filename` adds (sniff_refine). Of an empty file the extension alone decides. What nobody knows
 * is application/octet-stream. Returns -1 (500) only when there is no memory.
 */
int sniff_type(struct sniffer *s, struct slice leading, struct slice filename, uint64_t size,
	struct sniff_result *out, struct error *err) __attribute__((warn_unused_result));

/*
 * Give back what libmagic keeps after its first text (its compiled expressions, over 1 MiB; they
 * make the next text 1 ms faster). For a worker that waits. Returns -1 (500) when the database
 * cannot be loaded again: the sniffer is then closed.
 */
int sniff_trim(struct sniffer *s, struct error *err) __attribute__((warn_unused_result));

#endif
