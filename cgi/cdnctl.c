/* cdnctl: the administrator's tool. */
#include "cgi/cdnctl.h"

#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/utf8.h"
#include "store/volume.h"

enum { ARENA = 1024 * 1024, NAME_MAX_BYTES = 200 };

extern char **environ;

static const struct command commands[] = {
	{"account", "add", " EMAIL [--name N] [--tier T]", "make an account, print its id",
		ctl_account_add},
	{"account", "list", " [--json]", "all accounts", ctl_account_list},
	{"account", "set", " EMAIL [--name N] [--tier T]", "change an account", ctl_account_set},
	{"account", "remove", " EMAIL", "remove an account without files", ctl_account_remove},
	{"key", "add", " EMAIL --name N [--expires YYYY-MM-DD] [--scopes upload,read,delete]",
		"make a key, print it this once", ctl_key_add},
	{"key", "list", " EMAIL [--json]", "an account's keys", ctl_key_list},
	{"key", "revoke", " ID", "end a key's life at once", ctl_key_revoke},
	{"rescue", "add", " OLD_URL ID_OR_URL [--replace]",
		"let /rescue lead from an old URL to a file", ctl_rescue_add},
	{"rescue", "import", " FILE [--replace] [--json]",
		"the same for every line of FILE (- is standard input): OLD_URL, a tab, ID_OR_URL",
		ctl_rescue_import},
	{"rescue", "list", " [--json]", "all claims of old URLs", ctl_rescue_list},
	{"file", "list", " EMAIL [--query PREFIX] [--json]",
		"an account's files, newest first, or those whose names begin with PREFIX",
		ctl_file_list},
	{"file", "show", " ID [--owner EMAIL] [--json]",
		"what is known of a file, on disk and in Redis", ctl_file_show},
	{"file", "delete", " ID [--owner EMAIL] [--json]",
		"delete anybody's file, print what it was", ctl_file_delete},
	{"store", "init", "", "make the folders of CDN_DATA_DIR", ctl_store_init},
	{"settings", "", " [--json]", "every setting, its default and meaning", ctl_settings},
	{"doctor", "", " [URL]", "check every part, and one file all the way through URL",
		ctl_doctor},
};

static void print_usage(FILE *out)
{
	fputs("usage: cdnctl [--env FILE] COMMAND\n\n", out);
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		const struct command *c = &commands[i];
		fprintf(out, "  cdnctl %s%s%s%s\n      %s\n", c->group, *c->verb ? " " : "",
			c->verb, c->usage, c->help);
	}
	fputs("\nTiers: unverified, verified, functionally_unlimited.\n"
	      "Settings: from FILE, else CDN_ENV_FILE, else .env; the environment wins.\n"
	      "Run by root it becomes the owner of CDN_DATA_DIR.\n"
	      "Exit status: 0 done, 1 it failed, 2 wrong use.\n",
		out);
}

int ctl_fail(const struct error *err)
{
	fprintf(stderr, "cdnctl: %s\n", err->detail);
	return CTL_FAILED;
}

int ctl_misuse(const char *what)
{
	fprintf(stderr, "cdnctl: %s (see cdnctl --help)\n", what);
	return CTL_WRONG_USE;
}

const char *ctl_option(int *argc, char **argv, const char *name, bool flag)
{
	int words = flag ? 1 : 2;
	for (int i = 0; i + words <= *argc; i++) {
		if (strcmp(argv[i], name) == 0) {
			const char *value = flag ? "" : argv[i + 1];
			memmove(argv + i, argv + i + words,
				(size_t)(*argc - i - words) * sizeof *argv);
			*argc -= words;
			return value;
		}
	}
	return NULL;
}

bool ctl_is_name(const char *name)
{
	for (const char *c = name; *c; c++) {
		if ((unsigned char)*c < ' ' || *c == 0x7f) {
			return false;
		}
	}
	return *name && strlen(name) <= NAME_MAX_BYTES && utf8_is_valid(slice_view(name));
}

static void print_json_row(struct ctl *ctl, const struct ctl_field *fields, size_t count)
{
	struct json doc;
	struct slice line;
	json_init(&doc, ctl->arena);
	for (size_t i = 0; i < count; i++) {
		if (fields[i].never) {
			json_set_null(&doc, fields[i].name);
		} else if (fields[i].text) {
			json_set_str(&doc, fields[i].name, fields[i].text);
		} else {
			json_set_integer(&doc, fields[i].name, fields[i].number);
		}
	}
	if (json_print(&doc, &line) == 0) {
		printf("%s\n", line.p);
	}
}

void ctl_row(struct ctl *ctl, const struct ctl_field *fields, size_t count)
{
	if (ctl->json) {
		print_json_row(ctl, fields, count);
		return;
	}
	for (size_t i = 0; i < count; i++) {
		const char *end = i + 1 < count ? "\t" : "\n";
		if (fields[i].never) {
			printf("-%s", end);
		} else if (fields[i].text) {
			printf("%s%s", fields[i].text, end);
		} else {
			printf("%" PRIu64 "%s", fields[i].number, end);
		}
	}
}

int ctl_store_init(struct ctl *ctl, int argc, char **argv)
{
	struct error err;
	(void)argv;
	if (argc) {
		return ctl_misuse("store init takes no words");
	}
	return volume_make(ctl->config.data_dir, &err) == 0 ? CTL_DONE : ctl_fail(&err);
}

static void print_setting(struct ctl *ctl, const struct setting *s)
{
	const struct ctl_field fields[] = {
		{.name = "name", .text = s->name},
		{.name = "default", .text = s->fallback},
		{.name = "help", .text = s->help},
	};
	ctl_row(ctl, fields, sizeof fields / sizeof *fields);
}

int ctl_settings(struct ctl *ctl, int argc, char **argv)
{
	size_t count;
	const struct setting *s = config_settings(&count);
	(void)argv;
	if (argc) {
		return ctl_misuse("settings takes no words");
	}
	for (size_t i = 0; i < count; i++) {
		print_setting(ctl, &s[i]);
	}
	return CTL_DONE;
}

/*
 * As root, become the owner of the store: what root makes in it, the workers could not write to. The
 * settings are read before, as root may be the only one who can.
 */
static int become_owner(const struct ctl *ctl)
{
	struct stat st;
	if (geteuid() != 0 || stat(ctl->config.data_dir, &st) != 0 || st.st_uid == 0) {
		return CTL_DONE;
	}
	/* With the groups that the workers have: one of them may open Redis's socket. */
	const struct passwd *owner = getpwuid(st.st_uid);
	int groups = owner ? initgroups(owner->pw_name, st.st_gid) : setgroups(0, NULL);
	if (groups != 0 || setgid(st.st_gid) != 0 || setuid(st.st_uid) != 0) {
		perror("cdnctl: cannot become the owner of CDN_DATA_DIR");
		return CTL_FAILED;
	}
	return CTL_DONE;
}

static int set_up(struct ctl *ctl)
{
	char storage[8192];
	struct buf mistakes;
	struct error err;
	buf_init(&mistakes, storage, sizeof storage);
	if (config_load(&ctl->config, environ, ctl->arena, &mistakes) != 0) {
		struct slice text = buf_view(&mistakes);
		fprintf(stderr, "cdnctl: these settings are wrong:\n%.*s", (int)text.n, text.p);
		return CTL_FAILED;
	}
	if (become_owner(ctl) != CTL_DONE) {
		return CTL_FAILED;
	}
	ctl->hash = sha256_new();
	if (!ctl->hash) {
		fputs("cdnctl: libcrypto has no SHA-256\n", stderr);
		return CTL_FAILED;
	}
	return redis_new(&ctl->config, &ctl->redis, &err) == 0 ? CTL_DONE : ctl_fail(&err);
}

static int run_command(struct ctl *ctl, int argc, char **argv)
{
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++) {
		const struct command *c = &commands[i];
		int words = *c->verb ? 2 : 1;
		if (argc >= words && strcmp(argv[0], c->group) == 0 &&
			(words == 1 || strcmp(argv[1], c->verb) == 0)) {
			int status = set_up(ctl);
			return status == CTL_DONE ? c->run(ctl, argc - words, argv + words)
						  : status;
		}
	}
	print_usage(stderr);
	return CTL_WRONG_USE;
}

int main(int argc, char **argv)
{
	struct arena arena;
	struct ctl ctl = {.log = {STDERR_FILENO, "cdnctl"}, .arena = &arena};
	argc--;
	argv++;
	/* A Redis that goes away in mid-sentence is an error to tell of, like any other. */
	signal(SIGPIPE, SIG_IGN);
	if (ctl_option(&argc, argv, "--help", true)) {
		print_usage(stdout);
		return CTL_DONE;
	}
	const char *env_file = ctl_option(&argc, argv, "--env", false);
	if (env_file) {
		setenv("CDN_ENV_FILE", env_file, 1);
	}
	ctl.json = ctl_option(&argc, argv, "--json", true) != NULL;
	if (arena_init(&arena, ARENA) != 0) {
		fputs("cdnctl: no memory\n", stderr);
		return CTL_FAILED;
	}
	int status = run_command(&ctl, argc, argv);
	redis_free(ctl.redis);
	sha256_free(ctl.hash);
	arena_release(&arena);
	if ((fflush(stdout) != 0 || ferror(stdout)) && status == CTL_DONE) {
		fputs("cdnctl: standard output cannot be written\n", stderr);
		status = CTL_FAILED;
	}
	return status;
}
