/*
 * config/config.h - the settings, from one table, read once at boot.
 *
 * Values come from the environment, then from the env file (CDN_ENV_FILE, else ".env" if it is
 * there), then from the table. A secret NAME may be given as NAME_FILE, the path of a file that
 * holds it.
 *
 * Owns:      the strings belong to the arena given to config_load
 * Errors:    every mistake is reported, one line each, not only the first
 */
#ifndef CONFIG_CONFIG_H
#define CONFIG_CONFIG_H

#include <stdint.h>

#include "base/buf.h"
#include "config/list.h"

enum sendfile_mode { SENDFILE_OFF, SENDFILE_X_ACCEL_REDIRECT, SENDFILE_X_SENDFILE };

/* Whether others hold the listening socket too. */
enum listener { LISTENER_SHARED, LISTENER_OWN };

enum tier { TIER_UNVERIFIED, TIER_VERIFIED, TIER_FUNCTIONALLY_UNLIMITED, TIER__COUNT };

struct tier_limits {
	uint64_t file_bytes;  /* one file */
	uint64_t total_bytes; /* all files of an account */
};

struct config {
	const char *public_url;    /* without a slash at its end */
	const char *public_prefix; /* the path in public_url: "" or "/cdn" */
	const char *data_dir;
	const char *redis_url;
	uint64_t sendfile; /* enum sendfile_mode */
	uint64_t fsync;    /* boolean */
	uint64_t max_body_bytes;
	uint64_t min_free_bytes;
	struct tier_limits tiers[TIER__COUNT];
	uint64_t receive_timeout_s;
	uint64_t send_timeout_s;
	uint64_t min_rate_bytes; /* a second, over rate_window_s */
	uint64_t rate_window_s;
	uint64_t drain_bytes;           /* of a refused body */
	struct network_list fetch_open; /* may be fetched from although they are not public */
	struct port_list fetch_ports;
	uint64_t fetch_connect_timeout_s;
	uint64_t fetch_timeout_s;  /* over all hops */
	uint64_t fetch_per_minute; /* an account; 0: no limit */
	uint64_t batch_timeout_s;
	uint64_t listener; /* enum listener */
	uint64_t recycle_requests;
	uint64_t recycle_age_s;
	uint64_t redis_connect_timeout_ms;
	uint64_t redis_command_timeout_ms;
};

enum setting_type {
	SETTING_TEXT,     /* const char * */
	SETTING_URL,      /* const char *: http or https, no slash at the end */
	SETTING_NUMBER,   /* uint64_t */
	SETTING_BYTES,    /* uint64_t: digits, then K, M or G (1024, 1024^2, 1024^3) or nothing */
	SETTING_CHOICE,   /* uint64_t: the index of a word in `choices` */
	SETTING_NETWORKS, /* struct network_list */
	SETTING_PORTS,    /* struct port_list */
};

struct setting {
	const char *name;
	enum setting_type type;
	size_t offset; /* in struct config */
	const char *fallback;
	uint64_t min, max;
	bool secret;
	const char *choices; /* words separated by '|' */
	const char *help;
};

/* The table, for the loader, the documentation and the test that compares the two. */
const struct setting *config_settings(size_t *count);

/*
 * Fill *config from `environment` (in the form of environ). Returns -1 when anything is wrong;
 * `mistakes` then holds a line for each.
 */
int config_load(struct config *config, char *const *environment, struct arena *a,
	struct buf *mistakes) __attribute__((warn_unused_result));

/* The name of a tier as in the contract, and the reverse (-1 for another word). */
const char *tier_name(enum tier tier);
int tier_parse(struct slice name, enum tier *out) __attribute__((warn_unused_result));

#endif
