/* GET /api/v4/me: the caller's account. */
#include "app/inside.h"

int me_show(struct call *c, struct error *err)
{
	const struct account *account = &c->identity->account;
	struct json doc;
	json_init(&doc, c->req->arena);
	json_set_str(&doc, "id", account->id);
	json_set_str(&doc, "email", account->email);
	json_set_str(&doc, "name", account->name);
	json_set_integer(&doc, "storage_used", account->bytes);
	json_set_integer(&doc, "storage_limit", call_limits(c)->total_bytes);
	json_set_str(&doc, "quota_tier", tier_name(account->tier));
	return reply_json(c, 200, &doc, err);
}
