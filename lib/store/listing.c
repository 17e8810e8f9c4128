/* Pages of an account's files. */
#include "store/listing.h"

#include "base/buf.h"
#include "base/uuid.h"
#include "http/filename.h"
#include "store/file.h"

enum { SCRATCH = 8 * 1024, WALKS_FIRST = 2 };

/* Passes over the index for the newest files behind out->next that match. */
struct search {
	struct redis *redis;
	const struct listing *listing;
	struct listing_page *out;
	struct arena scratch; /* of one script */
	int left;             /* scripts that may still be run */

	/* Of one pass: where it is, and the files to look for, newest first. */
	struct buf behind;
	char member[FILENAME_SIZE + UUID_SIZE], renames[24];
	size_t count, wanted;
	char ids[LISTING_MAX][UUID_LENGTH];
};

static void query(struct redis_query *q, struct arena *a, const struct listing *listing,
	const char *from, size_t limit)
{
	file_query(q, a, SCRIPT_LIST, listing->account);
	redis_add_str(q, from);
	redis_add_str(q, redis_number(a, (int64_t)limit));
	redis_add_str(q, redis_number(a, LISTING_STEPS));
	redis_add(q, listing->prefix);
}

/* Ask lua/list.lua, which returns where to go on, then ids and records by turns. */
static int take(struct redis *r, struct arena *a, const struct redis_query *q, const char *account,
	struct listing_page *out, struct error *err)
{
	const struct redisReply *reply;
	if (redis_ask(r, a, q, &reply, err) != 0) {
		return -1;
	}
	struct slice next = redis_text_at(reply, 0);
	for (size_t i = 1; i + 1 < redis_length(reply) && out->count < LISTING_MAX; i += 2) {
		if (file_read(a, account, redis_text_at(reply, i).p, redis_text_at(reply, i + 1),
			    &out->files[out->count], err) != 0) {
			return -1;
		}
		out->count++;
	}
	out->next = next.n ? next.p : NULL;
	return 0;
}

static bool is_done(const struct listing *listing, const struct listing_page *out)
{
	return !listing->prefix.n || !out->next || out->count == listing->limit;
}

/* Walk over the next files, in at most so many scripts. */
static int walk(struct redis *r, struct arena *a, const struct listing *listing, int scripts,
	struct listing_page *out, struct error *err)
{
	struct redis_query q;
	do {
		query(&q, a, listing, out->next, listing->limit - out->count);
		if (take(r, a, &q, listing->account, out, err) != 0) {
			return -1;
		}
	} while (!is_done(listing, out) && --scripts > 0);
	return 0;
}

/* Oldest names first is usual, as in IMG_0001: hence from the front. */
static void keep(struct search *s, const char *id)
{
	size_t at = 0;
	while (at < s->count && memcmp(s->ids[at], id, UUID_LENGTH) > 0) {
		at++;
	}
	if (at < s->wanted) {
		s->count += s->count < s->wanted;
		memmove(s->ids[at + 1], s->ids[at], (s->count - at - 1) * UUID_LENGTH);
		memcpy(s->ids[at], id, UUID_LENGTH);
	}
}

static int ask_names(struct search *s, const struct redisReply **reply, struct error *err)
{
	struct redis_query q;
	struct slice none = {NULL, 0};
	bool full = s->count == s->wanted;
	file_query(&q, &s->scratch, SCRIPT_LIST_NAMES, s->listing->account);
	redis_add(&q, s->listing->prefix);
	redis_add(&q, buf_view(&s->behind));
	redis_add_str(&q, s->out->next);
	redis_add(&q, full ? slice_of(s->ids[s->wanted - 1], UUID_LENGTH) : none);
	redis_add_str(&q, redis_number(&s->scratch, LISTING_STEPS));
	return redis_ask(s->redis, &s->scratch, &q, reply, err);
}

/* Take in what lua/list_names.lua returns: 1 to go on, 0 when there was a rename since the first. */
static int take_names(struct search *s, const struct redisReply *reply, bool first)
{
	struct slice renames = redis_text_at(reply, 0), ids = redis_text_at(reply, 2);
	if (first) {
		snprintf(s->renames, sizeof s->renames, "%s", renames.p);
	} else if (!slice_equal_str(renames, s->renames)) {
		return 0;
	}
	for (size_t at = 0; at + UUID_LENGTH <= ids.n; at += UUID_LENGTH) {
		keep(s, ids.p + at);
	}
	buf_init(&s->behind, s->member, sizeof s->member);
	buf_put(&s->behind, redis_text_at(reply, 1));
	return 1;
}

/* The whole index once. Returns 1, 0 when a rename came in between or the index cannot tell. */
static int pass(struct search *s, struct error *err)
{
	const struct redisReply *reply;
	int good = 1;
	s->count = 0;
	buf_init(&s->behind, s->member, sizeof s->member);
	for (bool first = true; good > 0 && (first || s->behind.n); first = false) {
		if (s->left-- <= 0) {
			return 0;
		}
		if (ask_names(s, &reply, err) != 0) {
			return -1;
		}
		if (!redis_length(reply)) {
			s->left = 0;
			return 0;
		}
		good = take_names(s, reply, first);
		arena_reset(&s->scratch);
	}
	return good;
}

/* The records of what a pass found; some may be gone by now, or have other names. */
static int fetch(struct search *s, struct arena *a, struct error *err)
{
	struct redis_query q;
	if (!s->count) {
		s->out->next = NULL;
		return 0;
	}
	struct slice ids = slice_of(s->ids[0], s->count * UUID_LENGTH);
	const char *last = arena_dup(a, slice_of(s->ids[s->count - 1], UUID_LENGTH));
	query(&q, a, s->listing, "", s->wanted);
	redis_add(&q, ids);
	if (take(s->redis, a, &q, s->listing->account, s->out, err) != 0) {
		return -1;
	}
	s->out->next = s->count == s->wanted ? last : NULL;
	return 0;
}

/* Fill the page from the index; as far as that can tell, or there are scripts left. */
static int search(struct search *s, struct arena *a, struct error *err)
{
	int status = 0;
	while (status == 0 && !is_done(s->listing, s->out) && s->left > 0) {
		s->wanted = s->listing->limit - s->out->count;
		int good = pass(s, err);
		arena_reset(&s->scratch);
		status = good > 0 ? fetch(s, a, err) : good;
	}
	return status;
}

static int search_names(struct redis *r, struct arena *a, const struct listing *listing,
	struct listing_page *out, struct error *err)
{
	struct search *s = arena_take(a, sizeof *s);
	if (!s || arena_init(&s->scratch, SCRATCH) != 0) {
		return error_set(err, 500, "internal_error", "no memory");
	}
	s->redis = r;
	s->listing = listing;
	s->out = out;
	s->left = LISTING_PASSES;
	int status = search(s, a, err);
	arena_release(&s->scratch);
	return status;
}

int listing_read(struct redis *r, struct arena *a, const struct listing *listing,
	struct listing_page *out, struct error *err)
{
	out->count = 0;
	out->next = listing->from;
	if (walk(r, a, listing, WALKS_FIRST, out, err) != 0) {
		return -1;
	}
	if (!is_done(listing, out) && search_names(r, a, listing, out, err) != 0) {
		return -1;
	}
	return is_done(listing, out) ? 0
				     : walk(r, a, listing, LISTING_WALKS - WALKS_FIRST, out, err);
}
