/* Conditional requests. */
#include "http/precondition.h"

#include "base/clock.h"

static struct slice opaque_tag(struct slice etag)
{
	return slice_starts(etag, "W/") ? slice_from(etag, 2) : etag;
}

/* Cut one entity-tag off the front of a list; empty when there is none (left). */
static struct slice cut_etag(struct slice *rest)
{
	while (rest->n && (*rest->p == ',' || *rest->p == ' ' || *rest->p == '\t')) {
		*rest = slice_from(*rest, 1);
	}
	/* A tag may hold commas, so a list cannot be cut at them. */
	size_t open = slice_starts(*rest, "W/") ? 2 : 0;
	struct slice quoted = slice_from(*rest, open);
	size_t close = slice_find(slice_from(quoted, 1), '"') + 1;
	if (!slice_starts(quoted, "\"") || close >= quoted.n) {
		return slice_head(*rest, 0);
	}
	struct slice etag = slice_head(*rest, open + close + 1);
	*rest = slice_from(*rest, etag.n);
	return etag;
}

/* By strong comparison a weak tag equals nothing. */
static bool list_names(struct slice list, struct slice etag, bool strong)
{
	if (slice_equal_str(slice_trim(list), "*")) {
		return true;
	}
	for (struct slice one; (one = cut_etag(&list)).n;) {
		if (strong ? !slice_starts(etag, "W/") && slice_equal(one, etag)
			   : slice_equal(opaque_tag(one), opaque_tag(etag))) {
			return true;
		}
	}
	return false;
}

bool precondition_failed(
	struct slice if_match, struct slice if_unmodified_since, const struct validators *v)
{
	int64_t since_ms;
	if (if_match.p) {
		return !list_names(if_match, v->etag, true);
	}
	return if_unmodified_since.p &&
	       clock_parse_http(slice_trim(if_unmodified_since), &since_ms) == 0 &&
	       v->last_modified_ms / 1000 > since_ms / 1000;
}

bool precondition_not_modified(
	struct slice if_none_match, struct slice if_modified_since, const struct validators *v)
{
	int64_t since_ms;
	if (if_none_match.p) {
		return list_names(if_none_match, v->etag, false);
	}
	if (!if_modified_since.p ||
		clock_parse_http(slice_trim(if_modified_since), &since_ms) != 0) {
		return false;
	}
	return v->last_modified_ms / 1000 <= since_ms / 1000;
}

bool precondition_if_range(struct slice if_range, const struct validators *v)
{
	int64_t date_ms;
	if (!if_range.p) {
		return true;
	}
	if_range = slice_trim(if_range);
	if (slice_starts(if_range, "\"")) {
		return slice_equal(if_range, v->etag);
	}
	/* A weak tag is no date either, so it falls through to false. */
	return clock_parse_http(if_range, &date_ms) == 0 &&
	       date_ms / 1000 == v->last_modified_ms / 1000;
}
