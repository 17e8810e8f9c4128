/*
 * app/app.h - the whole program behind the front end: a request goes in, a response comes out.
 *
 * Sequence:  app_open -> app_ready -> app_handle* -> app_close
 * Owns:      an app owns the connection to Redis, libmagic's database and a digest; config and log
 *            are borrowed and outlive it
 */
#ifndef APP_APP_H
#define APP_APP_H

#include "base/log.h"
#include "config/config.h"
#include "http/request.h"
#include "http/response.h"

struct app;

/* Memory that a request may take at most: buffers for its file, its record, its replies. */
enum { APP_ARENA = 1280 * 1024 };

/* Make what every request needs. Connects to nothing. */
int app_open(const struct config *config, const struct log *log, struct app **out,
	struct error *err) __attribute__((warn_unused_result));
void app_close(struct app *app);

/*
 * Look at the parts around us once at boot. A Redis that may evict keys is refused with -1; one
 * that is down, or a store that is not mounted, is a warning in the log: they may come, and public
 * files are served without Redis.
 */
int app_ready(struct app *app, struct error *err) __attribute__((warn_unused_result));

/* Answer a request. The response is always complete; 0 unless it is an error of ours (5xx). */
int app_handle(const struct app *app, const struct request *req, struct response *res);

/*
 * Give back memory that only speeds up the next request; for a worker that has waited a while. -1
 * when it can no longer tell content types, and must make way for a fresh worker.
 */
int app_rest(struct app *app, struct error *err) __attribute__((warn_unused_result));

#endif
