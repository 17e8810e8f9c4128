/* API keys in Redis. */
#include "store/key.h"

#include "base/number.h"
#include "crypto/random.h"
#include "store/account.h"
#include "store/names.h"

enum { KEY_SECRET_BYTES = (KEY_LENGTH - 7 - ACCOUNT_DIGITS) / 2 };

/* A time that cannot be understood is one long ago: such a key has expired, or was revoked. */
static int64_t time_of(struct slice text)
{
	uint64_t ms;
	if (!text.p) {
		return 0;
	}
	return number_parse(text, &ms) == 0 && ms && ms <= INT64_MAX ? (int64_t)ms : 1;
}

void key_query(struct redis_query *q, struct arena *a, const char *digest)
{
	const char *const words[] = {"HMGET", name_key(a, digest), "id", "account", "name", "hint",
		"scopes", "created_at", "expires_at", "last_used_at", "revoked_at", NULL};
	redis_query(q, words);
}

/* No list stands for all of them; a word in one that is not known grants nothing. */
static unsigned scopes_of(struct slice text)
{
	unsigned scopes = SCOPE_ALL;
	if (text.p) {
		scope_parse_list(text, &scopes);
	}
	return scopes;
}

int key_read(const struct redisReply *reply, struct key *out, struct error *err)
{
	if (!redis_text_at(reply, 0).p) {
		return 0;
	}
	*out = (struct key){
		.id = redis_text_at(reply, 0).p,
		.account = redis_text_at(reply, 1).p,
		.name = redis_text_at(reply, 2).p,
		.hint = redis_text_at(reply, 3).p,
		.scopes = scopes_of(redis_text_at(reply, 4)),
		.created_ms = time_of(redis_text_at(reply, 5)),
		.expires_ms = time_of(redis_text_at(reply, 6)),
		.last_used_ms = time_of(redis_text_at(reply, 7)),
		.revoked_ms = time_of(redis_text_at(reply, 8)),
	};
	if (!out->account || !out->name || !out->hint) {
		return error_set(err, 500, "internal_error", "key %s is damaged", out->id);
	}
	return 1;
}

int key_find(
	struct redis *r, struct arena *a, const char *digest, struct key *out, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	key_query(&q, a, digest);
	return redis_ask(r, a, &q, &reply, err) == 0 ? key_read(reply, out, err) : -1;
}

const char *key_claimed_account(struct arena *a, struct slice text)
{
	return arena_printf(a, "usr_%.*s", ACCOUNT_DIGITS, text.p + strlen("sk_cdn_"));
}

static int add_to_account(struct redis *r, struct arena *a, const char *account, const char *digest,
	struct error *err)
{
	const struct redisReply *reply;
	const char *const args[] = {"SADD", name_account_keys(a, account), digest, NULL};
	return redis_call(r, a, args, &reply, err);
}

static int write_key(struct redis *r, struct arena *a, const char *digest, const struct key *key,
	struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	const char *const words[] = {"HSET", name_key(a, digest), "id", key->id, "account",
		key->account, "name", key->name, "hint", key->hint, "created_at",
		redis_number(a, key->created_ms), NULL};
	redis_query(&q, words);
	if (key->scopes != SCOPE_ALL) {
		redis_add_str(&q, "scopes");
		redis_add_str(&q, scope_print_list(a, key->scopes));
	}
	if (key->expires_ms) {
		redis_add_str(&q, "expires_at");
		redis_add_str(&q, redis_number(a, key->expires_ms));
	}
	return redis_ask(r, a, &q, &reply, err);
}

const char *key_id(struct arena *a, const char *digest)
{
	return arena_printf(a, "key_%.20s", digest);
}

int key_add(struct redis *r, struct sha256 *hash, struct arena *a, const char *account,
	const struct key_terms *terms, int64_t now_ms, const char **text, struct error *err)
{
	unsigned char secret[KEY_SECRET_BYTES];
	char hex[sizeof secret * 2 + 1], digest[SHA256_HEX_SIZE];
	if (random_bytes(secret, sizeof secret) != 0) {
		return error_set(err, 500, "internal_error", "no random bytes");
	}
	number_hex(secret, sizeof secret, hex);
	*text = arena_printf(a, "sk_cdn_%s%s", account + strlen("usr_"), hex);
	if (!*text || sha256_hex(hash, slice_view(*text), digest) != 0) {
		return error_set(err, 500, "internal_error", "SHA-256 failed");
	}
	const struct key key = {
		.id = key_id(a, digest),
		.account = account,
		.name = terms->name,
		.hint = arena_printf(a, "%.13s....%s", *text, *text + KEY_LENGTH - 6),
		.scopes = terms->scopes,
		.created_ms = now_ms,
		.expires_ms = terms->expires_ms,
	};
	/* The listing first: cut short, it names a key that does not exist, never hides one that
	 * does. */
	if (add_to_account(r, a, account, digest, err) != 0) {
		return -1;
	}
	return write_key(r, a, digest, &key, err);
}

int key_list(struct redis *r, struct arena *a, const char *account, const char ***digests,
	size_t *count, struct error *err)
{
	const struct redisReply *reply;
	const char *const args[] = {"SMEMBERS", name_account_keys(a, account), NULL};
	if (redis_call(r, a, args, &reply, err) != 0) {
		return -1;
	}
	*count = redis_length(reply);
	*digests = arena_alloc(a, (*count + 1) * sizeof **digests);
	if (!*digests) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	for (size_t i = 0; i < *count; i++) {
		(*digests)[i] = redis_text_at(reply, i).p;
	}
	return 0;
}

/* One step of the walk: 1 found, 0 not in this step, -1. */
static int scan_step(struct redis *r, struct arena *a, const char *pattern, char cursor[32],
	const char **digest, struct error *err)
{
	const struct redisReply *reply;
	const char *const args[] = {"SCAN", cursor, "MATCH", pattern, "COUNT", "5000", NULL};
	if (redis_call(r, a, args, &reply, err) != 0) {
		return -1;
	}
	struct slice name = redis_text_at(redis_at(reply, 1), 0);
	snprintf(cursor, 32, "%s", redis_text_at(reply, 0).p);
	if (!name.p) {
		return 0;
	}
	*digest = slice_from(name, strlen("cdn:key:")).p;
	return 1;
}

int key_find_id(
	struct redis *r, struct arena *a, const char *id, const char **digest, struct error *err)
{
	char pattern[64], cursor[32] = "0";
	if (strlen(id) != KEY_ID_LENGTH || strncmp(id, "key_", 4) != 0 ||
		strspn(id + 4, "0123456789abcdef") != KEY_ID_LENGTH - 4) {
		return 0;
	}
	snprintf(pattern, sizeof pattern, "cdn:key:%s*", id + 4);
	do {
		struct arena step;
		if (arena_init(&step, 16 * 1024) != 0) {
			return error_set(err, 500, "internal_error", "no memory");
		}
		const char *found;
		int status = scan_step(r, &step, pattern, cursor, &found, err);
		if (status == 1) {
			*digest = arena_dup(a, slice_view(found));
		}
		arena_release(&step);
		if (status != 0) {
			return status;
		}
	} while (strcmp(cursor, "0") != 0);
	return 0;
}

/* Both scripts take a key and a time. Whether the key was there: 1, 0, -1. */
static int stamp(struct redis *r, struct arena *a, enum redis_script script, const char *digest,
	int64_t now_ms, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	redis_query_script(&q, script, "1");
	redis_add_str(&q, name_key(a, digest));
	redis_add_str(&q, redis_number(a, now_ms));
	return redis_ask(r, a, &q, &reply, err) == 0 ? redis_integer(reply) == 1 : -1;
}

int key_revoke(
	struct redis *r, struct arena *a, const char *digest, int64_t now_ms, struct error *err)
{
	return stamp(r, a, SCRIPT_KEY_REVOKE, digest, now_ms, err);
}

/* As the script judges. A time to come is a clock's that was set back since. */
bool key_use_is_due(const struct key *key, int64_t now_ms)
{
	int64_t since_ms = now_ms - key->last_used_ms;
	return since_ms >= KEY_USE_MS || since_ms <= -KEY_USE_MS;
}

int key_note_use(
	struct redis *r, struct arena *a, const char *digest, int64_t now_ms, struct error *err)
{
	return stamp(r, a, SCRIPT_KEY_USE, digest, now_ms, err) < 0 ? -1 : 0;
}
