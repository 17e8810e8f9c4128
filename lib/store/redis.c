/* One connection to Redis. */
#include "store/redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>

#include "store/redis_url.h"
#include "store/scripts.h"

enum { SHA1_HEX_SIZE = 41 };

struct redis {
	struct redis_options options;
	struct redis_address address;
	redisContext *context; /* NULL when not connected */
	char sha1[SCRIPT__COUNT][SHA1_HEX_SIZE];
	bool evicts, append_only;
	bool unanswered; /* the last question was sent and not answered */
};

int redis_new(const struct redis_options *options, struct redis **out, struct error *err)
{
	struct redis *r = calloc(1, sizeof *r);
	if (!r) {
		return error_set(err, 500, "internal_error", "no memory");
	}
	r->options = *options;
	if (redis_url_parse(options->url, &r->address, err) != 0) {
		free(r);
		return -1;
	}
	*out = r;
	return 0;
}

static void disconnect(struct redis *r)
{
	if (r->context) {
		redisFree(r->context);
		r->context = NULL;
	}
}

void redis_free(struct redis *r)
{
	if (r) {
		disconnect(r);
		free(r);
	}
}

bool redis_must_not_be_used(const struct redis *r)
{
	return r->evicts;
}

bool redis_outcome_unknown(const struct redis *r)
{
	return r->unanswered;
}

bool redis_has_append_only_file(const struct redis *r)
{
	return r->append_only;
}

static struct timeval timeval_of(int64_t ms)
{
	return (struct timeval){.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
}

static int unavailable(struct error *err, const char *what, const char *why)
{
	return error_set(err, 503, "unavailable", "Redis: %s: %s", what, why);
}

static int dial(struct redis *r, struct error *err)
{
	struct timeval timeout = timeval_of(r->options.connect_timeout_ms);
	r->context = *r->address.path
	                     ? redisConnectUnixWithTimeout(r->address.path, timeout)
	                     : redisConnectWithTimeout(r->address.host, r->address.port, timeout);
	if (!r->context) {
		return unavailable(err, "connect", "no memory");
	}
	if (r->context->err) {
		return unavailable(err, "connect", r->context->errstr);
	}
	if (redisSetTimeout(r->context, timeval_of(r->options.command_timeout_ms)) != REDIS_OK) {
		return unavailable(err, "connect", "cannot set a timeout");
	}
	return 0;
}

/* One command of the greeting; *reply is the caller's to free. */
static int greet(struct redis *r, redisReply **reply, struct error *err, const char *what, int argc,
        const char **argv)
{
	*reply = redisCommandArgv(r->context, argc, argv, NULL);
	if (!*reply) {
		return unavailable(err, what, r->context->errstr);
	}
	if ((*reply)->type == REDIS_REPLY_ERROR) {
		unavailable(err, what, (*reply)->str);
		freeReplyObject(*reply);
		return -1;
	}
	return 0;
}

static int greet_simply(
        struct redis *r, struct error *err, const char *what, int argc, const char **argv)
{
	redisReply *reply;
	if (greet(r, &reply, err, what, argc, argv) != 0) {
		return -1;
	}
	freeReplyObject(reply);
	return 0;
}

static int log_in(struct redis *r, struct error *err)
{
	const struct redis_address *to = &r->address;
	if (*to->password) {
		const char *argv[] = {"AUTH", to->user, to->password};
		const char *old[] = {"AUTH", to->password};
		if (greet_simply(r, err, "AUTH", *to->user ? 3 : 2, *to->user ? argv : old) != 0) {
			return -1;
		}
	}
	if (*to->database) {
		const char *argv[] = {"SELECT", to->database};
		return greet_simply(r, err, "SELECT", 2, argv);
	}
	return 0;
}

static bool info_says(const redisReply *info, const char *line)
{
	return info->type == REDIS_REPLY_STRING &&
	       memmem(info->str, (size_t)info->len, line, strlen(line)) != NULL;
}

/* An evicting server would drop keys and file records when it is full. */
static int judge_server(struct redis *r, struct error *err)
{
	redisReply *info;
	const char *argv[] = {"INFO"};
	if (greet(r, &info, err, "INFO", 1, argv) != 0) {
		return -1;
	}
	r->evicts = info_says(info, "maxmemory_policy:") &&
	            !info_says(info, "maxmemory_policy:noeviction");
	r->append_only = info_says(info, "aof_enabled:1");
	freeReplyObject(info);
	if (r->evicts) {
		return unavailable(err, "maxmemory-policy",
		        "it may evict keys, and so lose files; set it to noeviction");
	}
	return 0;
}

static int load_scripts(struct redis *r, struct error *err)
{
	for (int i = 0; i < SCRIPT__COUNT; i++) {
		redisReply *reply;
		const char *argv[] = {"SCRIPT", "LOAD", script_texts[i]};
		if (greet(r, &reply, err, "SCRIPT LOAD", 3, argv) != 0) {
			return -1;
		}
		snprintf(r->sha1[i], SHA1_HEX_SIZE, "%s", reply->str);
		freeReplyObject(reply);
	}
	return 0;
}

int redis_connect(struct redis *r, struct error *err)
{
	if (r->context) {
		return 0;
	}
	if (dial(r, err) == 0 && log_in(r, err) == 0 && judge_server(r, err) == 0 &&
	        load_scripts(r, err) == 0) {
		return 0;
	}
	disconnect(r);
	return -1;
}

void redis_add(struct redis_query *q, struct slice arg)
{
	if (q->count < REDIS_ARGS_MAX) {
		q->args[q->count++] = arg;
	}
}

void redis_add_str(struct redis_query *q, const char *arg)
{
	redis_add(q, slice_view(arg));
}

const char *redis_number(struct arena *a, int64_t number)
{
	return arena_printf(a, "%" PRId64, number);
}

void redis_query(struct redis_query *q, const char *command)
{
	q->count = 0;
	q->again_after_timeout = false;
	q->script = SCRIPT__COUNT;
	redis_add_str(q, command);
}

void redis_query_script(struct redis_query *q, enum redis_script script, const char *key_count)
{
	redis_query(q, "EVALSHA");
	q->script = script;
	redis_add_str(q, "");
	redis_add_str(q, key_count);
}

static redisReply *send_query(struct redis *r, const struct redis_query *q)
{
	const char *argv[REDIS_ARGS_MAX];
	size_t lengths[REDIS_ARGS_MAX];
	for (size_t i = 0; i < q->count; i++) {
		argv[i] = q->args[i].n ? q->args[i].p : "";
		lengths[i] = q->args[i].n;
	}
	if (q->script != SCRIPT__COUNT) {
		argv[1] = r->sha1[q->script];
		lengths[1] = SHA1_HEX_SIZE - 1;
	}
	return redisCommandArgv(r->context, (int)q->count, argv, lengths);
}

static bool timed_out(const redisContext *context, int saved_errno)
{
	return context->err == REDIS_ERR_IO && (saved_errno == EAGAIN || saved_errno == ETIMEDOUT);
}

/* Ask once. On -1 the connection is dropped: what may still come must not be taken for another
 * answer. */
static int ask_once(struct redis *r, const struct redis_query *q, redisReply **out, bool *again,
        struct error *err)
{
	*again = false;
	if (redis_connect(r, err) != 0) {
		return -1;
	}
	errno = 0;
	*out = send_query(r, q);
	if (!*out) {
		r->unanswered = true;
		*again = !timed_out(r->context, errno) || q->again_after_timeout;
		unavailable(err, q->args[0].p, r->context->errstr);
		disconnect(r);
		return -1;
	}
	if ((*out)->type != REDIS_REPLY_ERROR) {
		return 0;
	}
	/* A server that was flushed or restarted has forgotten the scripts; a new greeting loads
	 * them. */
	*again = strncmp((*out)->str, "NOSCRIPT", 8) == 0;
	unavailable(err, q->args[0].p, (*out)->str);
	freeReplyObject(*out);
	disconnect(r);
	return -1;
}

int redis_ask(struct redis *r, struct arena *a, const struct redis_query *q,
        const struct redisReply **out, struct error *err)
{
	redisReply *reply;
	bool again;
	/* An argument that did not fit would make this another command. */
	if (a->overflowed) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	r->unanswered = false;
	if (ask_once(r, q, &reply, &again, err) != 0 &&
	        (!again || ask_once(r, q, &reply, &again, err) != 0)) {
		return -1;
	}
	r->unanswered = false;
	arena_defer(a, freeReplyObject, reply);
	*out = reply;
	return 0;
}

int redis_call(struct redis *r, struct arena *a, const char *const *args,
        const struct redisReply **out, struct error *err)
{
	struct redis_query q;
	redis_query(&q, *args);
	while (*++args) {
		redis_add_str(&q, *args);
	}
	return redis_ask(r, a, &q, out, err);
}

struct slice redis_text(const struct redisReply *reply)
{
	if (!reply || (reply->type != REDIS_REPLY_STRING && reply->type != REDIS_REPLY_STATUS)) {
		return (struct slice){NULL, 0};
	}
	return slice_of(reply->str, (size_t)reply->len);
}

int64_t redis_integer(const struct redisReply *reply)
{
	return reply && reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
}

size_t redis_length(const struct redisReply *reply)
{
	return reply && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

const struct redisReply *redis_at(const struct redisReply *reply, size_t i)
{
	return i < redis_length(reply) ? reply->element[i] : NULL;
}

struct slice redis_text_at(const struct redisReply *reply, size_t i)
{
	return redis_text(redis_at(reply, i));
}
