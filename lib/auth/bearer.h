/*
 * auth/bearer.h - who asks, by an API key in the Authorization header.
 *
 * Borrows:   strings belong to the request's arena
 * Errors:    401 invalid_auth for whatever is wrong with the key, 503 when Redis cannot say
 */
#ifndef AUTH_BEARER_H
#define AUTH_BEARER_H

#include "store/account.h"
#include "store/key.h"

struct identity {
	struct account account;
	struct key key;
	char key_digest[SHA256_HEX_SIZE]; /* by which Redis knows the key */
};

/*
 * The key in "Bearer sk_cdn_<64 lower-case hex>"; "Token" does as well, in any case (RFC 9110
 * section 11.1). Anything else, two keys among it, is 401.
 */
int bearer_parse(struct slice authorization, struct slice *key, struct error *err)
	__attribute__((warn_unused_result));

/* Whether the key lives at now_ms: 401 once it was revoked, and from the moment of its expiry on. */
int bearer_check_life(const struct key *key, int64_t now_ms, struct error *err)
	__attribute__((warn_unused_result));

/* The account behind the header's key, if the key lives at now_ms. */
int bearer_identify(struct redis *r, struct sha256 *hash, struct arena *a,
	struct slice authorization, int64_t now_ms, struct identity *out, struct error *err)
	__attribute__((warn_unused_result));

#endif
