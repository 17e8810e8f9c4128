/*
 * store/listing.h - an account's files, newest first, page by page.
 *
 * Newest first is by descending id, as ids are of UUIDv7 and the listing's scores are their times.
 * A page begins behind an id, whether that is still there or not: whatever comes or goes between two
 * pages, no file is told twice, and none that stays is left out.
 *
 * A page without a search is one round trip. So is a search by the beginning of names with at most
 * LISTING_STEPS matches, by the index of names. With more, the newest files are walked over, which
 * fills the page when every few of them match; if they do not, the index is passed over for the
 * newest matches. Both go in steps, so that Redis is never held up for long. Where the index cannot
 * tell (it was begun later than the account, has more matches than LISTING_PASSES scripts get to, or
 * files are renamed all the time), the listing is walked over, in LISTING_WALKS steps at most: only
 * then may a page be short, or quite empty, and not be the last.
 *
 * Borrows:   everything in a page belongs to the arena
 * Errors:    503 when Redis fails, 500 for a damaged record or a full arena
 */
#ifndef STORE_LISTING_H
#define STORE_LISTING_H

#include "store/record.h"
#include "store/redis.h"

enum {
	LISTING_MAX = 100,
	LISTING_STEPS = 1000, /* records or names that a script looks at */
	LISTING_WALKS = 64,   /* scripts a page that walk over records */
	LISTING_PASSES = 256, /* scripts a page that pass over names */
};

struct listing {
	const char *account;
	const char *from; /* begin behind this id; "": at the newest */
	struct slice
		prefix; /* of the names, ASCII letter case does not count; empty: of all files */
	size_t limit;   /* files a page, 1 to LISTING_MAX */
};

struct listing_page {
	struct record files[LISTING_MAX];
	size_t count;
	const char *next; /* the id behind which to go on; NULL: there is no more */
};

/* One page. A file that is listed and has no record is left out. */
int listing_read(struct redis *r, struct arena *a, const struct listing *listing,
	struct listing_page *out, struct error *err) __attribute__((warn_unused_result));

#endif
