/* cdnctl account ... */
#include "base/clock.h"
#include "cgi/cdnctl.h"
#include "store/account.h"

static int no_such_tier(const char *word)
{
	return ctl_misuse("no such tier: %s; there are %s, %s and %s", word,
		tier_name(TIER_UNVERIFIED), tier_name(TIER_VERIFIED),
		tier_name(TIER_FUNCTIONALLY_UNLIMITED));
}

int ctl_account_add(struct ctl *ctl, int argc, char **argv)
{
	const char *name = ctl_option(&argc, argv, "--name", false);
	const char *tier_word = ctl_option(&argc, argv, "--tier", false);
	enum tier tier = TIER_UNVERIFIED;
	const char *id;
	struct error err;
	if (argc != 1) {
		return ctl_misuse("account add needs one EMAIL");
	}
	if (tier_word && tier_parse(slice_view(tier_word), &tier) != 0) {
		return no_such_tier(tier_word);
	}
	if (name && !ctl_is_name(name)) {
		return ctl_misuse("a name is one line of text, at most 200 bytes");
	}
	if (account_add(ctl->redis, ctl->hash, ctl->arena, argv[0], name ? name : argv[0], tier,
		    clock_now_ms(), &id, &err) != 0) {
		return ctl_fail(&err);
	}
	printf("%s\n", id);
	return CTL_DONE;
}

static void print_account(struct ctl *ctl, const struct account *account)
{
	char created[CLOCK_ISO_SIZE];
	clock_format_iso(account->created_ms, created);
	const struct ctl_field fields[] = {
		{.name = "id", .text = account->id},
		{.name = "email", .text = account->email},
		{.name = "name", .text = account->name},
		{.name = "tier", .text = tier_name(account->tier)},
		{.name = "created_at", .text = created},
		{.name = "files", .number = account->files},
		{.name = "bytes", .number = account->bytes},
	};
	ctl_row(ctl, fields, sizeof fields / sizeof *fields);
}

static int print_accounts(struct ctl *ctl, const char *const *ids, size_t count, struct error *err)
{
	for (size_t i = 0; i < count; i++) {
		struct account account;
		int found = account_find(ctl->redis, ctl->arena, ids[i], &account, err);
		if (found < 0) {
			return -1;
		}
		if (found) {
			print_account(ctl, &account);
		}
	}
	return 0;
}

int ctl_account_list(struct ctl *ctl, int argc, char **argv)
{
	char cursor[32] = "0";
	(void)argc;
	(void)argv;
	do {
		static const char *ids[ACCOUNT_SCAN_MAX];
		const char *next = cursor;
		size_t count;
		struct error err;
		if (account_scan(ctl->redis, ctl->arena, &next, ids, &count, &err) != 0 ||
			print_accounts(ctl, ids, count, &err) != 0) {
			return ctl_fail(&err);
		}
		snprintf(cursor, sizeof cursor, "%s", next);
		arena_reset(ctl->arena);
	} while (strcmp(cursor, "0") != 0);
	return CTL_DONE;
}

int ctl_find_account(struct ctl *ctl, const char *email, struct account *account)
{
	const char *id;
	struct error err;
	int found = account_find_email(ctl->redis, ctl->hash, ctl->arena, email, &id, &err);
	if (found == 1) {
		found = account_find(ctl->redis, ctl->arena, id, account, &err);
	}
	if (found == 0) {
		error_set(&err, 404, "not_found", "no account has the email %s", email);
	}
	return found == 1 ? CTL_DONE : ctl_fail(&err);
}

int ctl_account_set(struct ctl *ctl, int argc, char **argv)
{
	const char *name = ctl_option(&argc, argv, "--name", false);
	const char *tier_word = ctl_option(&argc, argv, "--tier", false);
	enum tier tier;
	struct account account;
	struct error err;
	if (argc != 1 || (!name && !tier_word)) {
		return ctl_misuse("account set needs one EMAIL, and --name or --tier");
	}
	if (tier_word && tier_parse(slice_view(tier_word), &tier) != 0) {
		return no_such_tier(tier_word);
	}
	if (name && !ctl_is_name(name)) {
		return ctl_misuse("a name is one line of text, at most 200 bytes");
	}
	int status = ctl_find_account(ctl, argv[0], &account);
	if (status != CTL_DONE) {
		return status;
	}
	if ((name && account_set(ctl->redis, ctl->arena, account.id, "name", name, &err) != 0) ||
		(tier_word && account_set(ctl->redis, ctl->arena, account.id, "tier", tier_word,
				      &err) != 0)) {
		return ctl_fail(&err);
	}
	return CTL_DONE;
}

int ctl_account_remove(struct ctl *ctl, int argc, char **argv)
{
	struct account account;
	struct error err;
	if (argc != 1) {
		return ctl_misuse("account remove needs one EMAIL");
	}
	int status = ctl_find_account(ctl, argv[0], &account);
	if (status != CTL_DONE) {
		return status;
	}
	if (account_remove(ctl->redis, ctl->hash, ctl->arena, &account, &err) != 0) {
		return ctl_fail(&err);
	}
	return CTL_DONE;
}
