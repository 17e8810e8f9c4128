/*
 * cgi/cdnctl.h - what the commands of the administrator's tool share.
 *
 * A command gets the words after its name and returns an exit status: 0 done, 1 it failed, 2 wrong
 * use.
 */
#ifndef CGI_CDNCTL_H
#define CGI_CDNCTL_H

#include "base/arena.h"
#include "base/error.h"
#include "base/log.h"
#include "config/config.h"
#include "crypto/digest.h"
#include "http/json.h"
#include "store/account.h"
#include "store/redis.h"

enum { CTL_DONE = 0, CTL_FAILED = 1, CTL_WRONG_USE = 2 };

struct ctl {
	struct config config;
	struct log log;
	struct arena *arena;
	struct redis *redis;
	struct sha256 *hash;
	bool json;   /* --json: machine-readable listings, one object a line */
	bool headed; /* the listing's heading is printed, or none is wanted */
};

/* What to say where ctl_settings_file has none, and its cure. */
extern const char ctl_no_settings[], ctl_no_settings_cure[];

/* The file that the settings are read from; NULL where only the environment says anything. */
const char *ctl_settings_file(void);

/* Say why a command failed, on standard error. Returns CTL_FAILED. */
int ctl_fail(const struct error *err);

/* Say what is wrong with the words of a command. Returns CTL_WRONG_USE. */
int ctl_misuse(const char *what, ...) __attribute__((format(printf, 1, 2)));

/*
 * Take "--name VALUE" or "--name" (where `flag` is set) out of argv: the value, "" for a flag that
 * is there, or NULL. *argc shrinks.
 */
const char *ctl_option(int *argc, char **argv, const char *name, bool flag);

/* Whether this may be the name of an account or a key: UTF-8 of one line, 1 to 200 bytes. Names go
 * into JSON and, later, into pages. */
bool ctl_is_name(const char *name);

/* One value of a listing: a text, a number where `text` is NULL, or none, as what never happened. */
struct ctl_field {
	const char *name, *text;
	uint64_t number;
	bool never;
};

/*
 * Print one row of a listing: as an object with --json, else its values separated by tabs, and above
 * the first a heading where people read it.
 */
void ctl_row(struct ctl *ctl, const struct ctl_field *fields, size_t count);

/* The account behind an email, or an exit status other than CTL_DONE: the reason was said. */
int ctl_find_account(struct ctl *ctl, const char *email, struct account *account);

int ctl_account_add(struct ctl *ctl, int argc, char **argv);
int ctl_account_list(struct ctl *ctl, int argc, char **argv);
int ctl_account_set(struct ctl *ctl, int argc, char **argv);
int ctl_account_remove(struct ctl *ctl, int argc, char **argv);
int ctl_key_add(struct ctl *ctl, int argc, char **argv);
int ctl_key_list(struct ctl *ctl, int argc, char **argv);
int ctl_key_revoke(struct ctl *ctl, int argc, char **argv);
int ctl_rescue_add(struct ctl *ctl, int argc, char **argv);
int ctl_rescue_import(struct ctl *ctl, int argc, char **argv);
int ctl_rescue_list(struct ctl *ctl, int argc, char **argv);
int ctl_file_list(struct ctl *ctl, int argc, char **argv);
int ctl_file_show(struct ctl *ctl, int argc, char **argv);
int ctl_file_delete(struct ctl *ctl, int argc, char **argv);
int ctl_store_init(struct ctl *ctl, int argc, char **argv);
int ctl_settings(struct ctl *ctl, int argc, char **argv);
int ctl_config(struct ctl *ctl, int argc, char **argv);
int ctl_doctor(struct ctl *ctl, int argc, char **argv);

#endif
