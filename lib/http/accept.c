/* The Accept header. */
#include "http/accept.h"

#include <strings.h>

#include "http/mediatype.h"

enum { Q_ONE = 1000 };

/* What the elements so far say of a type. */
struct liking {
	const char *type;
	int specificity; /* of the range that counts; 0: none so far */
	int q;           /* in thousandths */
};

/* A comma in quotes is not the end of an element. */
static struct slice next_element(struct slice *rest)
{
	bool quoted = false;
	size_t n = 0;
	while (n < rest->n && (quoted || rest->p[n] != ',')) {
		if (rest->p[n] == '"') {
			quoted = !quoted;
		} else if (quoted && rest->p[n] == '\\') {
			n++;
		}
		n++;
	}
	struct slice element = slice_head(*rest, n);
	*rest = slice_from(*rest, n + 1);
	return element;
}

/* qvalue = "0" [ "." 0*3DIGIT ] / "1" [ "." 0*3"0" ] */
static int parse_q(struct slice s, int *q)
{
	int value = 0;
	if (s.n == 0 || s.n > 5 || (s.n > 1 && s.p[1] != '.')) {
		return -1;
	}
	for (size_t i = 0; i < 5; i++) {
		char c = i < s.n ? s.p[i] : '0';
		if (i != 1 && (c < '0' || c > '9')) {
			return -1;
		}
		value = i == 1 ? value : value * 10 + (c - '0');
	}
	*q = value;
	return value <= Q_ONE ? 0 : -1;
}

static int find_q(struct slice parameters, int *q)
{
	struct parameter p;
	struct error ignored;
	int got;
	*q = Q_ONE;
	while ((got = mediatype_next_parameter(&parameters, &p, &ignored)) == 1) {
		if (slice_equal_nocase(p.name, "q") && (p.quoted || parse_q(p.value, q) != 0)) {
			return -1;
		}
	}
	return got;
}

/* 3: the very type, 2: its tree, 1: any, 0: another. */
static int specificity(struct slice range, const char *type)
{
	size_t tree = slice_find(slice_view(type), '/') + 1;
	if (slice_equal_nocase(range, type)) {
		return 3;
	}
	if (range.n == tree + 1 && range.p[tree] == '*' && strncasecmp(range.p, type, tree) == 0) {
		return 2;
	}
	return slice_equal_str(range, "*/*") ? 1 : 0;
}

/* Of ranges that are as specific as each other the kindest counts. */
static void consider(struct liking *of, struct slice range, int q)
{
	int found = specificity(range, of->type);
	if (found > of->specificity || (found && found == of->specificity && q > of->q)) {
		of->specificity = found;
		of->q = q;
	}
}

bool accept_prefers(struct slice accept, const char *type, const char *over)
{
	struct liking first = {.type = type}, second = {.type = over};
	while (accept.n) {
		struct mediatype range;
		struct error ignored;
		int q;
		struct slice element = next_element(&accept);
		if (mediatype_parse(element, &range, &ignored) == 0 &&
			find_q(range.parameters, &q) == 0) {
			consider(&first, range.type, q);
			consider(&second, range.type, q);
		}
	}
	return first.q > second.q;
}
