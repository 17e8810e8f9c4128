/* cdnctl file ... */
#include "base/clock.h"
#include "base/utf8.h"
#include "base/uuid.h"
#include "cgi/cdnctl.h"
#include "http/filename.h"
#include "store/listing.h"

enum { PAGE_ARENA = 512 * 1024 };

static void print_file(struct ctl *ctl, const struct record *file)
{
	char created[CLOCK_ISO_SIZE];
	clock_format_iso(file->created_ms, created);
	const struct ctl_field fields[] = {
		{.name = "id", .text = file->id},
		{.name = "filename", .text = file->filename},
		{.name = "size", .number = file->size},
		{.name = "content_type", .text = file->content_type},
		{.name = "created_at", .text = created},
		{.name = "url",
			.text = filename_url(
				ctl->arena, ctl->config.public_url, file->id, file->filename)},
	};
	ctl_row(ctl, fields, sizeof fields / sizeof *fields);
}

/* One page; from[] goes on to the next, and is "" after the last. */
static int print_page(
	struct ctl *ctl, const struct listing *listing, char from[UUID_SIZE], struct error *err)
{
	struct listing_page *page = arena_take(ctl->arena, sizeof *page);
	if (!page) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	if (listing_read(ctl->redis, ctl->arena, listing, page, err) != 0) {
		return -1;
	}
	for (size_t i = 0; i < page->count; i++) {
		print_file(ctl, &page->files[i]);
	}
	snprintf(from, UUID_SIZE, "%s", page->next ? page->next : "");
	return 0;
}

/* Each page in memory of its own: ctl->arena keeps the settings. */
static int print_all(struct ctl *ctl, const struct listing *listing, char from[UUID_SIZE])
{
	struct arena scratch;
	struct ctl paged = *ctl;
	struct error err;
	int status;
	if (arena_init(&scratch, PAGE_ARENA) != 0) {
		error_set(&err, 500, "internal_error", "no memory");
		return ctl_fail(&err);
	}
	paged.arena = &scratch;
	do {
		status = print_page(&paged, listing, from, &err);
		arena_reset(&scratch);
	} while (status == 0 && *from && !ferror(stdout)); /* which main tells */
	arena_release(&scratch);
	return status == 0 ? CTL_DONE : ctl_fail(&err);
}

int ctl_file_list(struct ctl *ctl, int argc, char **argv)
{
	const char *query = ctl_option(&argc, argv, "--query", false);
	char from[UUID_SIZE] = "";
	struct account account;
	if (argc != 1) {
		return ctl_misuse("file list needs one EMAIL");
	}
	if (!utf8_is_valid(slice_view(query))) {
		return ctl_misuse("--query is not UTF-8");
	}
	int status = ctl_find_account(ctl, argv[0], &account);
	if (status != CTL_DONE) {
		return status;
	}
	const struct listing listing = {.account = account.id,
		.from = from,
		.prefix = slice_view(query),
		.limit = LISTING_MAX};
	return print_all(ctl, &listing, from);
}
