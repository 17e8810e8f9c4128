/* GET /up: whether Redis answers, the store is there, and it has space left. */
#include "app/inside.h"

static bool redis_is_up(struct call *c, struct error *err)
{
	const struct redisReply *reply;
	const char *const args[] = {"PING", NULL};
	return redis_call(c->app->redis, c->req->arena, args, &reply, err) == 0;
}

static bool has_space(struct call *c, struct error *err)
{
	uint64_t bytes;
	return volume_free_bytes(&c->root, &bytes, err) == 0 &&
	       bytes >= c->app->config->min_free_bytes;
}

static const char *word(bool up)
{
	return up ? "up" : "down";
}

int health_show(struct call *c, struct error *err)
{
	struct json doc, checks;
	struct error why;
	bool redis = redis_is_up(c, &why);
	bool store = call_open_store(c, &why) == 0;
	bool space = store && has_space(c, &why);
	json_init(&doc, c->req->arena);
	json_set_str(&doc, "status", word(redis && space));
	if (redis && space) {
		return reply_json(c, 200, &doc, err);
	}
	json_set_object(&doc, "checks", &checks);
	json_set_str(&checks, "redis", word(redis));
	json_set_str(&checks, "store", word(store));
	json_set_str(&checks, "free_space", word(space));
	response_set(c->res, "Retry-After", slice_view("5"));
	return reply_json(c, 503, &doc, err);
}
