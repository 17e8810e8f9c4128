/* POST /api/v4/upload and DELETE /api/v4/upload/:id. */
#include <inttypes.h>

#include "app/publish.h"
#include "http/filename.h"
#include "http/human.h"
#include "http/multipart.h"

/*
 * A multipart body is larger than its file by boundaries, part headers and other fields, which may
 * come to this much. So a Content-Length that leaves too much for the file is refused by itself.
 */
enum { MULTIPART_ALLOWANCE = 1024 * 1024 };

struct upload {
	struct call *call;
	struct intake intake;
	char filename[FILENAME_SIZE];
	uint64_t file_bytes; /* of every file part */
	bool in_file;        /* the part at hand is the file */
	bool has_file;
};

static int begin_part(void *context, const struct part *part, struct error *err)
{
	struct upload *u = context;
	/* A browser sends an empty name where no file was chosen. */
	u->in_file = slice_equal_str(part->name, "file") &&
		     !(part->has_filename && part->filename.n == 0);
	if (!u->in_file) {
		return 0;
	}
	u->has_file = true;
	filename_clean(part->filename, u->filename);
	/* Of several files the last wins: beginning drops what was there. */
	return intake_begin(&u->intake, err);
}

static int take_data(void *context, struct slice data, struct error *err)
{
	struct upload *u = context;
	if (!u->in_file) {
		return 0;
	}
	u->file_bytes += data.n;
	return intake_write(&u->intake, data, err);
}

static int end_part(void *context, struct error *err)
{
	struct upload *u = context;
	(void)err;
	u->in_file = false;
	return 0;
}

/* Whatever is not the file has a ceiling of its own: no tier limits it. */
static int check_rest(const struct upload *u, struct error *err)
{
	if (u->call->req->body->received - u->file_bytes > MULTIPART_ALLOWANCE) {
		return error_set(err, 413, "body_too_large", "too much beside the file");
	}
	return 0;
}

/* The whole body through the parser. Only a body that ended well and closed its last part is
 * complete. */
static int read_body(struct upload *u, struct multipart *m, struct error *err)
{
	struct slice chunk;
	int got;
	while ((got = body_next(u->call->req->body, &chunk, err)) == 1) {
		if (multipart_feed(m, chunk, err) != 0 || check_rest(u, err) != 0) {
			return -1;
		}
	}
	return got == 0 ? multipart_end(m, err) : -1;
}

static int refuse_early(struct call *c, struct error *err)
{
	const struct body *body = c->req->body;
	if (!body->length_known || body->length <= MULTIPART_ALLOWANCE) {
		return 0;
	}
	return intake_check(c, body->length - MULTIPART_ALLOWANCE, err);
}

static int start_parser(struct upload *u, struct multipart *m, struct error *err)
{
	static const struct multipart_handler handler = {begin_part, take_data, end_part};
	struct slice boundary;
	if (mediatype_boundary(u->call->req->arena, &u->call->type, &boundary, err) != 0) {
		return -1;
	}
	multipart_init(m, boundary, &handler, u);
	return 0;
}

int upload_create(struct call *c, struct error *err)
{
	struct upload *u = arena_alloc(c->req->arena, sizeof *u);
	struct multipart *m = arena_take(c->req->arena, sizeof *m);
	if (!u || !m) {
		return call_full(err);
	}
	u->call = c;
	if (refuse_early(c, err) != 0 || start_parser(u, m, err) != 0 ||
		intake_open(&u->intake, c, err) != 0 || read_body(u, m, err) != 0) {
		return -1;
	}
	if (!u->has_file) {
		return call_missing("file", err);
	}
	struct record record;
	if (intake_publish(&u->intake, slice_view(u->filename), "upload", "", &record, err) != 0) {
		return -1;
	}
	return reply_file(c, 201, &record, err);
}

/* Bytes first, then the record, then Redis: cut short anywhere, the same call finishes it. */
int upload_delete(struct call *c, struct error *err)
{
	const char *id = arena_dup(c->req->arena, c->parameters[0]);
	const char *account = c->identity->account.id;
	struct record record;
	struct json doc;
	if (!id) {
		return call_full(err);
	}
	int found = uuid_is_valid(c->parameters[0])
			    ? file_find(c->app->redis, c->req->arena, account, id, &record, err)
			    : 0;
	if (found <= 0) {
		return found < 0 ? -1
				 : error_set(err, 404, "not_found", "no such file of the caller");
	}
	if (call_open_store(c, err) != 0 ||
		volume_unlink(&c->root, VOLUME_FILES, id, record.ext, err) != 0 ||
		record_remove(&c->root, id, err) != 0 ||
		file_remove(c->app->redis, c->req->arena, account, id, err) != 0) {
		return -1;
	}
	json_init(&doc, c->req->arena);
	json_set_str(&doc, "id", id);
	json_set_bool(&doc, "deleted", true);
	return reply_json(c, 200, &doc, err);
}
