/* POST /api/v4/upload and PUT /api/v4/upload/:name: one file, in a form or by itself. */
#include "app/form.h"
#include "app/once.h"
#include "app/publish.h"
#include "http/filename.h"

static const struct source uploaded = {.provenance = "upload", .original_url = ""};

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
	u->in_file = form_is_file(part, "file");
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

/* By a Content-Length, of which `allowance` may be something else than the file. */
static int refuse_early(struct call *c, uint64_t allowance, struct error *err)
{
	const struct body *body = c->req->body;
	if (!body->length_known || body->length <= allowance) {
		return 0;
	}
	return intake_check(c, body->length - allowance, err);
}

static int store(struct upload *u, struct error *err)
{
	struct call *c = u->call;
	struct staged file;
	if (intake_stage(&u->intake, 0, slice_view(u->filename), &uploaded, &file, err) != 0) {
		return -1;
	}
	struct slice what = slice_view(
		arena_printf(c->req->arena, "%s/%s", file.record.sha256, file.record.filename));
	int answered = once_judge(c, what, err);
	if (answered != 0) {
		return answered < 0 ? -1 : 0;
	}
	if (staged_publish(c, &file, err) != 0) {
		return -1;
	}
	return reply_upload(c, &file.record, err);
}

int upload_create(struct call *c, struct error *err)
{
	static const struct multipart_handler handler = {begin_part, take_data, end_part};
	struct upload *u = arena_alloc(c->req->arena, sizeof *u);
	if (!u) {
		return call_full(err);
	}
	u->call = c;
	if (refuse_early(c, FORM_ALLOWANCE, err) != 0 || intake_open(&u->intake, c, err) != 0 ||
		form_read(c, &handler, u, &u->file_bytes, err) != 0) {
		return -1;
	}
	return u->has_file ? store(u, err) : call_missing("file", err);
}

static int read_raw(struct upload *u, struct error *err)
{
	struct slice chunk;
	int got;
	if (intake_begin(&u->intake, err) != 0) {
		return -1;
	}
	while ((got = body_next(u->call->req->body, &chunk, err)) == 1) {
		if (intake_write(&u->intake, chunk, err) != 0) {
			return -1;
		}
	}
	return got;
}

/* As it stands in the path, where it is encoded once, as filename_clean expects it. */
static void read_name(struct upload *u)
{
	struct slice rest = u->call->req->target;
	filename_clean(slice_cut(&rest, '?'), u->filename);
}

int upload_put(struct call *c, struct error *err)
{
	struct upload *u = arena_alloc(c->req->arena, sizeof *u);
	if (!u) {
		return call_full(err);
	}
	u->call = c;
	read_name(u);
	if (refuse_early(c, 0, err) != 0 || intake_open(&u->intake, c, err) != 0 ||
		read_raw(u, err) != 0) {
		return -1;
	}
	return store(u, err);
}
