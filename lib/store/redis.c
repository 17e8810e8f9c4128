/* One connection to Redis. */
#include "store/redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <inttypes.h>
#include <sys/socket.h>

#include "store/redis_url.h"
#include "store/scripts.h"

enum { SHA1_HEX_SIZE = 41 };

struct redis {
	int64_t connect_timeout_ms, command_timeout_ms;
	struct redis_address address;
	redisContext *context; /* NULL when not connected */
	char sha1[SCRIPT__COUNT][SHA1_HEX_SIZE];
	bool evicts, append_only;
	bool unanswered; /* the last question was sent and not answered */
};

int redis_new(const struct config *config, struct redis **out, struct error *err)
{
	struct redis *r = calloc(1, sizeof *r);
	if (!r) {
		return error_set(err, 500, "internal_error", "no memory");
	}
	r->connect_timeout_ms = (int64_t)config->redis_connect_timeout_ms;
	r->command_timeout_ms = (int64_t)config->redis_command_timeout_ms;
	if (redis_url_parse(config->redis_url, &r->address, err) != 0) {
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

/* Where it was looked for, which is never a secret: no login, no query. */
static int unreachable(const struct redis *r, struct error *err, const char *why)
{
	const struct redis_address *to = &r->address;
	return *to->path ? error_set(err, 503, "unavailable", "Redis at %s: %s", to->path, why)
			 : error_set(err, 503, "unavailable", "Redis at %s:%d: %s", to->host,
				   to->port, why);
}

static int unavailable(struct error *err, const char *what, const char *why)
{
	return error_set(err, 503, "unavailable", "Redis: %s: %s", what, why);
}

static int dial(struct redis *r, struct error *err)
{
	struct timeval timeout = timeval_of(r->connect_timeout_ms);
	r->context = *r->address.path
			     ? redisConnectUnixWithTimeout(r->address.path, timeout)
			     : redisConnectWithTimeout(r->address.host, r->address.port, timeout);
	if (!r->context) {
		return unreachable(r, err, "no memory");
	}
	if (r->context->err) {
		return unreachable(r, err, r->context->errstr);
	}
	if (redisSetTimeout(r->context, timeval_of(r->command_timeout_ms)) != REDIS_OK) {
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
	/* The file that it is reading counts as off meanwhile. */
	bool loading = info_says(info, "\nloading:1");
	freeReplyObject(info);
	if (r->evicts) {
		return unavailable(err, "maxmemory-policy",
			"it may evict keys, and so lose files; set it to noeviction");
	}
	if (loading) {
		return unavailable(err, "INFO", "it is loading its data");
	}
	return 0;
}

static int load_script(struct redis *r, enum redis_script script, struct error *err)
{
	redisReply *reply;
	char storage[SCRIPT_TEXT_MAX];
	struct buf text;
	buf_init(&text, storage, sizeof storage);
	script_text(script, &text);
	buf_put_char(&text, '\0');
	const char *argv[] = {"SCRIPT", "LOAD", storage};
	if (text.failed) {
		return unavailable(err, "SCRIPT LOAD", "a script above SCRIPT_TEXT_MAX");
	}
	if (greet(r, &reply, err, "SCRIPT LOAD", 3, argv) != 0) {
		return -1;
	}
	snprintf(r->sha1[script], SHA1_HEX_SIZE, "%s", reply->str);
	freeReplyObject(reply);
	return 0;
}

static int load_scripts(struct redis *r, struct error *err)
{
	for (enum redis_script i = 0; i < SCRIPT__COUNT; i++) {
		if (load_script(r, i, err) != 0) {
			return -1;
		}
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

static void begin_query(struct redis_query *q, enum redis_script script)
{
	q->count = 0;
	q->again_after_timeout = false;
	q->script = script;
}

void redis_query(struct redis_query *q, const char *const *words)
{
	begin_query(q, SCRIPT__COUNT);
	for (; *words; words++) {
		redis_add_str(q, *words);
	}
}

void redis_query_script(struct redis_query *q, enum redis_script script, const char *key_count)
{
	begin_query(q, script);
	redis_add_str(q, "EVALSHA");
	redis_add_str(q, "");
	redis_add_str(q, key_count);
}

/* Into hiredis' buffer; nothing is sent before the first reply is asked for. */
static int append(struct redis *r, const struct redis_query *q)
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
	return redisAppendCommandArgv(r->context, (int)q->count, argv, lengths);
}

struct question {
	const struct redis_query *queries;
	size_t count, answered;
	redisReply *replies[REDIS_QUERIES_MAX];
};

static void forget_replies(struct question *qn)
{
	while (qn->answered) {
		freeReplyObject(qn->replies[--qn->answered]);
	}
}

static bool timed_out(const redisContext *context, int saved_errno)
{
	return context->err == REDIS_ERR_IO && (saved_errno == EAGAIN || saved_errno == ETIMEDOUT);
}

/* One reply: false with *err when none came, or it is an error. *again: asking anew may help. */
static bool take_reply(struct redis *r, struct question *qn, bool *again, struct error *err)
{
	const struct redis_query *q = &qn->queries[qn->answered];
	void *reply = NULL;
	errno = 0;
	if (redisGetReply(r->context, &reply) != REDIS_OK) {
		r->unanswered = true;
		*again = !timed_out(r->context, errno) || q->again_after_timeout;
		unavailable(err, q->args[0].p, r->context->errstr);
		return false;
	}
	redisReply *answer = reply;
	if (answer->type == REDIS_REPLY_ERROR) {
		/*
		 * A server that was flushed has forgotten the scripts; a new greeting loads them.
		 */
		*again = strncmp(answer->str, "NOSCRIPT", 8) == 0;
		unavailable(err, q->args[0].p, answer->str);
		freeReplyObject(answer);
		return false;
	}
	qn->replies[qn->answered++] = answer;
	return true;
}

/*
 * A server that went away ended the connection while nobody was asking. Seen before a commit is
 * sent into it, nothing is in doubt; seen after, nobody could tell whether it was carried out.
 */
static bool is_idle(const redisContext *context)
{
	char byte;
	return recv(context->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) < 0 && errno == EAGAIN;
}

/* Ask once. On -1 the connection is dropped: what may still come must not be taken for another
 * answer. */
static int ask_once(struct redis *r, struct question *qn, bool *again, struct error *err)
{
	*again = false;
	if (r->context && !is_idle(r->context)) {
		disconnect(r);
	}
	if (redis_connect(r, err) != 0) {
		return -1;
	}
	for (size_t i = 0; i < qn->count; i++) {
		if (append(r, &qn->queries[i]) != REDIS_OK) {
			disconnect(r);
			return unavailable(err, "command", "no memory");
		}
	}
	while (qn->answered < qn->count) {
		if (!take_reply(r, qn, again, err)) {
			forget_replies(qn);
			disconnect(r);
			return -1;
		}
	}
	return 0;
}

int redis_ask_all(struct redis *r, struct arena *a, const struct redis_query *queries, size_t count,
	const struct redisReply **out, struct error *err)
{
	struct question qn = {.queries = queries, .count = count};
	bool again;
	r->unanswered = false;
	/* An argument that did not fit would make this another command. */
	if (a->overflowed || count > REDIS_QUERIES_MAX) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	if (ask_once(r, &qn, &again, err) != 0 && (!again || ask_once(r, &qn, &again, err) != 0)) {
		return -1;
	}
	r->unanswered = false;
	for (size_t i = 0; i < count; i++) {
		arena_defer(a, freeReplyObject, qn.replies[i]);
		out[i] = qn.replies[i];
	}
	return 0;
}

int redis_ask(struct redis *r, struct arena *a, const struct redis_query *q,
	const struct redisReply **out, struct error *err)
{
	return redis_ask_all(r, a, q, 1, out, err);
}

int redis_call(struct redis *r, struct arena *a, const char *const *words,
	const struct redisReply **out, struct error *err)
{
	struct redis_query q;
	redis_query(&q, words);
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
