/* cdnctl rescue ... : the only way to claim an old URL. */
#include "cgi/cdnctl.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "cgi/claim_line.h"
#include "http/oldurl.h"
#include "store/bulk.h"
#include "store/record.h"
#include "store/rescue.h"

enum { LINE_LENGTH_MAX = 16 * 1024, WORK_ARENA = 256 * 1024, PROGRESS_MS = 200 };

/* Claims being made. */
struct rescuer {
	struct ctl *ctl;
	struct arena work; /* of one claim */
	struct volume_root root;
	bool replace;
	uint64_t counts[3]; /* by enum rescue_outcome */
	uint64_t lines, refused;
	bool shows_progress; /* standard error is a terminal */
	int64_t shown_ms;
};

static int start(struct rescuer *r, struct ctl *ctl, bool replace)
{
	*r = (struct rescuer){
		.ctl = ctl, .replace = replace, .shows_progress = isatty(STDERR_FILENO)};
	if (arena_init(&r->work, WORK_ARENA) != 0) {
		fputs("cdnctl: no memory\n", stderr);
		return -1;
	}
	return 0;
}

static int check_url(struct slice url, struct error *err)
{
	if (oldurl_is_claimable(url)) {
		return 0;
	}
	return error_set(err, 400, "bad_request",
		"not an old URL: http or https, written as browsers send it (%%20 for a blank, "
		"%%C3%%A9 for \xc3\xa9), at most %d bytes",
		OLDURL_MAX);
}

/* 503 when the store has failed, 500 for a damaged record. */
static int check_file(struct rescuer *r, const char *id, struct error *err)
{
	struct record record;
	int found = record_read(&r->root, &r->work, id, &record, err);
	if (found == 0) {
		error_set(err, 404, "not_found", "no file has the id %s", id);
	}
	return found == 1 ? 0 : -1;
}

/* Where -1 is no fault of the claim, *broken: the next one would fare no better. */
static int make_claim(
	struct rescuer *r, struct slice url, const char *id, bool *broken, struct error *err)
{
	enum rescue_outcome outcome;
	const struct claim claim = {arena_dup(&r->work, url), id, clock_now_ms()};
	*broken = false;
	if (check_url(url, err) != 0) {
		return -1;
	}
	if (check_file(r, id, err) != 0) {
		*broken = err->status == 503;
		return -1;
	}
	if (rescue_add(&r->root, &r->work, r->ctl->hash, &claim, r->replace, &outcome, err) == 0) {
		r->counts[outcome]++;
		return 0;
	}
	*broken = err->status >= 500;
	if (err->status == 409) {
		const char *why = arena_dup(&r->work, slice_view(err->detail));
		error_set(err, 409, "conflict", "%s; --replace changes that", why ? why : "");
	}
	return -1;
}

int ctl_rescue_add(struct ctl *ctl, int argc, char **argv)
{
	bool replace = ctl_option(&argc, argv, "--replace", true) != NULL, broken;
	char id[UUID_SIZE];
	struct volume volume;
	struct rescuer r;
	struct error err;
	if (argc != 2) {
		return ctl_misuse("rescue add needs an OLD_URL and the ID or URL of a file");
	}
	if (claim_line_target(ctl->config.public_url, slice_view(argv[1]), id, &err) != 0) {
		return ctl_fail(&err);
	}
	if (start(&r, ctl, replace) != 0) {
		return CTL_FAILED;
	}
	volume_init(&volume, ctl->config.data_dir, ctl->config.fsync);
	int status = CTL_DONE;
	if (volume_open(&volume, ctl->arena, &r.root, &err) != 0 ||
		make_claim(&r, slice_view(argv[0]), id, &broken, &err) != 0) {
		status = ctl_fail(&err);
	}
	arena_release(&r.work);
	volume_release(&volume);
	return status;
}

static void clear_progress(const struct rescuer *r)
{
	if (r->shows_progress && r->shown_ms) {
		fputs("\r\033[K", stderr);
	}
}

static void show_progress(struct rescuer *r)
{
	if (!r->shows_progress) {
		return;
	}
	int64_t now_ms = clock_monotonic_ms();
	if (now_ms - r->shown_ms >= PROGRESS_MS) {
		r->shown_ms = now_ms;
		fprintf(stderr, "\r%" PRIu64 " lines", r->lines);
	}
}

/* The next line without its end; false when there is none. What is too long is cut one byte later. */
static bool read_line(FILE *in, char storage[LINE_LENGTH_MAX + 1], struct slice *line)
{
	size_t n = 0;
	int c;
	while ((c = getc_unlocked(in)) != EOF && c != '\n') {
		if (n <= LINE_LENGTH_MAX) {
			storage[n++] = (char)c;
		}
	}
	*line = slice_of(storage, n);
	return c != EOF || n > 0;
}

static int take_line(struct rescuer *r, struct slice line, bool *broken, struct error *err)
{
	char id[UUID_SIZE];
	struct slice url;
	*broken = false;
	if (line.n > LINE_LENGTH_MAX) {
		return error_set(err, 400, "bad_request", "the line is too long");
	}
	int read = claim_line_read(r->ctl->config.public_url, line, &url, id, err);
	if (read <= 0) {
		return read;
	}
	arena_reset(&r->work);
	return make_claim(r, url, id, broken, err);
}

/* Every line; -1 when the store or the file failed, so that lines are left. */
static int take_lines(struct rescuer *r, FILE *in)
{
	static char storage[LINE_LENGTH_MAX + 1];
	struct slice line;
	while (read_line(in, storage, &line)) {
		struct error err;
		bool broken;
		r->lines++;
		if (take_line(r, line, &broken, &err) != 0) {
			clear_progress(r);
			fprintf(stderr, "cdnctl: line %" PRIu64 ": %s\n", r->lines, err.detail);
			r->refused++;
			if (broken) {
				return -1;
			}
		}
		show_progress(r);
	}
	clear_progress(r);
	if (ferror(in)) {
		perror("cdnctl: reading the claims");
		return -1;
	}
	return 0;
}

static void print_counts(struct ctl *ctl, const struct rescuer *r)
{
	const struct ctl_field fields[] = {
		{.name = "added", .number = r->counts[RESCUE_ADDED]},
		{.name = "replaced", .number = r->counts[RESCUE_REPLACED]},
		{.name = "unchanged", .number = r->counts[RESCUE_UNCHANGED]},
		{.name = "refused", .number = r->refused},
	};
	if (ctl->json) {
		ctl_row(ctl, fields, sizeof fields / sizeof *fields);
		return;
	}
	printf("%" PRIu64 " added, %" PRIu64 " replaced, %" PRIu64 " unchanged, %" PRIu64
	       " refused\n",
		fields[0].number, fields[1].number, fields[2].number, fields[3].number);
}

/* What is taken is made durable even when the rest is not: the lines before a failure count. */
static int import(struct rescuer *r, FILE *in)
{
	struct volume volume;
	struct bulk bulk;
	struct error err;
	int status = CTL_DONE;
	volume_init(&volume, r->ctl->config.data_dir, r->ctl->config.fsync);
	if (bulk_open(&bulk, &volume, r->ctl->arena, &err) != 0) {
		status = ctl_fail(&err);
	} else {
		r->root = bulk.root;
		if (take_lines(r, in) != 0 || r->refused) {
			status = CTL_FAILED;
		}
		if (bulk_sync(&bulk, &err) != 0) {
			status = ctl_fail(&err);
		}
		print_counts(r->ctl, r);
	}
	volume_release(&volume);
	return status;
}

int ctl_rescue_import(struct ctl *ctl, int argc, char **argv)
{
	bool replace = ctl_option(&argc, argv, "--replace", true) != NULL;
	struct rescuer r;
	if (argc != 1) {
		return ctl_misuse("rescue import needs one FILE, or - for standard input");
	}
	FILE *in = strcmp(argv[0], "-") == 0 ? stdin : fopen(argv[0], "re");
	if (!in) {
		fprintf(stderr, "cdnctl: %s: %s\n", argv[0], strerror(errno));
		return CTL_FAILED;
	}
	int status = start(&r, ctl, replace) == 0 ? import(&r, in) : CTL_FAILED;
	arena_release(&r.work);
	if (in != stdin) {
		fclose(in);
	}
	return status;
}

struct listing {
	struct ctl row; /* with the walk's arena */
	bool damaged;
};

static int print_claim(void *context, const struct claim *claim, struct error *err)
{
	struct listing *l = context;
	char created[CLOCK_ISO_SIZE];
	if (!claim) {
		ctl_fail(err);
		l->damaged = true;
		return 0;
	}
	clock_format_iso(claim->created_ms, created);
	const struct ctl_field fields[] = {
		{.name = "url", .text = claim->url},
		{.name = "id", .text = claim->id},
		{.name = "created_at", .text = created},
	};
	ctl_row(&l->row, fields, sizeof fields / sizeof *fields);
	return 0;
}

int ctl_rescue_list(struct ctl *ctl, int argc, char **argv)
{
	struct volume volume;
	struct volume_root root;
	struct arena walk;
	struct listing l = {.row = *ctl};
	struct error err;
	(void)argc;
	(void)argv;
	if (arena_init(&walk, WORK_ARENA) != 0) {
		fputs("cdnctl: no memory\n", stderr);
		return CTL_FAILED;
	}
	l.row.arena = &walk;
	volume_init(&volume, ctl->config.data_dir, ctl->config.fsync);
	int status = CTL_DONE;
	if (volume_open(&volume, ctl->arena, &root, &err) != 0 ||
		rescue_walk(&root, &walk, ctl->hash, print_claim, &l, &err) != 0) {
		status = ctl_fail(&err);
	}
	volume_release(&volume);
	arena_release(&walk);
	return l.damaged ? CTL_FAILED : status;
}
