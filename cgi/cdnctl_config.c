/* cdnctl config: the files of deploy/, with the names in them filled in. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgi/config_values.h"

enum { FILE_MAX = 64 * 1024 };

struct filled {
	const char *name; /* in the folder */
	struct slice text;
	bool there; /* and the same */
};

static int list_files(struct ctl *ctl)
{
	for (size_t i = 0; i < config_files_count; i++) {
		const char *title = arena_dup(ctl->arena, template_title(*config_files[i].text));
		const struct ctl_field fields[] = {
			{.name = "name", .text = config_files[i].name},
			{.name = "file", .text = config_files[i].file},
			{.name = "title", .text = title ? title : ""},
		};
		ctl_row(ctl, fields, sizeof fields / sizeof *fields);
	}
	return CTL_DONE;
}

static int choose(const char *name, struct config_set *set)
{
	*set = (struct config_set){.name = name};
	for (size_t i = 0; i < config_files_count && set->count < CONFIG_FILES_MAX; i++) {
		if (strcmp(config_files[i].name, name) == 0) {
			set->files[set->count++] = &config_files[i];
		}
	}
	if (set->count) {
		return CTL_DONE;
	}
	const char *last = "";
	fprintf(stderr, "cdnctl: no such configuration: %s; there are", name);
	for (size_t i = 0; i < config_files_count; i++) {
		if (strcmp(config_files[i].name, last) != 0) {
			last = config_files[i].name;
			fprintf(stderr, " %s", last);
		}
	}
	fputs(" (see cdnctl config)\n", stderr);
	return CTL_WRONG_USE;
}

static int list_names(
	struct ctl *ctl, const struct config_set *set, const struct config_values *values)
{
	for (size_t i = 0; i < values->count; i++) {
		const struct template_value *v = &values->list[i];
		if (!config_set_has(set, v->name)) {
			continue;
		}
		const char *name = arena_dup(ctl->arena, v->name);
		const char *text = arena_dup(ctl->arena, v->text);
		const char *meaning = arena_dup(ctl->arena, v->meaning);
		const struct ctl_field fields[] = {
			{.name = "name", .text = name ? name : ""},
			{.name = "value", .text = text ? text : "", .never = !v->text.p},
			{.name = "meaning", .text = meaning ? meaning : ""},
		};
		ctl_row(ctl, fields, sizeof fields / sizeof *fields);
	}
	return CTL_DONE;
}

static int fill(struct ctl *ctl, const struct config_file *file, const struct config_values *values,
	struct filled *out)
{
	struct buf text;
	struct slice missing;
	const char *slash = strrchr(file->file, '/');
	buf_new(&text, ctl->arena, FILE_MAX);
	if (template_fill(*file->text, values->list, values->count, &text, &missing) != 0 ||
		text.failed) {
		fprintf(stderr, "cdnctl: %s would be too large\n", file->file);
		return CTL_FAILED;
	}
	*out = (struct filled){.name = slash ? slash + 1 : file->file, .text = buf_view(&text)};
	return CTL_DONE;
}

static void print(const struct filled *files, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (count > 1) {
			printf("%s# ---- %s\n", i ? "\n" : "", files[i].name);
		}
		fwrite(files[i].text.p, 1, files[i].text.n, stdout);
	}
}

static int cannot(const char *what, const char *folder, const char *name)
{
	fprintf(stderr, "cdnctl: cannot %s %s/%s: %s\n", what, folder, name, strerror(errno));
	return CTL_FAILED;
}

/* Whether the file is there with this very text. -1: it is there with another. */
static int compare(struct ctl *ctl, int folder, const struct filled *file)
{
	int fd = openat(folder, file->name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0) {
		return errno == ENOENT ? 0 : -1;
	}
	char *text = arena_take(ctl->arena, file->text.n + 1);
	ssize_t n = text ? read(fd, text, file->text.n + 1) : -1;
	close(fd);
	return n >= 0 && slice_equal(slice_of(text, (size_t)n), file->text) ? 1 : -1;
}

static int write_all(int fd, struct slice text)
{
	while (text.n) {
		ssize_t n = write(fd, text.p, text.n);
		if (n < 0) {
			return -1;
		}
		text = slice_from(text, (size_t)n);
	}
	return 0;
}

/* A script is made executable. Put in place as a whole: a server may be reading the old one. */
static int write_file(struct ctl *ctl, int folder, const struct filled *file)
{
	const char *name = arena_printf(ctl->arena, "%s.new", file->name);
	mode_t mode = slice_starts(file->text, "#!") ? 0755 : 0644;
	if (!name || (unlinkat(folder, name, 0) != 0 && errno != ENOENT)) {
		return -1;
	}
	int fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return -1;
	}
	/* Else a power failure might leave the name with nothing in it. */
	int bad = write_all(fd, file->text) != 0 || fchmod(fd, mode) != 0 || fsync(fd) != 0;
	bad |= close(fd) != 0;
	if (!bad && renameat(folder, name, folder, file->name) == 0) {
		return 0;
	}
	int saved = errno;
	unlinkat(folder, name, 0);
	errno = saved;
	return -1;
}

/* All of them or, where one is there that differs, none. */
static int look_before(struct ctl *ctl, int folder, const char *path, struct filled *files,
	size_t count, bool replace)
{
	int status = CTL_DONE;
	for (size_t i = 0; i < count; i++) {
		int same = compare(ctl, folder, &files[i]);
		files[i].there = same == 1;
		if (same < 0 && !replace) {
			fprintf(stderr,
				"cdnctl: %s/%s is there and differs; --replace replaces it\n", path,
				files[i].name);
			status = CTL_FAILED;
		}
	}
	return status;
}

static int write_to(
	struct ctl *ctl, const char *path, struct filled *files, size_t count, bool replace)
{
	int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		return cannot("open", path, "");
	}
	int status = look_before(ctl, folder, path, files, count, replace);
	for (size_t i = 0; i < count && status == CTL_DONE; i++) {
		if (!files[i].there && write_file(ctl, folder, &files[i]) != 0) {
			status = cannot("write", path, files[i].name);
		} else {
			printf("%s\t%s/%s\n", files[i].there ? "unchanged" : "written", path,
				files[i].name);
		}
	}
	close(folder);
	return status;
}

static int judge_name(const struct config_set *set, const char *to, const char *as)
{
	if (!as) {
		return CTL_DONE;
	}
	if (!to || set->count > 1) {
		return ctl_misuse("--as FILE goes with --to DIR, and a configuration of one file");
	}
	if (!*as || strchr(as, '/') || strcmp(as, ".") == 0 || strcmp(as, "..") == 0) {
		return ctl_misuse("--as takes the name of a file without its folder, not: %s", as);
	}
	return CTL_DONE;
}

int ctl_config(struct ctl *ctl, int argc, char **argv)
{
	const char *to = ctl_option(&argc, argv, "--to", false);
	const char *as = ctl_option(&argc, argv, "--as", false);
	bool replace = ctl_option(&argc, argv, "--replace", true);
	bool names = ctl_option(&argc, argv, "--names", true);
	struct config_set set;
	struct config_values values;
	struct filled files[CONFIG_FILES_MAX];
	if (argc == 0) {
		return list_files(ctl);
	}
	if (choose(argv[0], &set) != CTL_DONE || judge_name(&set, to, as) != CTL_DONE ||
		config_values_gather(ctl, &set, argc - 1, argv + 1, &values) != CTL_DONE) {
		return CTL_WRONG_USE;
	}
	if (names) {
		return list_names(ctl, &set, &values);
	}
	if (config_values_complete(&set, &values) != CTL_DONE) {
		return CTL_WRONG_USE;
	}
	config_values_warn(ctl, &set, &values);
	for (size_t i = 0; i < set.count; i++) {
		if (fill(ctl, set.files[i], &values, &files[i]) != CTL_DONE) {
			return CTL_FAILED;
		}
	}
	if (as) {
		files[0].name = as;
	}
	if (to) {
		return write_to(ctl, to, files, set.count, replace);
	}
	print(files, set.count);
	return CTL_DONE;
}
