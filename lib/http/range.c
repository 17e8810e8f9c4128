/* The Range header. */
#include "http/range.h"

#include "base/number.h"

/* Digits, UINT64_MAX when they say more than that. */
static int parse_position(struct slice s, uint64_t *out)
{
	for (size_t i = 0; i < s.n; i++) {
		if (s.p[i] < '0' || s.p[i] > '9') {
			return -1;
		}
	}
	if (number_parse(s, out) != 0) {
		*out = UINT64_MAX;
	}
	return s.n ? 0 : -1;
}

static enum range_kind parse_suffix(struct slice digits, uint64_t size, struct byte_range *out)
{
	uint64_t n;
	if (parse_position(digits, &n) != 0) {
		return RANGE_WHOLE;
	}
	if (n == 0) {
		return RANGE_UNSATISFIABLE;
	}
	/* A Content-Range cannot name the bytes of an empty file. */
	if (size == 0) {
		return RANGE_WHOLE;
	}
	n = n < size ? n : size;
	*out = (struct byte_range){size - n, n};
	return RANGE_PART;
}

/* One range-spec; RANGE_WHOLE when it is malformed (or asks for all of an empty file). */
static enum range_kind parse_spec(struct slice spec, uint64_t size, struct byte_range *out)
{
	uint64_t first, last = UINT64_MAX;
	size_t dash = slice_find(spec, '-');
	if (dash == spec.n) {
		return RANGE_WHOLE;
	}
	struct slice end = slice_from(spec, dash + 1);
	if (dash == 0) {
		return parse_suffix(end, size, out);
	}
	if (parse_position(slice_head(spec, dash), &first) != 0 ||
		(end.n && parse_position(end, &last) != 0) || last < first) {
		return RANGE_WHOLE;
	}
	if (first >= size) {
		return RANGE_UNSATISFIABLE;
	}
	last = last < size ? last : size - 1;
	*out = (struct byte_range){first, last - first + 1};
	return RANGE_PART;
}

enum range_kind range_parse(struct slice header, uint64_t size, struct byte_range *out)
{
	struct byte_range part = {0, size};
	size_t specs = 0, satisfiable = 0;
	struct slice rest = slice_trim(header);
	struct slice unit = slice_cut(&rest, '=');
	*out = part;
	if (!slice_equal_nocase(unit, "bytes")) {
		return RANGE_WHOLE;
	}
	while (rest.p) {
		struct slice spec = slice_trim(slice_cut(&rest, ','));
		/* Empty list elements are to be ignored (section 5.6.1.2). */
		if (spec.n == 0) {
			continue;
		}
		enum range_kind kind = parse_spec(spec, size, &part);
		if (kind == RANGE_WHOLE) {
			return RANGE_WHOLE;
		}
		specs++;
		satisfiable += kind == RANGE_PART;
	}
	if (specs == 0 || satisfiable > 1) {
		return RANGE_WHOLE;
	}
	*out = satisfiable ? part : *out;
	return satisfiable ? RANGE_PART : RANGE_UNSATISFIABLE;
}
