/* The parts of the program, put together. */
#include "app/inside.h"

int app_open(
	const struct config *config, const struct log *log, struct app **out, struct error *err)
{
	struct app *app = calloc(1, sizeof *app);
	if (!app) {
		return error_set(err, 500, "internal_error", "no memory");
	}
	*app = (struct app){.config = config, .log = log};
	volume_init(&app->volume, config->data_dir, config->fsync);
	app->hash = sha256_new();
	app->body_hash = sha256_new();
	app->sniffer = calloc(1, sizeof *app->sniffer);
	app->usage = calloc(1, sizeof *app->usage);
	if (!app->hash || !app->body_hash || !app->sniffer || !app->usage) {
		error_set(err, 500, "internal_error", "no memory, or libcrypto has no SHA-256");
	} else if (redis_new(config, &app->redis, err) == 0 && sniff_open(app->sniffer, err) == 0) {
		*out = app;
		return 0;
	}
	app_close(app);
	return -1;
}

void app_close(struct app *app)
{
	if (app) {
		if (app->sniffer) {
			sniff_close(app->sniffer);
			free(app->sniffer);
		}
		free(app->usage);
		redis_free(app->redis);
		sha256_free(app->body_hash);
		sha256_free(app->hash);
		volume_release(&app->volume);
		free(app);
	}
}

static int check_redis(struct app *app, struct error *err)
{
	if (redis_connect(app->redis, err) != 0) {
		if (redis_must_not_be_used(app->redis)) {
			return -1;
		}
		log_say(app->log, LOG_WARNING, "%s", err->detail);
	} else if (!redis_has_append_only_file(app->redis)) {
		log_say(app->log, LOG_WARNING,
			"Redis: appendonly is off: after a crash keys and accounts may be missing");
	}
	return 0;
}

int app_ready(struct app *app, struct error *err)
{
	struct volume_root root;
	struct arena a;
	if (arena_init(&a, 4096) != 0) {
		return error_set(err, 500, "internal_error", "no memory");
	}
	if (volume_open(&app->volume, &a, &root, err) != 0) {
		log_say(app->log, LOG_WARNING, "%s", err->detail);
	}
	arena_release(&a);
	return check_redis(app, err);
}

int app_rest(struct app *app, struct error *err)
{
	return sniff_trim(app->sniffer, err);
}

const struct tier_limits *call_limits(const struct call *c)
{
	return &c->app->config->tiers[c->identity->account.tier];
}

int call_open_store(struct call *c, struct error *err)
{
	return volume_open(&c->app->volume, c->req->arena, &c->root, err);
}

int call_full(struct error *err)
{
	return error_set(err, 500, "internal_error", "arena is full");
}

int call_missing(const char *parameter, struct error *err)
{
	error_set(err, 400, "missing_parameter", "no %s", parameter);
	err->parameter = parameter;
	return error_say(err, "Missing %s parameter", parameter);
}
