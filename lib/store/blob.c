/* One file's bytes on their way in. */
#include "store/blob.h"

static void settle(void *hash)
{
	sha256_settle(hash);
}

int blob_init(struct blob *b, const struct volume_root *root, struct arena *a, struct sha256 *hash,
	struct error *err)
{
	*b = (struct blob){.root = root, .arena = a, .hash = hash};
	for (size_t i = 0; i < BLOB_BUFFERS; i++) {
		b->buffers[i] = arena_take(a, BLOB_BUFFER);
	}
	b->leading_copy = arena_take(a, BLOB_LEADING);
	if (!b->buffers[BLOB_BUFFERS - 1] || !b->leading_copy) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	/* Given up half-way, a buffer may still be looked at. */
	arena_defer(a, settle, hash);
	return 0;
}

int blob_begin(struct blob *b, bool keep, struct error *err)
{
	blob_drop(b);
	b->flushed = false;
	b->buffered = 0;
	b->size = 0;
	if (sha256_begin(b->hash) != 0) {
		return error_set(err, 500, "internal_error", "SHA-256 failed");
	}
	if (!keep) {
		return 0;
	}
	struct volume_file *file = arena_alloc(b->arena, sizeof *file);
	if (!file) {
		return error_set(err, 500, "internal_error", "arena is full");
	}
	if (volume_create(b->root, b->arena, file, err) != 0) {
		return -1;
	}
	b->file = file;
	return 0;
}

/* The first bytes are copied away before they are written over. */
static void keep_leading(struct blob *b, struct slice gathered)
{
	struct slice head = slice_head(gathered, BLOB_LEADING);
	memcpy(b->leading_copy, head.p, head.n);
	b->leading = slice_of(b->leading_copy, head.n);
	b->flushed = true;
}

/*
 * Hash and write what was gathered. Of a large file, a full buffer is hashed in a thread beside,
 * while it is written here and the other one fills; a small one is not worth waking that thread.
 */
static int flush(struct blob *b, struct error *err)
{
	struct slice gathered = slice_of(b->buffers[b->filling], b->buffered);
	if (!b->flushed) {
		keep_leading(b, gathered);
	}
	int hashed = gathered.n == BLOB_BUFFER ? sha256_post(b->hash, gathered)
					       : sha256_add(b->hash, gathered);
	if (hashed != 0) {
		return error_set(err, 500, "internal_error", "SHA-256 failed");
	}
	b->filling = (b->filling + 1) % BLOB_BUFFERS;
	b->buffered = 0;
	if (b->file && volume_write(b->file, gathered, err) != 0) {
		blob_drop(b);
		return -1;
	}
	return 0;
}

int blob_write(struct blob *b, struct slice bytes, struct error *err)
{
	int status = 0;
	b->size += bytes.n;
	while (bytes.n) {
		struct slice part = slice_head(bytes, BLOB_BUFFER - b->buffered);
		memcpy(b->buffers[b->filling] + b->buffered, part.p, part.n);
		b->buffered += part.n;
		bytes = slice_from(bytes, part.n);
		if (b->buffered == BLOB_BUFFER && flush(b, err) != 0) {
			status = -1;
		}
	}
	return status;
}

int blob_finish(struct blob *b, struct error *err)
{
	struct error failed;
	int flushed = flush(b, &failed);
	if (sha256_end(b->hash, b->sha256) != 0) {
		return error_set(err, 500, "internal_error", "SHA-256 failed");
	}
	if (flushed != 0) {
		*err = failed;
		return -1;
	}
	return b->file ? volume_sync(b->file, err) : 0;
}

struct volume_file *blob_take(struct blob *b)
{
	struct volume_file *file = b->file;
	b->file = NULL;
	return file;
}

void blob_drop(struct blob *b)
{
	if (b->file) {
		volume_discard(b->file);
		b->file = NULL;
	}
}
