/* cdnctl: the administrator's tool. */
#include "cgi/cdnctl.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgi/command.h"
#include "store/volume.h"

enum { ARENA = 4 * 1024 * 1024 };

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
	{"file", "show", " ID_OR_URL [--owner EMAIL] [--json]",
		"what is known of a file, on disk and in Redis", ctl_file_show},
	{"file", "delete", " ID_OR_URL [--owner EMAIL] [--json]",
		"delete anybody's file, print what it was", ctl_file_delete},
	{"store", "init", "", "make the folders of CDN_DATA_DIR", ctl_store_init},
	{"settings", "", " [--json]", "every setting, its default and meaning", ctl_settings},
	{"config", "",
		" [NAME] [VALUE=TEXT...] [--to DIR] [--as FILE] [--replace] [--names] [--json]",
		"the configuration files for these settings, by name; without one, which there are",
		ctl_config},
	{"doctor", "", " [URL]", "check every part, and one file all the way through URL",
		ctl_doctor},
};

enum { COMMANDS = sizeof commands / sizeof *commands };

int ctl_store_init(struct ctl *ctl, int argc, char **argv)
{
	struct error err;
	(void)argc;
	(void)argv;
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
	(void)argc;
	(void)argv;
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

static int set_up(struct ctl *ctl, const struct command *c)
{
	char storage[8192];
	struct buf mistakes;
	struct error err;
	const char *file = ctl_settings_file();
	if (file && access(file, R_OK) != 0) {
		fprintf(stderr, "cdnctl: cannot read %s: %s\n", file, strerror(errno));
		return CTL_FAILED;
	}
	buf_init(&mistakes, storage, sizeof storage);
	if (config_load(&ctl->config, environ, ctl->arena, &mistakes) != 0) {
		struct slice text = buf_view(&mistakes);
		fprintf(stderr, "cdnctl: these settings are wrong:\n%.*s", (int)text.n, text.p);
		return CTL_FAILED;
	}
	/* Before there is a store or a Redis; and what root writes with --to is to be root's. */
	if (c->run == ctl_config) {
		return CTL_DONE;
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

static bool is_called(const struct command *c, int argc, char **argv)
{
	return argc >= (*c->verb ? 2 : 1) && strcmp(argv[0], c->group) == 0 &&
	       (!*c->verb || strcmp(argv[1], c->verb) == 0);
}

static const struct command *find_command(int argc, char **argv)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		if (is_called(&commands[i], argc, argv)) {
			return &commands[i];
		}
	}
	return NULL;
}

static int run_command(struct ctl *ctl, int argc, char **argv)
{
	const struct command *c = find_command(argc, argv);
	if (!c) {
		return command_unknown(commands, COMMANDS, argc, argv);
	}
	int words = *c->verb ? 2 : 1;
	argc -= words;
	argv += words;
	int status = command_check(c, ctl->json, argc, argv);
	if (status == CTL_DONE) {
		status = set_up(ctl, c);
	}
	return status == CTL_DONE ? c->run(ctl, argc, argv) : status;
}

/* Of one command, of a group, or of all. */
static int help(int argc, char **argv)
{
	const struct command *c = find_command(argc, argv);
	if (c) {
		command_print(stdout, c);
	} else if (argc == 0) {
		command_print_usage(stdout, commands, COMMANDS);
	} else if (argc > 1 || !command_print_group(stdout, commands, COMMANDS, argv[0])) {
		return command_unknown(commands, COMMANDS, argc, argv);
	}
	return CTL_DONE;
}

int main(int argc, char **argv)
{
	struct arena arena;
	struct ctl ctl = {.log = {STDERR_FILENO, "cdnctl"}, .arena = &arena};
	argc--;
	argv++;
	/* A Redis that goes away in mid-sentence is an error to tell of, like any other. */
	signal(SIGPIPE, SIG_IGN);
	const char *env_file = ctl_option(&argc, argv, "--env", false);
	if (ctl_option(&argc, argv, "--env", true)) {
		return ctl_misuse("--env needs a FILE");
	}
	if (env_file) {
		setenv("CDN_ENV_FILE", env_file, 1);
	}
	if (ctl_option(&argc, argv, "--help", true)) {
		return help(argc, argv);
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
