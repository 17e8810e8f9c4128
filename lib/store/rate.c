/* How often an account may do something. */
#include "store/rate.h"

#include "store/names.h"

int rate_begin(struct redis *r, struct arena *a, const char *account, const char *id,
	const struct rate *rate, uint64_t *wait_ms, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	redis_query_script(&q, SCRIPT_RATE, "1");
	redis_add_str(&q, name_account_rate(a, account, rate->what));
	redis_add_str(&q, id);
	redis_add_str(&q, redis_number(a, (int64_t)rate->calls_max));
	redis_add_str(&q, redis_number(a, (int64_t)rate->window_ms));
	redis_add_str(&q, redis_number(a, (int64_t)rate->hold_ms));
	if (redis_ask(r, a, &q, &reply, err) != 0) {
		return -1;
	}
	*wait_ms = (uint64_t)redis_integer(reply);
	return *wait_ms == 0;
}

int rate_end(struct redis *r, struct arena *a, const char *account, const char *id,
	const struct rate *rate, struct error *err)
{
	const struct redisReply *reply;
	const char *const words[] = {"ZADD", name_account_rate(a, account, rate->what), "XX",
		"INCR", redis_number(a, -(int64_t)rate->hold_ms), id, NULL};
	return redis_call(r, a, words, &reply, err);
}
