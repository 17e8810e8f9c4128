/*
 * store/redis_url.h - the address of a Redis server, taken apart.
 */
#ifndef STORE_REDIS_URL_H
#define STORE_REDIS_URL_H

#include "base/error.h"

enum { REDIS_URL_FIELD = 256 };

struct redis_address {
	char path[REDIS_URL_FIELD]; /* of a Unix socket, "" for TCP */
	char host[REDIS_URL_FIELD];
	int port;
	char user[REDIS_URL_FIELD], password[REDIS_URL_FIELD]; /* "" when none; percent-decoded */
	char database[16];                                     /* digits, "" for 0 */
};

/*
 * Parse unix:///path[?db=N], unix://:password@/path, redis://[[user]:password@]host[:port][/N].
 * IPv6 hosts stand in brackets. The error's detail never repeats the URL, which may hold a
 * password.
 */
int redis_url_parse(const char *url, struct redis_address *out, struct error *err)
	__attribute__((warn_unused_result));

#endif
