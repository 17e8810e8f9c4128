/* Records beside their files. */
#include "store/record.h"

#include <unistd.h>

#include "base/clock.h"
#include "http/json.h"

static int print(const struct record *r, struct arena *a, struct slice *out)
{
	struct json doc;
	char created[CLOCK_ISO_SIZE];
	clock_format_iso(r->created_ms, created);
	json_init(&doc, a);
	json_set_str(&doc, "id", r->id);
	json_set_str(&doc, "owner", r->owner);
	json_set_str(&doc, "filename", r->filename);
	json_set_integer(&doc, "size", r->size);
	json_set_str(&doc, "content_type", r->content_type);
	json_set_str(&doc, "ext", r->ext);
	json_set_str(&doc, "sha256", r->sha256);
	json_set_str(&doc, "created_at", created);
	json_set_str(&doc, "provenance", r->provenance);
	if (*r->original_url) {
		json_set_str(&doc, "original_url", r->original_url);
	}
	if (r->renamed_ms) {
		json_set_integer(&doc, "renamed_ms", (uint64_t)r->renamed_ms);
	}
	return json_print(&doc, out);
}

/* Durable, and still without its name. */
static int write_new(const struct volume_root *root, struct arena *a, const struct record *r,
	struct volume_file **out, struct error *err)
{
	struct slice text;
	struct volume_file *file = arena_alloc(a, sizeof *file);
	if (!file || print(r, a, &text) != 0) {
		return error_set(err, 500, "internal_error", "record does not fit");
	}
	*out = file;
	if (volume_create(root, a, file, err) != 0 || volume_write(file, text, err) != 0) {
		return -1;
	}
	return volume_sync(file, err);
}

int record_publish(
	const struct volume_root *root, struct arena *a, const struct record *r, struct error *err)
{
	struct volume_file *file;
	if (write_new(root, a, r, &file, err) != 0) {
		return -1;
	}
	return volume_link(file, VOLUME_RECORDS, r->id, "json", err);
}

int record_replace(const struct volume_root *root, struct arena *a, const struct record *r,
	struct volume_file **out, struct error *err)
{
	if (write_new(root, a, r, out, err) != 0) {
		return -1;
	}
	return volume_replace(*out, VOLUME_RECORDS, r->id, "json", err);
}

static const char *text_of(const struct json *doc, const char *name)
{
	struct slice s;
	return json_get_text(doc, name, &s) ? s.p : NULL;
}

/* Every member but original_url and renamed_ms must be there. */
static int parse(struct json *doc, struct record *r)
{
	double size, renamed;
	struct slice created;
	*r = (struct record){
		.id = text_of(doc, "id"),
		.owner = text_of(doc, "owner"),
		.filename = text_of(doc, "filename"),
		.content_type = text_of(doc, "content_type"),
		.ext = text_of(doc, "ext"),
		.sha256 = text_of(doc, "sha256"),
		.provenance = text_of(doc, "provenance"),
		.original_url = text_of(doc, "original_url"),
	};
	if (!r->original_url) {
		r->original_url = "";
	}
	if (!r->id || !r->owner || !r->filename || !r->content_type || !r->ext || !r->sha256 ||
		!r->provenance || !json_get_number(doc, "size", &size) || size < 0 ||
		!json_get_text(doc, "created_at", &created) ||
		clock_parse_iso(created, &r->created_ms) != 0) {
		return -1;
	}
	r->size = (uint64_t)size;
	r->renamed_ms = json_get_number(doc, "renamed_ms", &renamed) ? (int64_t)renamed : 0;
	return 0;
}

int record_read(const struct volume_root *root, struct arena *a, const char *id, struct record *out,
	struct error *err)
{
	struct volume_stat file;
	struct json *doc = arena_alloc(a, sizeof *doc);
	char *text = arena_take(a, RECORD_MAX);
	if (!doc || !text) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	int found = volume_read(root, VOLUME_RECORDS, id, "json", &file, err);
	if (found <= 0) {
		return found;
	}
	ssize_t n = read(file.fd, text, RECORD_MAX);
	close(file.fd);
	if (n < 0 || json_parse(doc, a, slice_of(text, (size_t)n)) != 0 || parse(doc, out) != 0) {
		return error_set(err, 500, "internal_error", "record of %s is damaged", id);
	}
	return 1;
}

int record_remove(const struct volume_root *root, const char *id, struct error *err)
{
	return volume_unlink(root, VOLUME_RECORDS, id, "json", err);
}
