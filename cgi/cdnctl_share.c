/* What the commands of cdnctl share: what they say, and how. */
#include <inttypes.h>
#include <stdarg.h>
#include <unistd.h>

#include "base/utf8.h"
#include "cgi/cdnctl.h"

enum { NAME_MAX_BYTES = 200 };

const char ctl_no_settings[] = "no .env here, so the defaults count";
const char ctl_no_settings_cure[] = "after deploy/up: --env var/.env";

const char *ctl_settings_file(void)
{
	const char *named = getenv("CDN_ENV_FILE");
	if (named && *named) {
		return named;
	}
	return access(".env", F_OK) == 0 ? ".env" : NULL;
}

/* What cannot be reached by the defaults was perhaps never meant by them. */
static bool only_defaults(void)
{
	return !ctl_settings_file() && !getenv("CDN_REDIS_URL") && !getenv("CDN_REDIS_URL_FILE") &&
	       !getenv("CDN_DATA_DIR");
}

int ctl_fail(const struct error *err)
{
	fprintf(stderr, "cdnctl: %s\n", err->detail);
	if (err->status == 503 && only_defaults()) {
		fprintf(stderr, "cdnctl: %s; %s\n", ctl_no_settings, ctl_no_settings_cure);
	}
	return CTL_FAILED;
}

int ctl_misuse(const char *what, ...)
{
	va_list words;
	fputs("cdnctl: ", stderr);
	va_start(words, what);
	vfprintf(stderr, what, words);
	va_end(words);
	fputs(" (see cdnctl --help)\n", stderr);
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

static void print_heading(const struct ctl_field *fields, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		printf("%s%s", fields[i].name, i + 1 < count ? "\t" : "\n");
	}
}

void ctl_row(struct ctl *ctl, const struct ctl_field *fields, size_t count)
{
	if (ctl->json) {
		print_json_row(ctl, fields, count);
		return;
	}
	if (!ctl->headed && isatty(STDOUT_FILENO)) {
		print_heading(fields, count);
	}
	ctl->headed = true;
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
