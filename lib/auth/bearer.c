/* Who asks, by an API key. */
#include "auth/bearer.h"

/* The detail goes to the log: it says what was wrong, never what was sent. */
static int refuse(struct error *err, const char *why)
{
	return error_set(err, 401, "invalid_auth", "%s", why);
}

static bool is_key(struct slice s)
{
	if (s.n != KEY_LENGTH || !slice_starts(s, "sk_cdn_")) {
		return false;
	}
	for (size_t i = strlen("sk_cdn_"); i < s.n; i++) {
		if (!memchr("0123456789abcdef", s.p[i], 16)) {
			return false;
		}
	}
	return true;
}

int bearer_parse(struct slice authorization, struct slice *key, struct error *err)
{
	struct slice rest = slice_trim(authorization);
	if (rest.n == 0) {
		return refuse(
			err, "no Authorization header (Apache hides it without CGIPassAuth On)");
	}
	struct slice scheme = slice_cut(&rest, ' ');
	if (!slice_equal_nocase(scheme, "Bearer") && !slice_equal_nocase(scheme, "Token")) {
		return refuse(err, "Authorization is neither Bearer nor Token");
	}
	*key = slice_trim(rest);
	return is_key(*key) ? 0 : refuse(err, "not a key of the form sk_cdn_<64 hex>");
}

int bearer_check_life(const struct key *key, int64_t now_ms, struct error *err)
{
	if (key->revoked_ms) {
		return refuse(err, "the key was revoked");
	}
	if (key->expires_ms && key->expires_ms <= now_ms) {
		return refuse(err, "the key has expired");
	}
	return 0;
}

/* Key and claimed account in one round trip: replies[0] and [1]. */
static int ask(struct redis *r, struct arena *a, const char *digest, const char *claimed,
	const struct redisReply *replies[2], struct error *err)
{
	struct redis_query queries[2];
	key_query(&queries[0], a, digest);
	account_query(&queries[1], a, claimed);
	return redis_ask_all(r, a, queries, 2, replies, err);
}

int bearer_identify(struct redis *r, struct sha256 *hash, struct arena *a,
	struct slice authorization, int64_t now_ms, struct identity *out, struct error *err)
{
	struct slice key;
	const struct redisReply *replies[2];
	if (bearer_parse(authorization, &key, err) != 0) {
		return -1;
	}
	const char *claimed = key_claimed_account(a, key);
	if (!claimed || sha256_hex(hash, key, out->key_digest) != 0) {
		return error_set(err, 500, "internal_error", "no memory, or SHA-256 failed");
	}
	if (ask(r, a, out->key_digest, claimed, replies, err) != 0) {
		return -1;
	}
	int found = key_read(replies[0], &out->key, err);
	if (found <= 0) {
		return found < 0 ? -1 : refuse(err, "unknown key");
	}
	if (bearer_check_life(&out->key, now_ms, err) != 0) {
		return -1;
	}
	/* A key that was brought from elsewhere may claim nothing that makes sense. */
	found = strcmp(out->key.account, claimed) == 0
			? account_read(replies[1], claimed, &out->account, err)
			: account_find(r, a, out->key.account, &out->account, err);
	return found == 1 ? 0 : found < 0 ? -1 : refuse(err, "the key's account is gone");
}
