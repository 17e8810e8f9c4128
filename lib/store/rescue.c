/* Claims of old URLs. */
#include "store/rescue.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/uuid.h"
#include "http/json.h"
#include "http/oldurl.h"
#include "store/bulk.h"

/* The longest URL with every character escaped, and the rest. */
enum { CLAIM_MAX = 2 * OLDURL_MAX + 1024 };

enum state { STATE_ABSENT, STATE_CLAIMED, STATE_DAMAGED, STATE_UNREADABLE };

static int print(const struct claim *claim, struct arena *a, struct slice *out)
{
	struct json doc;
	char created[CLOCK_ISO_SIZE];
	clock_format_iso(claim->created_ms, created);
	json_init(&doc, a);
	json_set_str(&doc, "url", claim->url);
	json_set_str(&doc, "id", claim->id);
	json_set_str(&doc, "created_at", created);
	return json_print(&doc, out);
}

/* The id becomes part of a path: it must be one. */
static int parse(struct json *doc, struct arena *a, struct slice text, struct claim *out)
{
	struct slice url, id, created;
	if (json_parse(doc, a, text) != 0 || !json_get_text(doc, "url", &url) ||
		!json_get_text(doc, "id", &id) || !json_get_text(doc, "created_at", &created) ||
		!oldurl_is_claimable(url) || !uuid_is_valid(id) ||
		clock_parse_iso(created, &out->created_ms) != 0) {
		return -1;
	}
	out->url = url.p;
	out->id = id.p;
	return 0;
}

/* Read the claim of this name, whatever URL it is for. */
static enum state read_claim(const struct volume_root *root, struct arena *a, const char *digest,
	struct claim *out, struct error *err)
{
	struct volume_stat file;
	struct json *doc = arena_alloc(a, sizeof *doc);
	char *text = arena_take(a, CLAIM_MAX);
	if (!doc || !text) {
		error_set(err, 500, "internal_error", "arena is full");
		return STATE_UNREADABLE;
	}
	int found = volume_read(root, VOLUME_RESCUE, digest, "json", &file, err);
	if (found <= 0) {
		return found < 0 ? STATE_UNREADABLE : STATE_ABSENT;
	}
	ssize_t n = read(file.fd, text, CLAIM_MAX);
	int reason = errno;
	close(file.fd);
	if (n < 0) {
		error_set(err, 503, "unavailable", "claim %s: %s", digest, strerror(reason));
		return STATE_UNREADABLE;
	}
	if (parse(doc, a, slice_of(text, (size_t)n), out) != 0) {
		error_set(err, 500, "internal_error", "claim %s is damaged", digest);
		return STATE_DAMAGED;
	}
	return STATE_CLAIMED;
}

static enum state look(const struct volume_root *root, struct arena *a, const char *digest,
	struct slice url, struct claim *out, struct error *err)
{
	enum state state = read_claim(root, a, digest, out, err);
	if (state == STATE_CLAIMED && !slice_equal_str(url, out->url)) {
		error_set(err, 500, "internal_error", "claim %s is of another URL", digest);
		return STATE_DAMAGED;
	}
	return state;
}

static int name_claim(
	struct sha256 *hash, struct slice url, char digest[SHA256_HEX_SIZE], struct error *err)
{
	if (sha256_hex(hash, url, digest) != 0) {
		return error_set(err, 500, "internal_error", "libcrypto failed");
	}
	return 0;
}

int rescue_find(const struct volume_root *root, struct arena *a, struct sha256 *hash,
	struct slice url, struct claim *out, struct error *err)
{
	char digest[SHA256_HEX_SIZE];
	if (!oldurl_is_claimable(url)) {
		return 0;
	}
	if (name_claim(hash, url, digest, err) != 0) {
		return -1;
	}
	enum state state = look(root, a, digest, url, out, err);
	return state == STATE_ABSENT ? 0 : state == STATE_CLAIMED ? 1 : -1;
}

static int publish(const struct volume_root *root, struct arena *a, const char *digest,
	const struct claim *claim, bool over, struct error *err)
{
	struct slice text;
	struct volume_file *file = arena_alloc(a, sizeof *file);
	if (!file || print(claim, a, &text) != 0) {
		return error_set(err, 500, "internal_error", "claim does not fit");
	}
	if (volume_create(root, a, file, err) != 0 || volume_write(file, text, err) != 0 ||
		volume_sync(file, err) != 0) {
		return -1;
	}
	return over ? volume_replace(file, VOLUME_RESCUE, digest, "json", err)
		    : volume_link(file, VOLUME_RESCUE, digest, "json", err);
}

/* Claim a name in the state in which it was found, with what is there as `old`. */
static int add_to(const struct volume_root *root, struct arena *a, const char *digest,
	enum state state, const struct claim *old, const struct claim *claim, bool replace,
	enum rescue_outcome *outcome, struct error *err)
{
	if (state == STATE_UNREADABLE) {
		return -1;
	}
	if (state == STATE_CLAIMED && strcmp(old->id, claim->id) == 0) {
		*outcome = RESCUE_UNCHANGED;
		/* A sync that failed, or an import that was broken off, may have left it just written:
		 * only what is written again is known to be durable. */
		return root->volume->fsync ? publish(root, a, digest, old, true, err) : 0;
	}
	if (state == STATE_CLAIMED && !replace) {
		return error_set(err, 409, "conflict", "claimed for the file %s already", old->id);
	}
	*outcome = state == STATE_ABSENT ? RESCUE_ADDED : RESCUE_REPLACED;
	return publish(root, a, digest, claim, state != STATE_ABSENT, err);
}

int rescue_add(const struct volume_root *root, struct arena *a, struct sha256 *hash,
	const struct claim *claim, bool replace, enum rescue_outcome *outcome, struct error *err)
{
	char digest[SHA256_HEX_SIZE];
	struct claim old;
	struct error ignored;
	struct slice url = slice_view(claim->url);
	if (!oldurl_is_claimable(url) || !uuid_is_valid(slice_view(claim->id))) {
		return error_set(err, 400, "bad_request", "not an old URL and the id of a file");
	}
	if (name_claim(hash, url, digest, err) != 0) {
		return -1;
	}
	enum state state = look(root, a, digest, url, &old, err);
	int status = add_to(root, a, digest, state, &old, claim, replace, outcome, err);
	/* Somebody else may have claimed it in between; that is judged as if it had been there. */
	if (status != 0 && state == STATE_ABSENT &&
		look(root, a, digest, url, &old, &ignored) == STATE_CLAIMED) {
		return add_to(root, a, digest, STATE_CLAIMED, &old, claim, replace, outcome, err);
	}
	return status;
}

struct walk {
	const struct volume_root *root;
	struct arena *arena;
	struct sha256 *hash;
	rescue_visit *visit;
	void *context;
};

/* A claim under a name that is not its URL's is never found, and so worth telling. */
static int visit_one(void *context, const char *digest, struct error *err)
{
	struct walk *w = context;
	struct claim claim;
	char named[SHA256_HEX_SIZE];
	arena_reset(w->arena);
	enum state state = read_claim(w->root, w->arena, digest, &claim, err);
	if (state == STATE_ABSENT) {
		return 0;
	}
	if (state == STATE_CLAIMED) {
		if (name_claim(w->hash, slice_view(claim.url), named, err) != 0) {
			return -1;
		}
		if (strcmp(named, digest) == 0) {
			return w->visit(w->context, &claim, err);
		}
		error_set(err, 500, "internal_error", "claim %s is of another URL", digest);
	}
	return w->visit(w->context, NULL, err);
}

int rescue_walk(const struct volume_root *root, struct arena *a, struct sha256 *hash,
	rescue_visit *visit, void *context, struct error *err)
{
	struct walk w = {root, a, hash, visit, context};
	return bulk_walk(root, VOLUME_RESCUE, "json", SHA256_HEX_SIZE - 1, visit_one, &w, err);
}
