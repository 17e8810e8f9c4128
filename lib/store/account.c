/* Accounts in Redis. */
#include "store/account.h"

#include <ctype.h>

#include "base/clock.h"
#include "base/number.h"
#include "base/utf8.h"
#include "crypto/random.h"
#include "store/names.h"

static uint64_t number_of(struct slice text)
{
	uint64_t number;
	return number_parse(text, &number) == 0 ? number : 0;
}

void account_query(struct redis_query *q, struct arena *a, const char *id)
{
	const char *const words[] = {"HMGET", name_account(a, id), "email", "name", "tier",
		"created_at", "files", "bytes", NULL};
	redis_query(q, words);
}

int account_read(
	const struct redisReply *reply, const char *id, struct account *out, struct error *err)
{
	struct slice email = redis_text_at(reply, 0);
	if (!email.p) {
		return 0;
	}
	*out = (struct account){
		.id = id,
		.email = email.p,
		.name = redis_text_at(reply, 1).p,
		.created_ms = (int64_t)number_of(redis_text_at(reply, 3)),
		.files = number_of(redis_text_at(reply, 4)),
		.bytes = number_of(redis_text_at(reply, 5)),
	};
	if (!out->name || tier_parse(redis_text_at(reply, 2), &out->tier) != 0) {
		return error_set(err, 500, "internal_error", "account %s is damaged", id);
	}
	return 1;
}

int account_find(
	struct redis *r, struct arena *a, const char *id, struct account *out, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	account_query(&q, a, id);
	return redis_ask(r, a, &q, &reply, err) == 0 ? account_read(reply, id, out, err) : -1;
}

static const char *email_key(struct sha256 *hash, struct arena *a, const char *email)
{
	char hex[SHA256_HEX_SIZE];
	char *lower = arena_dup(a, slice_view(email));
	if (!lower) {
		return NULL;
	}
	for (char *c = lower; *c; c++) {
		*c = (char)tolower((unsigned char)*c);
	}
	if (sha256_hex(hash, slice_view(lower), hex) != 0) {
		return NULL;
	}
	return arena_printf(a, "cdn:email:%s", hex);
}

int account_find_email(struct redis *r, struct sha256 *hash, struct arena *a, const char *email,
	const char **id, struct error *err)
{
	const struct redisReply *reply;
	const char *const args[] = {"GET", email_key(hash, a, email), NULL};
	if (redis_call(r, a, args, &reply, err) != 0) {
		return -1;
	}
	*id = redis_text(reply).p;
	return *id != NULL;
}

static bool is_email(const char *email)
{
	size_t n = strlen(email);
	const char *at = strchr(email, '@');
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)email[i] <= ' ' || email[i] == 0x7f) {
			return false;
		}
	}
	return at && at != email && at[1] && n <= 254 && utf8_is_valid(slice_view(email));
}

/*
 * The email's claim comes first: of two callers at once, one gets it. 1 claimed, 0 another has it.
 */
static int claim_email(
	struct redis *r, struct arena *a, const char *key, const char **id, struct error *err)
{
	const struct redisReply *reply;
	const char *const claim[] = {"SETNX", key, *id, NULL};
	const char *const holder[] = {"GET", key, NULL};
	if (redis_call(r, a, claim, &reply, err) != 0) {
		return -1;
	}
	if (redis_integer(reply) == 1) {
		return 1;
	}
	if (redis_call(r, a, holder, &reply, err) != 0) {
		return -1;
	}
	*id = redis_text(reply).p;
	return *id ? 0 : error_set(err, 503, "unavailable", "the claim of an email vanished");
}

static int write_account(
	struct redis *r, struct arena *a, const struct account *account, struct error *err)
{
	const struct redisReply *reply;
	const char *const args[] = {"HSET", name_account(a, account->id), "email", account->email,
		"name", account->name, "tier", tier_name(account->tier), "created_at",
		redis_number(a, account->created_ms), "files", "0", "bytes", "0", NULL};
	return redis_call(r, a, args, &reply, err);
}

int account_add(struct redis *r, struct sha256 *hash, struct arena *a, const char *email,
	const char *name, enum tier tier, int64_t now_ms, const char **id, struct error *err)
{
	unsigned char random[ACCOUNT_DIGITS / 2];
	char digits[ACCOUNT_DIGITS + 1];
	struct account found;
	if (!is_email(email)) {
		return error_set(err, 422, "validation_failed", "not an email address: %s", email);
	}
	if (random_bytes(random, sizeof random) != 0) {
		return error_set(err, 500, "internal_error", "no random bytes");
	}
	number_hex(random, sizeof random, digits);
	*id = arena_printf(a, "usr_%s", digits);
	const char *key = email_key(hash, a, email);
	int claimed = claim_email(r, a, key, id, err);
	if (claimed < 0) {
		return -1;
	}
	if (!claimed) {
		/* A claim without an account is what a crash between the two leaves: finish it. */
		int status = account_find(r, a, *id, &found, err);
		if (status != 0) {
			return status < 0 ? -1
					  : error_set(err, 422, "validation_failed",
						    "%s has an account: %s", email, *id);
		}
	}
	const struct account account = {
		.id = *id, .email = email, .name = name, .tier = tier, .created_ms = now_ms};
	return write_account(r, a, &account, err);
}

int account_set(struct redis *r, struct arena *a, const char *id, const char *field,
	const char *value, struct error *err)
{
	const struct redisReply *reply;
	const char *const args[] = {"HSET", name_account(a, id), field, value, NULL};
	return redis_call(r, a, args, &reply, err);
}

static int delete_key(struct redis *r, struct arena *a, const char *key, struct error *err)
{
	const struct redisReply *reply;
	const char *const args[] = {"DEL", key, NULL};
	return redis_call(r, a, args, &reply, err);
}

static int delete_keys_of(struct redis *r, struct arena *a, const char *id, struct error *err)
{
	const struct redisReply *digests;
	const char *const args[] = {"SMEMBERS", name_account_keys(a, id), NULL};
	if (redis_call(r, a, args, &digests, err) != 0) {
		return -1;
	}
	for (size_t i = 0; i < redis_length(digests); i++) {
		const char *key = name_key(a, redis_text_at(digests, i).p);
		if (delete_key(r, a, key, err) != 0) {
			return -1;
		}
	}
	return delete_key(r, a, name_account_keys(a, id), err);
}

static int refuse_with_files(const struct account *account, struct error *err)
{
	return error_set(err, 422, "validation_failed",
		"%s still has files, and their URLs would die: delete them first", account->email);
}

/* An upload that began with a key now gone may still have come in. */
static int close_account(
	struct redis *r, struct arena *a, const struct account *account, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	redis_query_script(&q, SCRIPT_CLOSE, "1");
	redis_add_str(&q, name_account(a, account->id));
	if (redis_ask(r, a, &q, &reply, err) != 0) {
		return -1;
	}
	return slice_equal_str(redis_text(reply), "closed") ? 0 : refuse_with_files(account, err);
}

int account_remove(struct redis *r, struct sha256 *hash, struct arena *a,
	const struct account *account, struct error *err)
{
	if (account->files) {
		return refuse_with_files(account, err);
	}
	/* The keys go first: whatever is cut short, nobody is left in. */
	if (delete_keys_of(r, a, account->id, err) != 0 || close_account(r, a, account, err) != 0) {
		return -1;
	}
	return delete_key(r, a, email_key(hash, a, account->email), err);
}

int account_scan(struct redis *r, struct arena *a, const char **cursor,
	const char *ids[ACCOUNT_SCAN_MAX], size_t *count, struct error *err)
{
	const struct redisReply *reply, *keys;
	const char *const args[] = {"SCAN", *cursor, "MATCH", "cdn:{usr_*}", "COUNT", "500", NULL};
	*count = 0;
	if (redis_call(r, a, args, &reply, err) != 0) {
		return -1;
	}
	*cursor = redis_text_at(reply, 0).p;
	keys = redis_at(reply, 1);
	for (size_t i = 0; i < redis_length(keys) && *count < ACCOUNT_SCAN_MAX; i++) {
		struct slice id = slice_from(redis_text_at(keys, i), strlen("cdn:{"));
		id.n--;
		ids[(*count)++] = arena_dup(a, id);
	}
	return 0;
}
