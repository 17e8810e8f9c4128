/* One HTTP request of ours. */
#include "fetch/exchange.h"

#include <curl/curl.h>

void exchange_init(
	struct exchange *x, struct arena *a, const char *method, const char *url, size_t ceiling)
{
	*x = (struct exchange){.method = method, .url = url, .timeout_ms = 10000};
	buf_new(&x->head, a, EXCHANGE_HEAD_CEILING);
	buf_new(&x->answer, a, ceiling);
}

static size_t take(char *p, size_t size, size_t n, void *context)
{
	struct buf *b = context;
	buf_put(b, slice_of(p, size * n));
	return b->failed ? 0 : size * n;
}

static struct curl_slist *build_headers(const struct exchange *x)
{
	/* Without a body of a hundred-continue's size there is nothing to wait for. */
	struct curl_slist *list = curl_slist_append(NULL, "Expect:");
	for (size_t i = 0; i < EXCHANGE_HEADERS_MAX && x->headers[i]; i++) {
		list = curl_slist_append(list, x->headers[i]);
	}
	return list;
}

static void set_options(CURL *curl, struct exchange *x, struct curl_slist *headers, char *why)
{
	curl_easy_setopt(curl, CURLOPT_URL, x->url);
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, x->method);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, x->timeout_ms);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, why);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, &x->head);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &x->answer);
	if (x->body.p) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)x->body.n);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, x->body.p);
	}
}

int exchange_run(struct exchange *x, struct error *err)
{
	char why[CURL_ERROR_SIZE] = "";
	CURL *curl = curl_easy_init();
	if (!curl) {
		return error_set(err, 500, "internal_error", "libcurl cannot be set up");
	}
	struct curl_slist *headers = build_headers(x);
	set_options(curl, x, headers, why);
	CURLcode code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &x->status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	if (code != CURLE_OK) {
		return error_set(
			err, 503, "unavailable", "%s", *why ? why : curl_easy_strerror(code));
	}
	return 0;
}

struct slice exchange_header(const struct exchange *x, const char *name, size_t *count)
{
	struct slice rest = buf_view(&x->head), found = {NULL, 0};
	*count = 0;
	while (rest.p) {
		struct slice line = slice_cut(&rest, '\n');
		struct slice field = slice_cut(&line, ':');
		if (line.p && slice_equal_nocase(field, name)) {
			line.n -= line.n && line.p[line.n - 1] == '\r';
			found = slice_trim(line);
			(*count)++;
		}
	}
	return found;
}
