/* A program to ask, with everything around it. */
#include "fixture.h"

#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "crypto/random.h"
#include "http/json.h"
#include "store/names.h"

struct feed {
	struct fixture *f;
	struct ask *ask;
	bool was_half_way;
};

static const char *setting(const char *name, const char *value)
{
	char *line;
	assert_true(asprintf(&line, "%s=%s", name, value) > 0);
	return line;
}

static const char *required(const char *name)
{
	const char *value = getenv(name);
	if (!value) {
		fail_msg("%s is not set: run me by test/harness/with_redis.py", name);
	}
	return value;
}

static void read_settings(struct fixture *f, const char *const *settings, size_t count)
{
	const char *const own[] = {
		setting("CDN_ENV_FILE", "/dev/null"),
		setting("CDN_DATA_DIR", required("CDN_TEST_DIR")),
		setting("CDN_REDIS_URL", required("CDN_TEST_REDIS")),
		setting("CDN_FSYNC", "off"),
	};
	char *environment[COUNT(own) + FIXTURE_SETTINGS + 1] = {0};
	char storage[2048];
	struct buf mistakes;
	assert_true(count <= FIXTURE_SETTINGS);
	/* The test's come first: the first of a name counts. */
	for (size_t i = 0; i < count; i++) {
		environment[i] = (char *)(uintptr_t)settings[i];
	}
	memcpy(environment + count, own, sizeof own);
	buf_init(&mistakes, storage, sizeof storage);
	assert_int_equal(arena_init(&f->config_arena, 256 * 1024), 0);
	if (config_load(&f->config, environment, &f->config_arena, &mistakes) != 0) {
		fail_msg("%.*s", (int)mistakes.n, mistakes.p);
	}
	f->config.data_dir = arena_dup(&f->config_arena, slice_view(f->config.data_dir));
	f->config.redis_url = arena_dup(&f->config_arena, slice_view(f->config.redis_url));
	f->config.public_url = arena_dup(&f->config_arena, slice_view(f->config.public_url));
	for (size_t i = 0; i < COUNT(own); i++) {
		free((char *)own[i]);
	}
}

void fixture_account(struct fixture *f, const char *email, enum tier tier, const char **account,
	const char **key)
{
	struct error err;
	struct arena *a = &f->config_arena;
	const struct key_terms terms = {.name = "key", .scopes = SCOPE_ALL};
	if (account_add(f->redis, f->hash, a, email, "A Name", tier, clock_now_ms(), account,
		    &err) != 0 ||
		key_add(f->redis, f->hash, a, *account, &terms, clock_now_ms(), key, &err) != 0) {
		fail_msg("%s", err.detail);
	}
}

const char *fixture_key_name(struct fixture *f, const char *key)
{
	char digest[SHA256_HEX_SIZE];
	assert_int_equal(sha256_hex(f->hash, slice_view(key), digest), 0);
	return name_key(&f->config_arena, digest);
}

static const struct redisReply *ask_redis(struct fixture *f, const char *const *words)
{
	const struct redisReply *reply;
	struct error err;
	if (redis_call(f->redis, &f->config_arena, words, &reply, &err) != 0) {
		fail_msg("%s", err.detail);
	}
	return reply;
}

void fixture_set_key(struct fixture *f, const char *key, const char *field, const char *value)
{
	const char *const words[] = {
		value ? "HSET" : "HDEL", fixture_key_name(f, key), field, value, NULL};
	ask_redis(f, words);
}

const char *fixture_key_field(struct fixture *f, const char *key, const char *field)
{
	const char *const words[] = {"HGET", fixture_key_name(f, key), field, NULL};
	return redis_text(ask_redis(f, words)).p;
}

void fixture_open(struct fixture *f, enum tier tier, const char *const *settings, size_t count)
{
	struct error err;
	char email[64], random[17];
	*f = (struct fixture){.log = {STDERR_FILENO, "test"}};
	read_settings(f, settings, count);
	assert_int_equal(arena_init(&f->arena, APP_ARENA), 0);
	f->hash = sha256_new();
	if (redis_new(&f->config, &f->redis, &err) != 0 ||
		app_open(&f->config, &f->log, &f->app, &err) != 0 || app_ready(f->app, &err) != 0) {
		fail_msg("%s", err.detail);
	}
	assert_int_equal(random_alphanumeric(random, 16), 0);
	snprintf(email, sizeof email, "%s@example.org", random);
	fixture_account(f, email, tier, &f->account, &f->key);
}

void fixture_close(struct fixture *f)
{
	arena_release(&f->arena);
	app_close(f->app);
	redis_free(f->redis);
	sha256_free(f->hash);
	arena_release(&f->config_arena);
}

int fixture_set_up(void **state, enum tier tier, const char *const *settings, size_t count)
{
	static struct fixture f;
	fixture_open(&f, tier, settings, count);
	*state = &f;
	return 0;
}

int fixture_tear_down(void **state)
{
	fixture_close(*state);
	return 0;
}

void fixture_rest(struct fixture *f)
{
	arena_reset(&f->arena);
}

/* The bytes that may be given before byte `limit`, counted from 1. */
static size_t before(size_t limit, size_t n)
{
	return limit && n > limit - 1 ? limit - 1 : n;
}

static int next_piece(void *context, struct slice *piece, struct error *err)
{
	struct feed *feed = context;
	struct ask *ask = feed->ask;
	size_t may = before(ask->fails_at, before(ask->ends_at, ask->body.n));
	if (ask->taken == may) {
		return ask->fails_at && may == ask->fails_at - 1
			       ? error_set(err, 400, "bad_request", "the test breaks off here")
			       : 0;
	}
	if (ask->half_way && !feed->was_half_way && ask->taken >= ask->body.n / 2) {
		feed->was_half_way = true;
		ask->half_way(feed->f, ask->context);
	}
	size_t n = ask->chunk && may - ask->taken > ask->chunk ? ask->chunk : may - ask->taken;
	*piece = slice_of(ask->body.p + ask->taken, n);
	ask->taken += n;
	return 1;
}

static void add_headers(struct request *req, const char *lines)
{
	struct slice rest = slice_view(lines);
	while (rest.n) {
		struct slice value = slice_cut(&rest, '\n');
		struct slice name = slice_cut(&value, ':');
		assert_true(req->header_count < REQUEST_HEADERS_MAX);
		req->headers[req->header_count++] = (struct header){name, slice_trim(value)};
	}
}

static void add_key(struct request *req, const char *key, char *storage, size_t n)
{
	if (key) {
		snprintf(storage, n, "Bearer %s", key);
		req->headers[req->header_count++] =
			(struct header){slice_view("authorization"), slice_view(storage)};
	}
}

static void take_body(struct fixture *f)
{
	f->body = f->res.bytes;
	if (f->res.body == RESPONSE_FILE) {
		assert_true(f->res.file_length <= sizeof f->file);
		ssize_t n = pread(
			f->res.fd, f->file, (size_t)f->res.file_length, (off_t)f->res.file_offset);
		assert_int_equal(n, (ssize_t)f->res.file_length);
		f->body = slice_of(f->file, (size_t)n);
	}
}

/* A response that could not be written is no answer. */
static void check_head(struct fixture *f)
{
	char head[RESPONSE_HEAD_CEILING];
	struct buf out;
	buf_init(&out, head, sizeof head);
	assert_int_equal(response_head(&f->res, &out), 0);
	for (size_t i = 0; i < f->res.header_count; i++) {
		assert_true(f->res.headers[i].value.n > 0);
	}
}

int fixture_ask(struct fixture *f, struct ask *ask)
{
	char authorization[256];
	struct feed feed = {f, ask, false};
	fixture_rest(f);
	ask->taken = 0;
	f->req_body = (struct body){
		.source = {next_piece, &feed},
		.length_known = !ask->no_length,
		.length = ask->length ? ask->length : ask->body.n,
		.ceiling = f->config.max_body_bytes,
		.ended = ask->ended,
	};
	f->req = (struct request){
		.id = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc",
		.now_ms = clock_now_ms(),
		.method_name = slice_view(ask->method ? ask->method : "GET"),
		.target = slice_view(ask->target),
		.remote_addr = slice_view("192.0.2.1"),
		.body = &f->req_body,
		.arena = &f->arena,
	};
	f->req.id[0] = (char)('0' + ask->number);
	f->req.method = method_parse(f->req.method_name);
	add_headers(&f->req, ask->headers);
	add_key(&f->req, ask->key, authorization, sizeof authorization);
	if (request_parse_target(&f->req, slice_view(f->config.public_prefix), &f->req.error) !=
		0) {
		f->req.path = (struct slice){"", 0};
	}
	int status = app_handle(f->app, &f->req, &f->res);
	assert_int_equal(status, f->res.status >= 500 ? -1 : 0);
	check_head(f);
	take_body(f);
	return f->res.status;
}

int fixture_get(struct fixture *f, const char *method, const char *target, const char *key)
{
	return fixture_ask(f, &(struct ask){.method = method, .target = target, .key = key});
}

int fixture_upload(struct fixture *f, const char *key, const char *name, struct slice bytes)
{
	char *body, target[128];
	snprintf(target, sizeof target, "%s/api/v4/upload", f->config.public_prefix);
	int n = asprintf(&body,
		"--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n\r\n"
		"%.*s\r\n--B--\r\n",
		name, (int)bytes.n, bytes.p);
	assert_true(n > 0);
	int status =
		fixture_ask(f, &(struct ask){.method = "POST",
				       .target = target,
				       .headers = "content-type: multipart/form-data; boundary=B",
				       .key = key,
				       .body = slice_of(body, (size_t)n)});
	free(body);
	return status;
}

static bool member(struct fixture *f, struct json *doc)
{
	if (!f->arena.block) {
		return false;
	}
	return json_parse(doc, &f->arena, f->body) == 0;
}

const char *fixture_text(struct fixture *f, const char *name)
{
	struct json *doc = arena_alloc(&f->arena, sizeof *doc);
	struct slice text;
	return doc && member(f, doc) && json_get_text(doc, name, &text) ? text.p : "";
}

double fixture_number(struct fixture *f, const char *name)
{
	struct json *doc = arena_alloc(&f->arena, sizeof *doc);
	double number;
	return doc && member(f, doc) && json_get_number(doc, name, &number) ? number : -1;
}

const char *fixture_header(struct fixture *f, const char *name)
{
	struct slice value = response_get(&f->res, name);
	const char *text = value.p ? arena_dup(&f->arena, value) : "";
	return text ? text : "";
}

/* Files below a folder, at any depth. */
static size_t count_files(const char *path)
{
	size_t count = 0;
	DIR *folder = opendir(path);
	assert_non_null(folder);
	for (struct dirent *e = readdir(folder); e; e = readdir(folder)) {
		char below[4096];
		snprintf(below, sizeof below, "%s/%s", path, e->d_name);
		if (e->d_type == DT_REG) {
			count++;
		} else if (e->d_type == DT_DIR && *e->d_name != '.') {
			count += count_files(below);
		}
	}
	closedir(folder);
	return count;
}

static size_t count_in(const struct fixture *f, const char *name)
{
	char path[4096];
	snprintf(path, sizeof path, "%s/%s", f->config.data_dir, name);
	return count_files(path);
}

static uint64_t ask_number(struct fixture *f, struct arena *a, const char *const *args)
{
	const struct redisReply *reply;
	struct error err;
	uint64_t number;
	if (redis_call(f->redis, a, args, &reply, &err) != 0) {
		fail_msg("%s", err.detail);
	}
	return number_parse(redis_text(reply), &number) == 0 ? number
							     : (uint64_t)redis_integer(reply);
}

struct kept fixture_kept(struct fixture *f)
{
	struct arena a;
	assert_int_equal(arena_init(&a, 16 * 1024), 0);
	const char *account = name_account(&a, f->account);
	const char *listing = name_account_files(&a, f->account);
	const char *records = name_account_records(&a, f->account);
	const char *names = name_account_names(&a, f->account);
	struct kept kept = {
		.files = count_in(f, "files"),
		.records = count_in(f, "records"),
		.unfinished = count_in(f, "tmp"),
		.counted_files =
			ask_number(f, &a, (const char *const[]){"HGET", account, "files", NULL}),
		.counted_bytes =
			ask_number(f, &a, (const char *const[]){"HGET", account, "bytes", NULL}),
		.listed = ask_number(f, &a, (const char *const[]){"ZCARD", listing, NULL}),
		.keys = ask_number(f, &a, (const char *const[]){"DBSIZE", NULL}) +
			ask_number(f, &a, (const char *const[]){"HLEN", records, NULL}) +
			ask_number(f, &a, (const char *const[]){"ZCARD", names, NULL}),
	};
	arena_release(&a);
	return kept;
}

void fixture_same(struct fixture *f, const struct kept *before)
{
	fixture_rest(f);
	struct kept now = fixture_kept(f);
	assert_int_equal(now.files, before->files);
	assert_int_equal(now.records, before->records);
	assert_int_equal(now.unfinished, 0);
	assert_int_equal(now.counted_files, before->counted_files);
	assert_int_equal(now.counted_bytes, before->counted_bytes);
	assert_int_equal(now.listed, before->listed);
	assert_int_equal(now.keys, before->keys);
}
