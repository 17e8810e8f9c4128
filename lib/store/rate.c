/* How often an account may do something. */
#include "store/rate.h"

#include "store/names.h"

/* What both scripts begin with. */
static void begin_query(struct redis_query *q, struct arena *a, enum redis_script script,
	const char *account, const char *id, const struct rate *rate)
{
	redis_query_script(q, script, "1");
	redis_add_str(q, name_account_rate(a, account, rate->what));
	redis_add_str(q, id);
}

static void add_times(struct redis_query *q, struct arena *a, const struct rate *rate)
{
	redis_add_str(q, redis_number(a, (int64_t)rate->window_ms));
	redis_add_str(q, redis_number(a, (int64_t)rate->hold_ms));
}

int rate_begin(struct redis *r, struct arena *a, const char *account, const char *id,
	const struct rate *rate, uint64_t *wait_ms, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	begin_query(&q, a, SCRIPT_RATE_BEGIN, account, id, rate);
	redis_add_str(&q, redis_number(a, (int64_t)rate->calls_max));
	add_times(&q, a, rate);
	if (redis_ask(r, a, &q, &reply, err) != 0) {
		return -1;
	}
	*wait_ms = (uint64_t)redis_integer(reply);
	return *wait_ms == 0;
}

int rate_end(struct redis *r, struct arena *a, const char *account, const char *id,
	const struct rate *rate, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	begin_query(&q, a, SCRIPT_RATE_END, account, id, rate);
	add_times(&q, a, rate);
	return redis_ask(r, a, &q, &reply, err);
}
