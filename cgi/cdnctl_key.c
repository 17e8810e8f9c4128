/* cdnctl key ... */
#include "base/clock.h"
#include "cgi/cdnctl.h"
#include "store/account.h"
#include "store/key.h"

/* A day is meant to its end (UTC): the key dies when the next one begins. */
static int parse_day(struct ctl *ctl, const char *day, int64_t *ms)
{
	const char *text = arena_printf(ctl->arena, "%sT23:59:59Z", day);
	if (!text || clock_parse_iso(slice_view(text), ms) != 0) {
		return -1;
	}
	*ms += 1000;
	return 0;
}

/* 1 found, 0 not there (said), -1 failed (said). */
static int find_id(struct ctl *ctl, const char *email, const char **id)
{
	struct error err;
	int found = account_find_email(ctl->redis, ctl->hash, ctl->arena, email, id, &err);
	if (found == 0) {
		error_set(&err, 404, "not_found", "no account has the email %s", email);
	}
	if (found != 1) {
		ctl_fail(&err);
	}
	return found;
}

/* CTL_DONE, or what is wrong with the options. They are gone from argv. */
static int read_terms(struct ctl *ctl, int *argc, char **argv, struct key_terms *terms)
{
	const char *day = ctl_option(argc, argv, "--expires", false);
	const char *scopes = ctl_option(argc, argv, "--scopes", false);
	*terms = (struct key_terms){
		.name = ctl_option(argc, argv, "--name", false), .scopes = SCOPE_ALL};
	if (*argc != 1 || !terms->name || !*terms->name) {
		return ctl_misuse("key add needs one EMAIL and --name N");
	}
	if (!ctl_is_name(terms->name)) {
		return ctl_misuse("a name is one line of text, at most 200 bytes");
	}
	if (day && (parse_day(ctl, day, &terms->expires_ms) != 0 ||
			   terms->expires_ms <= clock_now_ms())) {
		return ctl_misuse("--expires needs today or a day to come, as 2030-01-31");
	}
	if (scopes && scope_parse_list(slice_view(scopes), &terms->scopes) != 0) {
		return ctl_misuse("--scopes needs some of upload, read and delete, as upload,read");
	}
	return CTL_DONE;
}

int ctl_key_add(struct ctl *ctl, int argc, char **argv)
{
	const char *id, *text;
	char digest[SHA256_HEX_SIZE];
	struct key_terms terms;
	struct error err;
	if (read_terms(ctl, &argc, argv, &terms) != CTL_DONE) {
		return CTL_WRONG_USE;
	}
	if (find_id(ctl, argv[0], &id) != 1) {
		return CTL_FAILED;
	}
	if (key_add(ctl->redis, ctl->hash, ctl->arena, id, &terms, clock_now_ms(), &text, &err) !=
		0) {
		return ctl_fail(&err);
	}
	/* Apart from the key, which scripts take from standard output. */
	if (sha256_hex(ctl->hash, slice_view(text), digest) == 0) {
		fprintf(stderr, "id: %s\n", key_id(ctl->arena, digest));
	}
	printf("%s\n", text);
	return CTL_DONE;
}

static void print_key(struct ctl *ctl, const struct key *key)
{
	char created[CLOCK_ISO_SIZE], expires[CLOCK_ISO_SIZE], used[CLOCK_ISO_SIZE],
		revoked[CLOCK_ISO_SIZE];
	clock_format_iso(key->created_ms, created);
	clock_format_iso(key->expires_ms, expires);
	clock_format_iso(key->last_used_ms, used);
	clock_format_iso(key->revoked_ms, revoked);
	const struct ctl_field fields[] = {
		{.name = "id", .text = key->id},
		{.name = "hint", .text = key->hint},
		{.name = "name", .text = key->name},
		{.name = "scopes",
			.text = scope_print_list(ctl->arena, key->scopes),
			.never = !key->scopes},
		{.name = "created_at", .text = created},
		{.name = "expires_at", .text = expires, .never = !key->expires_ms},
		{.name = "last_used_at", .text = used, .never = !key->last_used_ms},
		{.name = "revoked_at", .text = revoked, .never = !key->revoked_ms},
	};
	ctl_row(ctl, fields, sizeof fields / sizeof *fields);
}

int ctl_key_list(struct ctl *ctl, int argc, char **argv)
{
	const char *id, **digests;
	size_t count;
	struct error err;
	if (argc != 1) {
		return ctl_misuse("key list needs one EMAIL");
	}
	if (find_id(ctl, argv[0], &id) != 1) {
		return CTL_FAILED;
	}
	if (key_list(ctl->redis, ctl->arena, id, &digests, &count, &err) != 0) {
		return ctl_fail(&err);
	}
	for (size_t i = 0; i < count; i++) {
		struct key key;
		int found = key_find(ctl->redis, ctl->arena, digests[i], &key, &err);
		if (found < 0) {
			return ctl_fail(&err);
		}
		if (found) {
			print_key(ctl, &key);
		}
	}
	return CTL_DONE;
}

int ctl_key_revoke(struct ctl *ctl, int argc, char **argv)
{
	const char *digest;
	struct error err;
	if (argc != 1) {
		return ctl_misuse("key revoke needs one ID, as key list shows it");
	}
	int found = key_find_id(ctl->redis, ctl->arena, argv[0], &digest, &err);
	if (found == 1) {
		found = key_revoke(ctl->redis, ctl->arena, digest, clock_now_ms(), &err);
	}
	if (found == 0) {
		error_set(&err, 404, "not_found", "no key has the id %s", argv[0]);
	}
	return found == 1 ? CTL_DONE : ctl_fail(&err);
}
