/* cdn.fcgi: one worker. Boot in order, then one request at a time until told to stop. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "app/app.h"
#include "base/clock.h"
#include "cgi/fcgi.h"
#include "crypto/random.h"

enum {
	LISTENER = 0,
	EXIT_CONFIG = 78,
	CONFIG_ARENA = 256 * 1024,
	REST_AFTER_MS = 1000,
	WAIT_MS = 3600 * 1000,
};

extern char **environ;

struct worker {
	struct config config;
	struct log log;
	struct arena config_arena, arena;
	struct app *app;
	struct fcgi fcgi;
	int epoll;
	sigset_t stop_signals;
	uint64_t requests, requests_max; /* 0: no limit */
	int64_t stop_at_ms;              /* 0: never */
};

/*
 * A signal in the middle of a body looks like its end to libfcgi, and an upload would be cut short.
 * So the signals stay blocked for life and are taken only between two requests.
 */
static void block_signals(struct worker *w)
{
	sigemptyset(&w->stop_signals);
	sigaddset(&w->stop_signals, SIGTERM);
	sigaddset(&w->stop_signals, SIGINT);
	sigaddset(&w->stop_signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &w->stop_signals, NULL);
	signal(SIGPIPE, SIG_IGN);
}

static int read_config(struct worker *w)
{
	char storage[8192];
	struct buf mistakes;
	buf_init(&mistakes, storage, sizeof storage);
	if (arena_init(&w->config_arena, CONFIG_ARENA) == 0 &&
		config_load(&w->config, environ, &w->config_arena, &mistakes) == 0) {
		return 0;
	}
	struct slice rest = buf_view(&mistakes);
	while (rest.n) {
		struct slice line = slice_cut(&rest, '\n');
		log_say(&w->log, LOG_ERROR, "%.*s", (int)line.n, line.p);
	}
	return -1;
}

static bool has_listener(void)
{
	int listening = 0;
	socklen_t n = sizeof listening;
	return getsockopt(LISTENER, SOL_SOCKET, SO_ACCEPTCONN, &listening, &n) == 0 && listening;
}

/* Somebody must have started us with a listening socket as descriptor 0. */
static int take_listener(struct worker *w)
{
	if (!has_listener()) {
		log_say(&w->log, LOG_ERROR,
			"descriptor 0 is not a listening socket: start me by spawn-fcgi or a "
			"FastCGI server");
		return -1;
	}
	fcntl(LISTENER, F_SETFL, fcntl(LISTENER, F_GETFL) | O_NONBLOCK);
	return 0;
}

static int open_waiting(struct worker *w)
{
	/* Exclusive: of all workers that wait, a connection wakes one. */
	struct epoll_event connection = {.events = EPOLLIN | EPOLLEXCLUSIVE};
	struct epoll_event signal = {.events = EPOLLIN};
	int signals = signalfd(-1, &w->stop_signals, SFD_CLOEXEC | SFD_NONBLOCK);
	w->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (signals < 0 || w->epoll < 0 ||
		epoll_ctl(w->epoll, EPOLL_CTL_ADD, LISTENER, &connection) != 0 ||
		epoll_ctl(w->epoll, EPOLL_CTL_ADD, signals, &signal) != 0) {
		log_say(&w->log, LOG_ERROR, "epoll: %s", strerror(errno));
		return -1;
	}
	return 0;
}

/* A tenth more or less, so that workers started together do not leave together. */
static uint64_t jitter(uint64_t n)
{
	uint64_t random = 0;
	if (n < 10 || random_bytes(&random, sizeof random) != 0) {
		return n;
	}
	return n - n / 10 + random % (n / 5);
}

static void plan_recycling(struct worker *w)
{
	w->requests_max = jitter(w->config.recycle_requests);
	int64_t age_ms = (int64_t)jitter(w->config.recycle_age_s * 1000);
	w->stop_at_ms = age_ms ? clock_monotonic_ms() + age_ms : 0;
}

static int boot(struct worker *w)
{
	struct error err;
	block_signals(w);
	if (read_config(w) != 0 || take_listener(w) != 0 || open_waiting(w) != 0) {
		return EXIT_CONFIG;
	}
	if (arena_init(&w->arena, APP_ARENA) != 0 ||
		fcgi_init(&w->fcgi, &w->config, &w->arena) != 0) {
		log_say(&w->log, LOG_ERROR, "no memory");
		return 1;
	}
	if (app_open(&w->config, &w->log, &w->app, &err) != 0 || app_ready(w->app, &err) != 0) {
		log_say(&w->log, LOG_ERROR, "%s", err.detail);
		return EXIT_CONFIG;
	}
	plan_recycling(w);
	return 0;
}

/*
 * Whoever starts workers may start the next one at once, multiwatch does: a mistake in the settings
 * would keep all cores busy.
 */
static void hold_back(const struct worker *w)
{
	static const struct timespec a_second = {1, 0};
	if (has_listener()) {
		sigtimedwait(&w->stop_signals, NULL, &a_second);
	}
}

/* A busy worker never waits, so it must ask whether a signal came. */
static bool must_stop(const struct worker *w)
{
	static const struct timespec now = {0, 0};
	if (sigtimedwait(&w->stop_signals, NULL, &now) > 0) {
		return true;
	}
	return (w->requests_max && w->requests >= w->requests_max) ||
	       (w->stop_at_ms && clock_monotonic_ms() >= w->stop_at_ms);
}

static bool waited_in_vain(const struct worker *w, int64_t ms)
{
	struct epoll_event event;
	return epoll_wait(w->epoll, &event, 1, (int)ms) == 0;
}

/* Wait for a connection, a signal or the end of this worker's time. */
static int wait_for_work(struct worker *w)
{
	struct error err;
	if (!waited_in_vain(w, REST_AFTER_MS)) {
		return 0;
	}
	arena_trim(&w->arena);
	if (app_rest(w->app, &err) != 0) {
		log_say(&w->log, LOG_ERROR, "%s", err.detail);
		return -1;
	}
	int64_t left = w->stop_at_ms ? w->stop_at_ms - clock_monotonic_ms() : WAIT_MS;
	waited_in_vain(w, left < 0 ? 0 : left < WAIT_MS ? left : WAIT_MS);
	return 0;
}

static void write_access_line(
	struct worker *w, const struct request *req, const struct response *res)
{
	struct slice line;
	if (access_line(req, res, &w->fcgi.facts, &line) == 0) {
		log_line(&w->log, line);
	}
}

static void serve(struct worker *w, int fd)
{
	struct request req;
	struct response res;
	if (fcgi_begin(&w->fcgi, fd, &req) == 0) {
		app_handle(w->app, &req, &res);
		fcgi_respond(&w->fcgi, &req, &res);
		/* The request's strings die with the connection. */
		write_access_line(w, &req, &res);
		fcgi_end(&w->fcgi);
		w->requests++;
	}
	arena_reset(&w->arena);
}

static int run(struct worker *w)
{
	while (!must_stop(w)) {
		int fd = accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC);
		if (fd >= 0) {
			serve(w, fd);
		} else if (errno == EAGAIN || errno == ECONNABORTED || errno == EINTR) {
			if (wait_for_work(w) != 0) {
				return 1;
			}
		} else {
			log_say(&w->log, LOG_ERROR, "accept: %s", strerror(errno));
			return 1;
		}
	}
	return 0;
}

/*
 * Where nobody else accepts, a connection that is made while this worker ends would be lost. A Unix
 * socket that is shut down refuses new ones, and still gives out those that wait; TCP has no such
 * thing, and nobody starts workers with TCP sockets of their own.
 */
static void serve_the_last(struct worker *w)
{
	struct sockaddr_storage name;
	socklen_t n = sizeof name;
	if (getsockname(LISTENER, (struct sockaddr *)&name, &n) != 0 || name.ss_family != AF_UNIX) {
		return;
	}
	shutdown(LISTENER, SHUT_RD);
	int fd = accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC);
	while (fd >= 0) {
		serve(w, fd);
		fd = accept4(LISTENER, NULL, NULL, SOCK_CLOEXEC);
	}
}

int main(int argc, char **argv)
{
	static struct worker w = {.log = {STDERR_FILENO, "cdn.fcgi"}};
	if (argc > 1) {
		fprintf(stderr,
			"usage: %s\nA FastCGI worker: it takes its settings from the environment "
			"and "
			"a listening socket as descriptor 0.\n",
			argv[0]);
		return 2;
	}
	int status = boot(&w);
	if (status == 0) {
		status = run(&w);
		if (w.config.listener == LISTENER_OWN) {
			serve_the_last(&w);
		}
	} else {
		hold_back(&w);
	}
	app_close(w.app);
	arena_release(&w.arena);
	arena_release(&w.config_arena);
	return status;
}
