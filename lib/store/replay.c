/* What became of calls with an Idempotency-Key. */
#include "store/replay.h"

#include "base/number.h"
#include "store/names.h"

/* A member of the hash; p is NULL when there is none. */
static struct slice member(const struct replay *p, const char *name)
{
	for (size_t i = 0; i + 1 < redis_length(p->members); i += 2) {
		if (slice_equal_str(redis_text_at(p->members, i), name)) {
			return redis_text_at(p->members, i + 1);
		}
	}
	return (struct slice){NULL, 0};
}

static int read_answer(struct replay *p, struct error *err)
{
	uint64_t status;
	p->body = member(p, "body");
	p->type = member(p, "type");
	if (number_parse(member(p, "status"), &status) != 0 || status > 999 || !p->body.p ||
		!p->type.p) {
		return error_set(err, 500, "internal_error", "%s is damaged", p->name);
	}
	p->status = (int)status;
	return 0;
}

int replay_begin(struct redis *r, struct arena *a, const char *account, const char *key_digest,
	const char *token, struct replay *out, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	*out = (struct replay){.name = name_account_replay(a, account, key_digest),
		.kept = name_account_replays(a, account),
		.token = token};
	redis_query_script(&q, SCRIPT_REPLAY_BEGIN, "1");
	redis_add_str(&q, out->name);
	redis_add_str(&q, token);
	redis_add_str(&q, redis_number(a, REPLAY_LEASE_MS));
	redis_add_str(&q, redis_number(a, REPLAY_KEEP_MS));
	q.again_after_timeout = true;
	if (redis_ask(r, a, &q, &reply, err) != 0) {
		return -1;
	}
	struct slice state = redis_text_at(reply, 0);
	out->wait_ms = redis_integer(redis_at(reply, 1));
	out->members = redis_at(reply, 2);
	out->fingerprint = member(out, "fingerprint");
	if (slice_equal_str(state, "answered")) {
		out->state = REPLAY_ANSWERED;
		return read_answer(out, err);
	}
	out->state = slice_equal_str(state, "ours") ? REPLAY_OURS : REPLAY_ELSEWHERE;
	return 0;
}

const char *replay_file(const struct replay *p, size_t place)
{
	char name[32];
	snprintf(name, sizeof name, "file:%zu", place);
	return member(p, name).p;
}

bool replay_has_files(const struct replay *p)
{
	for (size_t i = 0; i + 1 < redis_length(p->members); i += 2) {
		if (slice_starts(redis_text_at(p->members, i), "file:")) {
			return true;
		}
	}
	return false;
}

int replay_renew(struct redis *r, struct arena *a, const struct replay *p, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	redis_query_script(&q, SCRIPT_REPLAY_RENEW, "1");
	redis_add_str(&q, p->name);
	redis_add_str(&q, p->token);
	redis_add_str(&q, redis_number(a, REPLAY_LEASE_MS));
	return redis_ask(r, a, &q, &reply, err) == 0 ? (int)redis_integer(reply) : -1;
}

int replay_end(struct redis *r, struct arena *a, const struct replay *p,
	const struct replay_answer *answer, struct error *err)
{
	struct redis_query q;
	const struct redisReply *reply;
	redis_query_script(&q, SCRIPT_REPLAY_END, "2");
	redis_add_str(&q, p->name);
	redis_add_str(&q, p->kept);
	redis_add_str(&q, p->token);
	if (answer->status) {
		redis_add_str(&q, redis_number(a, REPLAY_KEEP_MS));
		redis_add_str(&q, redis_number(a, REPLAY_KEPT_MAX));
		redis_add_str(&q, answer->fingerprint);
		redis_add_str(&q, redis_number(a, answer->status));
		redis_add(&q, answer->type);
		redis_add(&q, answer->body);
	}
	q.again_after_timeout = true;
	return redis_ask(r, a, &q, &reply, err);
}
