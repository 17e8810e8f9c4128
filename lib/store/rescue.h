/*
 * store/rescue.h - claims: which of our files an old URL leads to, as rescue/f12/<digest>.json.
 *
 * A claim is a file of its own, named by the SHA-256 of the old URL, with that URL in it: it is found
 * without Redis, survives its loss, and is compared byte for byte. Only the administrator's tool
 * makes claims.
 *
 * Sequence:  rescue_find, rescue_add and rescue_walk stand alone
 * Borrows:   strings belong to the arena
 * Errors:    as in store/volume.h; 500 for a damaged claim, 409 for one that is taken
 */
#ifndef STORE_RESCUE_H
#define STORE_RESCUE_H

#include "crypto/digest.h"
#include "store/volume.h"

struct claim {
	const char *url; /* oldurl_is_claimable */
	const char *id;  /* of the file */
	int64_t created_ms;
};

enum rescue_outcome { RESCUE_ADDED, RESCUE_UNCHANGED, RESCUE_REPLACED };

/*
 * The claim of an old URL: 1 found, 0 nobody claimed it, -1. Whether the file is still there is not
 * looked at.
 */
int rescue_find(const struct volume_root *root, struct arena *a, struct sha256 *hash,
	struct slice url, struct claim *out, struct error *err) __attribute__((warn_unused_result));

/*
 * Claim an old URL, durably. The same claim made again is a success and keeps its time; one for
 * another file is refused with 409 unless `replace` is set. A damaged claim says nothing, and is
 * replaced in any case.
 */
int rescue_add(const struct volume_root *root, struct arena *a, struct sha256 *hash,
	const struct claim *claim, bool replace, enum rescue_outcome *outcome, struct error *err)
	__attribute__((warn_unused_result));

/*
 * What rescue_walk does with each claim: return 0 to go on, -1 with *err to end the walk. `claim` is
 * NULL for one that cannot be read, and *err then says why.
 */
typedef int rescue_visit(void *context, const struct claim *claim, struct error *err);

/*
 * Visit every claim, in no order that means anything. The arena is reset after each, and must hold
 * nothing else. Claims that come or go meanwhile may be visited or not.
 */
int rescue_walk(const struct volume_root *root, struct arena *a, struct sha256 *hash,
	rescue_visit *visit, void *context, struct error *err) __attribute__((warn_unused_result));

#endif
