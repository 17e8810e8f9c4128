/* Pages of an account's files. */
#include "store/listing.h"

#include "store/file.h"

static int ask(struct redis *r, struct arena *a, const struct listing *listing, const char *from,
	size_t limit, const struct redisReply **reply, struct error *err)
{
	struct redis_query q;
	file_query(&q, a, SCRIPT_LIST, listing->account);
	redis_add_str(&q, from);
	redis_add_str(&q, redis_number(a, (int64_t)limit));
	redis_add_str(&q, redis_number(a, LISTING_STEPS));
	redis_add(&q, listing->prefix);
	return redis_ask(r, a, &q, reply, err);
}

/* What lua/list.lua returns: where to go on, then ids and records by turns. */
static int take(struct arena *a, const char *account, const struct redisReply *reply,
	struct listing_page *out, struct error *err)
{
	struct slice next = redis_text_at(reply, 0);
	for (size_t i = 1; i + 1 < redis_length(reply) && out->count < LISTING_MAX; i += 2) {
		if (file_read(a, account, redis_text_at(reply, i).p, redis_text_at(reply, i + 1),
			    &out->files[out->count], err) != 0) {
			return -1;
		}
		out->count++;
	}
	out->next = next.n ? next.p : NULL;
	return 0;
}

int listing_read(struct redis *r, struct arena *a, const struct listing *listing,
	struct listing_page *out, struct error *err)
{
	const struct redisReply *reply;
	out->count = 0;
	out->next = listing->from;
	for (int round = 0; round < LISTING_ROUNDS; round++) {
		if (ask(r, a, listing, out->next, listing->limit - out->count, &reply, err) != 0 ||
			take(a, listing->account, reply, out, err) != 0) {
			return -1;
		}
		if (!listing->prefix.n || !out->next || out->count == listing->limit) {
			break;
		}
	}
	return 0;
}
