/* A file from somewhere on the Internet. */
#include "fetch/download.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/number.h"
#include "fetch/address.h"

enum {
	HEAD_MAX = 64 * 1024, /* all header lines of a hop, those of 1xx answers among them */
	LOCATION_MAX = 8 * 1024,
	RECEIVE_BUFFER = 512 * 1024, /* libcurl's largest: each read is a trip through its loop */
};

/* A file on its way, over all its hops. */
struct download {
	const struct config *config;
	struct arena *arena;
	const struct download_sink *sink;
	const char *authorization; /* as a header line; NULL: none, or its origin was left */
	bool authorized;           /* there was one */
	unsigned redirects;        /* followed so far */
	int64_t deadline_ms;
	struct address_list own;
	struct buf location; /* of the hop at hand, terminated */
};

/* One origin asked, with a handle of its own: nothing of the hop before is left in it. */
struct hop {
	struct download *download;
	CURL *curl;
	struct error *err;
	bool failed; /* *err is set */
	long status; /* of the final answer, once its head is complete */
	size_t head_bytes;
	bool has_length;
	uint64_t length;
	const char *fault;                   /* of the head, for the log */
	char refused[INET6_ADDRSTRLEN + 40]; /* an address that was not dialled, and why; else "" */
};

/* For the log: which address it was, and why it was not dialled. */
static void note_refused(
	struct hop *hop, const struct sockaddr *address, enum address_verdict verdict)
{
	static const char *const words[] = {
		[ADDRESS_PORT_CLOSED] = "on a port that is not open",
		[ADDRESS_OWN] = "is this server",
		[ADDRESS_NOT_PUBLIC] = "is not public",
	};
	const void *bytes = address->sa_family == AF_INET
				    ? (const void *)&((const struct sockaddr_in *)address)->sin_addr
				    : &((const struct sockaddr_in6 *)address)->sin6_addr;
	char text[INET6_ADDRSTRLEN];
	if (!inet_ntop(address->sa_family, bytes, text, sizeof text)) {
		snprintf(text, sizeof text, "an address");
	}
	snprintf(hop->refused, sizeof hop->refused, "%s %s", text, words[verdict]);
}

/* The gate: whatever is dialled passes here, in the very form in which it is dialled. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
	(void)purpose;
	struct hop *hop = context;
	const struct download *d = hop->download;
	enum address_verdict verdict =
		address_judge(&to->addr, &d->config->fetch_open, &d->config->fetch_ports, &d->own);
	if (verdict != ADDRESS_ALLOWED) {
		note_refused(hop, &to->addr, verdict);
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* A status line begins a head: what an earlier one (1xx, RFC 9110 section 15.2) said is void. */
static void begin_head(struct hop *hop)
{
	hop->has_length = false;
	hop->download->location.n = 0;
	hop->download->location.failed = false;
}

/* libcurl takes the digits at its beginning, the last of several, and none for one above 2^63. */
static void read_length(struct hop *hop, struct slice text)
{
	uint64_t length;
	if (number_parse(slice_trim(text), &length) != 0 ||
		(hop->has_length && length != hop->length)) {
		hop->fault = "a Content-Length that is no number, or several";
		return;
	}
	hop->has_length = true;
	hop->length = length;
}

static void read_field(struct hop *hop, struct slice line)
{
	struct slice name = slice_cut(&line, ':');
	if (slice_equal_nocase(name, "content-length")) {
		read_length(hop, line);
	} else if (slice_equal_nocase(name, "location")) {
		hop->download->location.n = 0;
		buf_put(&hop->download->location, slice_trim(line));
		buf_put_char(&hop->download->location, '\0');
	}
}

/* Only a 200 has a body for us; what any other answer has is not waited for. */
static int end_head(struct hop *hop)
{
	long status = 0;
	curl_easy_getinfo(hop->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200) {
		return 0;
	}
	const struct download_sink *sink = hop->download->sink;
	hop->status = status;
	if (status != 200) {
		return -1;
	}
	hop->failed = hop->has_length && sink->expect(sink->context, hop->length, hop->err) != 0;
	return hop->failed ? -1 : 0;
}

static size_t take_header(char *p, size_t size, size_t n, void *context)
{
	struct hop *hop = context;
	struct slice line = slice_of(p, size * n);
	hop->head_bytes += line.n;
	if (hop->head_bytes > HEAD_MAX) {
		hop->fault = "too many header lines";
		return 0;
	}
	while (line.n && (line.p[line.n - 1] == '\r' || line.p[line.n - 1] == '\n')) {
		line.n--;
	}
	if (slice_starts(line, "HTTP/")) {
		begin_head(hop);
	} else if (line.n) {
		read_field(hop, line);
	} else if (end_head(hop) != 0) {
		return 0;
	}
	return hop->fault ? 0 : size * n;
}

static size_t take_body(char *p, size_t size, size_t n, void *context)
{
	struct hop *hop = context;
	const struct download_sink *sink = hop->download->sink;
	hop->failed = sink->take(sink->context, slice_of(p, size * n), hop->err) != 0;
	return hop->failed ? 0 : size * n;
}

static int watch(
	void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	struct hop *hop = context;
	const struct download_sink *sink = hop->download->sink;
	(void)total, (void)now, (void)up_total, (void)up;
	hop->failed = hop->failed || sink->wanted(sink->context, hop->err) != 0;
	return hop->failed;
}

/* What libcurl would otherwise take from its environment, its user's files, or of its own accord. */
static bool keep_to_itself(CURL *curl)
{
	return curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_PROXY, "") == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L) == CURLE_OK &&
	       /* With HTTP/2 an origin may have more on its way than was asked for. */
	       curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) ==
		       CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
	       /* A look-up's thread may outlive the handle: a silent DNS server holds no worker. */
	       curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L) == CURLE_OK;
}

static bool set_limits(CURL *curl, const struct config *config, int64_t left_ms)
{
	long connect_ms = (long)config->fetch_connect_timeout_s * 1000;
	long rate = (long)config->min_rate_bytes, window_s = (long)config->rate_window_s;
	return curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)left_ms) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, rate) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, window_s) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_BUFFERSIZE, (long)RECEIVE_BUFFER) == CURLE_OK;
}

static bool set_functions(struct hop *hop)
{
	CURL *curl = hop->curl;
	return curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, hop) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERDATA, hop) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFODATA, hop) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, hop) == CURLE_OK;
}

static bool set_request(
	CURL *curl, const struct url *url, const char *authorization, struct curl_slist **headers)
{
	if (authorization && !(*headers = curl_slist_append(NULL, authorization))) {
		return false;
	}
	return curl_easy_setopt(curl, CURLOPT_CURLU, url->parsed) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HTTPHEADER, *headers) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_USERAGENT, "cdn.fcgi") == CURLE_OK;
}

static int judge(const struct hop *hop, CURLcode code, const char *why, const struct url *url)
{
	struct error *err = hop->err;
	/* Cut short by us, as only its status matters. */
	if (code == CURLE_OK || (hop->status && hop->status != 200)) {
		return 0;
	}
	why = hop->fault ? hop->fault : *why ? why : curl_easy_strerror(code);
	switch (code) {
	/* CURLE_OUT_OF_MEMORY is not here: it is what a header line above libcurl's limit makes. */
	case CURLE_FAILED_INIT:
		return error_set(err, 500, "internal_error", "libcurl: %s", why);
	case CURLE_OPERATION_TIMEDOUT:
		return upload_failed(err, "Timed out", "%s: %s", url->host, why);
	case CURLE_COULDNT_RESOLVE_HOST:
		return upload_failed(err, "Couldn't resolve host.", "%s: %s", url->host, why);
	case CURLE_URL_MALFORMAT:
		return upload_failed(err, "Invalid host", "%s: %s", url->host, why);
	case CURLE_COULDNT_CONNECT:
		if (*hop->refused) {
			return upload_failed(
				err, "IP address not allowed", "%s: %s", url->host, hop->refused);
		}
		break;
	default:
		break;
	}
	/* One word for all that goes wrong there: it does not tell an open port from a closed one. */
	return upload_failed(err, "Failed to download: 502", "%s: %s", url->host, why);
}

static int run_hop(struct hop *hop, struct download *d, const struct url *url, struct error *err)
{
	char why[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	int64_t left_ms = d->deadline_ms - clock_monotonic_ms();
	if (left_ms <= 0) {
		return upload_failed(err, "Timed out", "%s: no time left", url->host);
	}
	*hop = (struct hop){.download = d, .curl = curl_easy_init(), .err = err};
	if (!hop->curl) {
		return error_set(err, 500, "internal_error", "no memory to fetch with");
	}
	CURLcode code = CURLE_FAILED_INIT;
	if (keep_to_itself(hop->curl) && set_limits(hop->curl, d->config, left_ms) &&
		set_functions(hop) && set_request(hop->curl, url, d->authorization, &headers) &&
		curl_easy_setopt(hop->curl, CURLOPT_ERRORBUFFER, why) == CURLE_OK) {
		code = curl_easy_perform(hop->curl);
	}
	curl_easy_cleanup(hop->curl);
	curl_slist_free_all(headers);
	return hop->failed ? -1 : judge(hop, code, why, url);
}

static int refuse_status(const struct url *at, long status, const char *detail, struct error *err)
{
	char reason[64];
	snprintf(reason, sizeof reason, "Failed to download: %ld", status);
	return upload_failed(err, reason, "%s: %ld: %s", at->host, status, detail);
}

/* Those that lead on to where the file is (RFC 9110 section 15.4). */
static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static int follow(struct download *d, const struct hop *hop, struct url *at, struct error *err)
{
	struct url next;
	if (!is_redirect(hop->status)) {
		return refuse_status(at, hop->status, "only 200 is a success", err);
	}
	if (d->location.n <= 1 || d->location.failed) {
		return refuse_status(at, hop->status, "no Location, or one too long", err);
	}
	if (d->redirects++ == DOWNLOAD_REDIRECTS_MAX) {
		return upload_failed(err, "Too many redirects", "the last from %s", at->host);
	}
	if (url_follow(at, &next, d->arena, d->location.p, &d->config->fetch_ports, err) != 0) {
		return -1;
	}
	if (d->authorized && at->secure && !next.secure) {
		return refuse_status(
			at, hop->status, "from https to http with an authorization", err);
	}
	/* Not even if a later hop comes back: the way there was then another's choice. */
	if (!url_same_origin(at, &next)) {
		d->authorization = NULL;
	}
	*at = next;
	return 0;
}

static int begin(struct download *d, const char *authorization, struct error *err)
{
	d->deadline_ms = clock_monotonic_ms() + (int64_t)d->config->fetch_timeout_s * 1000;
	buf_new(&d->location, d->arena, LOCATION_MAX);
	if (authorization) {
		d->authorization = arena_printf(d->arena, "Authorization: %s", authorization);
		d->authorized = true;
	}
	if (d->location.failed || (d->authorized && !d->authorization)) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	return address_list_fill(&d->own, err);
}

int download_run(const struct config *config, struct arena *a, const struct url *url,
	const char *authorization, const struct download_sink *sink, struct error *err)
{
	struct download *d = arena_alloc(a, sizeof *d);
	struct hop hop;
	struct url at = *url;
	if (!d) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	*d = (struct download){.config = config, .arena = a, .sink = sink};
	if (begin(d, authorization, err) != 0) {
		return -1;
	}
	do {
		if (run_hop(&hop, d, &at, err) != 0) {
			return -1;
		}
	} while (hop.status != 200 && follow(d, &hop, &at, err) == 0);
	return hop.status == 200 ? 0 : -1;
}
