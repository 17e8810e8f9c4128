/* One origin asked for a file. */
#include "fetch/hop.h"

#include <arpa/inet.h>
#include <curl/curl.h>

#include "base/clock.h"
#include "fetch/reason.h"

/* libcurl's largest: each read is a trip through its loop. */
enum { RECEIVE_BUFFER = 512 * 1024 };

struct transfer {
	struct hop *hop;
	CURL *curl;
	struct error *err;
	bool failed;                         /* *err is set */
	char refused[INET6_ADDRSTRLEN + 40]; /* an address that was not dialled, and why; else "" */
};

/* For the log: which address it was, and why it was not dialled. */
static void note_refused(
	struct transfer *t, const struct sockaddr *address, enum address_verdict verdict)
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
	snprintf(t->refused, sizeof t->refused, "%s %s", text, words[verdict]);
}

/* The gate: whatever is dialled passes here, in the very form in which it is dialled. */
static curl_socket_t open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *to)
{
	struct transfer *t = context;
	const struct config *config = t->hop->config;
	enum address_verdict verdict =
		address_judge(&to->addr, &config->fetch_open, &config->fetch_ports, t->hop->own);
	(void)purpose;
	if (verdict != ADDRESS_ALLOWED) {
		note_refused(t, &to->addr, verdict);
		return CURL_SOCKET_BAD;
	}
	return socket(to->family, to->socktype | SOCK_CLOEXEC, to->protocol);
}

/* Only a 200 has a body for us; what any other answer has is not waited for. */
static bool end_head(struct transfer *t)
{
	struct hop *hop = t->hop;
	long status = 0;
	curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status == 101) {
		hop->head.fault = "another protocol instead of an answer";
		return false;
	}
	if (status < 200) {
		return true;
	}
	hop->status = status;
	if (status != 200) {
		return false;
	}
	t->failed = hop->head.has_length &&
		    hop->sink->expect(hop->sink->context, hop->head.length, t->err) != 0;
	return !t->failed;
}

static size_t take_line(char *p, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	enum head_state state = head_take(&t->hop->head, slice_of(p, size * n));
	if (state == HEAD_BAD || (state == HEAD_COMPLETE && !end_head(t))) {
		return 0;
	}
	return size * n;
}

static size_t take_body(char *p, size_t size, size_t n, void *context)
{
	struct transfer *t = context;
	const struct download_sink *sink = t->hop->sink;
	t->failed = sink->take(sink->context, slice_of(p, size * n), t->err) != 0;
	return t->failed ? 0 : size * n;
}

static int watch(
	void *context, curl_off_t total, curl_off_t now, curl_off_t up_total, curl_off_t up)
{
	struct transfer *t = context;
	const struct download_sink *sink = t->hop->sink;
	(void)total, (void)now, (void)up_total, (void)up;
	t->failed = t->failed || sink->wanted(sink->context, t->err) != 0;
	return t->failed;
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

static bool set_functions(struct transfer *t)
{
	CURL *curl = t->curl;
	return curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, open_socket) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, t) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_line) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_HEADERDATA, t) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, watch) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body) == CURLE_OK &&
	       curl_easy_setopt(curl, CURLOPT_WRITEDATA, t) == CURLE_OK;
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

static int judge(const struct transfer *t, CURLcode code, const char *why, const struct url *url)
{
	struct error *err = t->err;
	/* Cut short by us, as only its status matters. */
	if (code == CURLE_OK || (t->hop->status && t->hop->status != 200)) {
		return 0;
	}
	why = t->hop->head.fault ? t->hop->head.fault : *why ? why : curl_easy_strerror(code);
	switch (code) {
	/* CURLE_OUT_OF_MEMORY is not here: it is what a header line above libcurl's limit makes. */
	case CURLE_FAILED_INIT:
		return error_set(err, 500, "internal_error", "libcurl: %s", why);
	case CURLE_OPERATION_TIMEDOUT:
		return reason_set(err, "Timed out", "%s: %s", url->host, why);
	case CURLE_COULDNT_RESOLVE_HOST:
		return reason_set(err, "Couldn't resolve host.", "%s: %s", url->host, why);
	case CURLE_URL_MALFORMAT:
		return reason_set(err, "Invalid host", "%s: %s", url->host, why);
	case CURLE_COULDNT_CONNECT:
		if (*t->refused) {
			return reason_set(
				err, "IP address not allowed", "%s: %s", url->host, t->refused);
		}
		break;
	default:
		break;
	}
	/* One word for all that goes wrong there: it does not tell an open port from a closed one. */
	return reason_set(err, "Failed to download: 502", "%s: %s", url->host, why);
}

static CURLcode perform(struct transfer *t, const struct url *url, int64_t left_ms, char *why)
{
	struct hop *hop = t->hop;
	struct curl_slist *headers = NULL;
	CURLcode code = CURLE_FAILED_INIT;
	if (keep_to_itself(t->curl) && set_limits(t->curl, hop->config, left_ms) &&
		set_functions(t) && set_request(t->curl, url, hop->authorization, &headers) &&
		curl_easy_setopt(t->curl, CURLOPT_ERRORBUFFER, why) == CURLE_OK) {
		code = curl_easy_perform(t->curl);
	}
	curl_slist_free_all(headers);
	return code;
}

int hop_run(struct hop *hop, struct arena *a, const struct url *url, struct error *err)
{
	char why[CURL_ERROR_SIZE] = "";
	struct transfer t = {.hop = hop, .err = err};
	int64_t left_ms = hop->deadline_ms - clock_monotonic_ms();
	hop->status = 0;
	if (left_ms <= 0) {
		return reason_set(err, "Timed out", "%s: no time left", url->host);
	}
	if (head_init(&hop->head, a) != 0 || !(t.curl = curl_easy_init())) {
		return error_set(err, 500, "internal_error", "no memory to fetch with");
	}
	CURLcode code = perform(&t, url, left_ms, why);
	curl_easy_cleanup(t.curl);
	return t.failed ? -1 : judge(&t, code, why, url);
}
