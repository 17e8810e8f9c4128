/* A FastCGI connection as a request and a response. */
#include "cgi/fcgi.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "cgi/preface.h"
#include "crypto/random.h"

enum {
	DRAIN_FIRST_BYTES = 64 * 1024,
	DRAIN_USUAL_BYTES = 1024 * 1024,
	DRAIN_PAUSE_MS = 50,
	DRAIN_MS = 2000,
	DRAIN_LONG_MS = 30 * 1000,
	SEND_PIECE = 64 * 1024,
	PREFACE_USUAL = 4096,
};

int fcgi_init(struct fcgi *f, const struct config *config, struct arena *arena)
{
	*f = (struct fcgi){.config = config, .arena = arena};
	if (FCGX_Init() != 0) {
		return -1;
	}
	/* Without a listener libfcgi never accepts by itself: a connection gets its timeouts first. */
	return FCGX_InitRequest(&f->connection, -1, FCGI_FAIL_ACCEPT_ON_INTR);
}

static void set_timeout(int fd, int option, int64_t ms)
{
	struct timeval t = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};
	setsockopt(fd, SOL_SOCKET, option, &t, sizeof t);
}

/* Whether the peer hangs up within that time; what it sends meanwhile stays in the socket. */
static bool peer_leaves(int fd, int64_t ms)
{
	struct pollfd p = {.fd = fd, .events = POLLRDHUP};
	return poll(&p, 1, ms > 0 ? (int)ms : 0) != 0;
}

/*
 * Look at what has come of the head, 4 KiB of it first: most are smaller, and what stands behind it
 * in the socket need not be copied.
 */
static enum preface look_at_head(int fd, unsigned char *head)
{
	ssize_t n = recv(fd, head, PREFACE_USUAL, MSG_PEEK);
	enum preface verdict = n > 0 ? preface_judge(head, (size_t)n) : PREFACE_BAD;
	if (verdict == PREFACE_MORE && n == PREFACE_USUAL) {
		n = recv(fd, head, PREFACE_MAX, MSG_PEEK);
		verdict = n > 0 ? preface_judge(head, (size_t)n) : PREFACE_BAD;
	}
	return verdict;
}

/* Wait for a complete head. Never MORE: what is late or cut short is BAD. */
static enum preface wait_for_head(struct fcgi *f, int fd)
{
	int64_t deadline = clock_monotonic_ms() + (int64_t)f->config->receive_timeout_s * 1000;
	unsigned char *head = arena_take(f->arena, PREFACE_MAX);
	enum preface verdict = head ? PREFACE_MORE : PREFACE_BAD;
	while (verdict == PREFACE_MORE) {
		verdict = look_at_head(fd, head);
		if (verdict == PREFACE_MORE &&
			(peer_leaves(fd, 1) || clock_monotonic_ms() >= deadline)) {
			return PREFACE_BAD;
		}
	}
	return verdict;
}

/* More of the body, straight from libfcgi's buffer. */
static int next_chunk(void *context, struct slice *chunk, struct error *err)
{
	struct fcgi *f = context;
	FCGX_Stream *in = f->connection.in;
	int64_t before = clock_monotonic_ms();
	int first = FCGX_GetChar(in);
	f->waited_ms += clock_monotonic_ms() - before;
	if (first == EOF) {
		int why = FCGX_GetError(in);
		f->body_failed = why != 0;
		if (why == EAGAIN) {
			return error_set(
				err, 408, "request_timeout", "no byte of the body for too long");
		}
		return why ? error_set(err, 400, "bad_request", "the body broke off (%d)", why) : 0;
	}
	*chunk = slice_of(in->rdNext - 1, (size_t)(in->stop - in->rdNext) + 1);
	in->rdNext = in->stop;
	return 1;
}

/*
 * Only time spent waiting counts: a slow disk of ours is not the client's fault. Judged once a
 * window, so that a short pause is nothing.
 */
static int next_chunk_in_time(void *context, struct slice *chunk, struct error *err)
{
	struct fcgi *f = context;
	int got = next_chunk(f, chunk, err);
	int64_t window_ms = (int64_t)f->config->rate_window_s * 1000;
	if (got != 1 || f->waited_ms < window_ms) {
		return got;
	}
	uint64_t bytes = f->body.received + chunk->n - f->window_from;
	if (bytes < f->config->min_rate_bytes * (uint64_t)f->waited_ms / 1000) {
		return error_set(err, 408, "request_timeout", "the body is below CDN_MIN_RATE");
	}
	f->waited_ms = 0;
	f->window_from = f->body.received + chunk->n;
	return got;
}

static struct slice parameter(char **environment, const char *name)
{
	const char *value = FCGX_GetParam(name, environment);
	return value ? slice_view(value) : (struct slice){NULL, 0};
}

/* Headers come as HTTP_<NAME>; some front ends hand Authorization on only under another name. */
static int add_headers(struct request *req, char **environment)
{
	for (char **e = environment; *e; e++) {
		struct slice value = slice_view(*e);
		struct slice name = slice_cut(&value, '=');
		if (slice_starts(name, "HTTP_")) {
			name = slice_from(name, strlen("HTTP_"));
		} else if (slice_equal_str(name, "REDIRECT_HTTP_AUTHORIZATION")) {
			name = slice_view("AUTHORIZATION");
		} else if (!slice_equal_str(name, "CONTENT_TYPE")) {
			continue;
		}
		if (value.n && request_add_cgi_header(req, name, value, &req->error) != 0) {
			return -1;
		}
	}
	return 0;
}

/*
 * mod_fcgid says how much it has, even when the host's limit has cut the body: what the client said
 * comes from deploy/htaccess, under this name.
 */
static struct slice promised_length(char **environment)
{
	struct slice length = parameter(environment, "REDIRECT_HTTP_CONTENT_LENGTH");
	return length.n ? length : parameter(environment, "CONTENT_LENGTH");
}

static void understand(struct fcgi *f, struct request *req)
{
	char **environment = f->connection.envp;
	struct slice length = promised_length(environment);
	struct slice prefix = slice_view(f->config->public_prefix);
	/* Each sets the error when it fails; else it stays as it was: none. */
	if (add_headers(req, environment) != 0 ||
		request_parse_length(length, &f->body, &req->error) != 0 ||
		request_parse_target(req, prefix, &req->error) != 0) {
		req->path = (struct slice){"", 0};
	}
}

/*
 * A web server hangs up when its client does. Only a connection that is closed both ways counts: one
 * that is closed for writing may be the server's way to end a request. Over TCP nobody can tell.
 */
static bool client_left(void *context)
{
	struct fcgi *f = context;
	struct pollfd p = {.fd = f->connection.ipcFd};
	return poll(&p, 1, 0) == 1 && p.revents & (POLLHUP | POLLERR);
}

static void fill(struct fcgi *f, struct request *req)
{
	char **environment = f->connection.envp;
	*req = (struct request){
		.arena = f->arena,
		.body = &f->body,
		.client_left = client_left,
		.client = f,
		.now_ms = clock_now_ms(),
	};
	f->body = (struct body){
		.source = {next_chunk_in_time, f},
		.ceiling = f->config->max_body_bytes,
	};
	f->body_failed = false;
	f->waited_ms = 0;
	f->window_from = 0;
	if (random_uuid(req->now_ms, req->id) != 0) {
		snprintf(req->id, sizeof req->id, "-");
	}
	req->method_name = parameter(environment, "REQUEST_METHOD");
	req->method = method_parse(req->method_name);
	req->target = parameter(environment, "REQUEST_URI");
	req->remote_addr = parameter(environment, "REMOTE_ADDR");
	understand(f, req);
}

/*
 * The end of an empty body was there already: read it now, and the connection can be closed at once
 * after the answer. Where a length promised more, body_next finds out.
 */
static void see_end(struct fcgi *f)
{
	f->body.ended =
		FCGX_GetChar(f->connection.in) == EOF && FCGX_GetError(f->connection.in) == 0;
}

int fcgi_begin(struct fcgi *f, int fd, struct request *req)
{
	FCGX_Request *c = &f->connection;
	f->facts = (struct access){0};
	f->began_ms = clock_monotonic_ms();
	set_timeout(fd, SO_RCVTIMEO, (int64_t)f->config->receive_timeout_s * 1000);
	enum preface verdict = wait_for_head(f, fd);
	if (verdict == PREFACE_BAD) {
		close(fd);
		return -1;
	}
	/* A connection that is "kept" is read from instead of accepting one. */
	c->ipcFd = fd;
	c->keepConnection = 1;
	c->detached = 0;
	c->in = NULL;
	if (FCGX_Accept_r(c) != 0) {
		return -1;
	}
	/* A kept connection would pin this worker to one peer; nginx and others open a new one. */
	c->keepConnection = 0;
	fill(f, req);
	if (verdict == PREFACE_BODILESS) {
		see_end(f);
	}
	return 0;
}

static bool put(struct fcgi *f, struct slice bytes)
{
	return FCGX_PutStr(bytes.p, (int)bytes.n, f->connection.out) == (int)bytes.n;
}

static bool put_file(struct fcgi *f, const struct response *res)
{
	uint64_t at = res->file_offset, end = at + res->file_length;
	char *piece = arena_take(f->arena, SEND_PIECE);
	/* Only here: any other answer fits into the socket's buffer. */
	set_timeout(f->connection.ipcFd, SO_SNDTIMEO, (int64_t)f->config->send_timeout_s * 1000);
	while (piece && at < end) {
		size_t want = end - at < SEND_PIECE ? (size_t)(end - at) : SEND_PIECE;
		ssize_t n = pread(res->fd, piece, want, (off_t)at);
		if (n <= 0 || !put(f, slice_of(piece, (size_t)n))) {
			return false;
		}
		at += (uint64_t)n;
		f->facts.bytes_out += (uint64_t)n;
	}
	return piece != NULL;
}

static bool put_body(struct fcgi *f, const struct request *req, const struct response *res)
{
	if (response_body_length(res, req->method) == 0) {
		return true;
	}
	if (res->body == RESPONSE_FILE) {
		return put_file(f, res);
	}
	f->facts.bytes_out = res->bytes.n;
	return put(f, res->bytes);
}

void fcgi_respond(struct fcgi *f, const struct request *req, struct response *res)
{
	struct buf head;
	buf_init(&head, f->head, sizeof f->head);
	if (response_head(res, &head) != 0) {
		response_init(res, 500);
		error_set(&res->error, 500, "internal_error", "the response was spoiled");
		buf_init(&head, f->head, sizeof f->head);
		if (response_head(res, &head) != 0) {
			return;
		}
	}
	/* A client that left is seen only when the stream is closed: until then libfcgi buffers. */
	bool sent = put(f, buf_view(&head)) && put_body(f, req, res);
	FCGX_FClose(f->connection.err);
	f->facts.client_left = FCGX_FClose(f->connection.out) != 0 || !sent;
	f->facts.ms = clock_monotonic_ms() - f->began_ms;
}

/* Take what the peer still sends. False once there is no more to come, true when it was enough. */
static bool take(struct fcgi *f, uint64_t bytes, int64_t deadline)
{
	uint64_t most = f->body.received + bytes;
	int64_t left = deadline - clock_monotonic_ms();
	struct slice chunk;
	struct error ignored;
	while (!f->body.ended && !f->body_failed && left > 0) {
		if (f->body.received >= most) {
			return true;
		}
		set_timeout(f->connection.ipcFd, SO_RCVTIMEO, left);
		int got = next_chunk(f, &chunk, &ignored);
		f->body.ended = got == 0;
		if (got != 1) {
			return false;
		}
		f->body.received += chunk.n;
		left = deadline - clock_monotonic_ms();
	}
	return false;
}

/*
 * A peer that is still sending when we close sees a broken connection instead of the answer, so an
 * early answer takes a little of what is still on its way. libfcgi would take all of it, without a
 * limit. But a peer like nginx looks for the answer only when it cannot send, and then hangs up: it
 * gets there when we pause, and would not while we take as fast as it sends. Where CDN_DRAIN allows
 * more than usual, the peer looks for no answer before it has sent everything, however slow its client.
 */
static void drain(struct fcgi *f)
{
	int fd = f->connection.ipcFd;
	uint64_t bytes = f->config->drain_bytes;
	int64_t limit_ms = bytes > DRAIN_USUAL_BYTES ? DRAIN_LONG_MS : DRAIN_MS;
	int64_t deadline = clock_monotonic_ms() + limit_ms;
	if (take(f, DRAIN_FIRST_BYTES, deadline) && !peer_leaves(fd, DRAIN_PAUSE_MS) &&
		take(f, bytes - DRAIN_FIRST_BYTES, deadline)) {
		peer_leaves(fd, DRAIN_PAUSE_MS);
	}
}

void fcgi_end(struct fcgi *f)
{
	if (!f->body.ended) {
		/* nginx holds an answer back until it sees its end: that comes before the drain. */
		shutdown(f->connection.ipcFd, SHUT_WR);
		drain(f);
	}
	if (f->body.ended) {
		/* Nothing is left to come: libfcgi need not wait for the peer to hang up. */
		FCGX_Detach(&f->connection);
	} else {
		shutdown(f->connection.ipcFd, SHUT_RD);
	}
	FCGX_Finish_r(&f->connection);
}
