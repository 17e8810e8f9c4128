/* POST /api/v4/revoke: the end of the key that asks, as for one that leaked. */
#include "app/inside.h"

int revoke_key(struct call *c, struct error *err)
{
	const struct identity *who = c->identity;
	struct json doc;
	int found = key_revoke(c->app->redis, c->req->arena, who->key_digest, c->req->now_ms, err);
	if (found != 1) {
		return found < 0 ? -1 : error_set(err, 401, "invalid_auth", "the key is gone");
	}
	json_init(&doc, c->req->arena);
	json_set_bool(&doc, "success", true);
	json_set_str(&doc, "owner_email", who->account.email);
	json_set_str(&doc, "key_name", who->key.name);
	json_set_str(&doc, "status", "complete");
	return reply_json(c, 200, &doc, err);
}
