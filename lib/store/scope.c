/* What a key may be used for. */
#include "store/scope.h"

#include "base/buf.h"

static const struct {
	enum scope scope;
	const char *name;
} words[] = {
	{SCOPE_UPLOAD, "upload"},
	{SCOPE_READ, "read"},
	{SCOPE_DELETE, "delete"},
};

enum { WORDS = sizeof words / sizeof *words, LIST_MAX = 64 };

const char *scope_name(enum scope scope)
{
	for (size_t i = 0; i < WORDS; i++) {
		if (words[i].scope == scope) {
			return words[i].name;
		}
	}
	return "";
}

static unsigned scope_of(struct slice word)
{
	for (size_t i = 0; i < WORDS; i++) {
		if (slice_equal_str(word, words[i].name)) {
			return words[i].scope;
		}
	}
	return SCOPE_NONE;
}

int scope_parse_list(struct slice text, unsigned *out)
{
	int status = 0;
	*out = SCOPE_NONE;
	do {
		unsigned scope = scope_of(slice_cut(&text, ','));
		*out |= scope;
		if (!scope) {
			status = -1;
		}
	} while (text.p);
	return status;
}

const char *scope_print_list(struct arena *a, unsigned scopes)
{
	char storage[LIST_MAX];
	struct buf list;
	buf_init(&list, storage, sizeof storage);
	for (size_t i = 0; i < WORDS; i++) {
		if (scopes & words[i].scope) {
			buf_put_str(&list, list.n ? "," : "");
			buf_put_str(&list, words[i].name);
		}
	}
	return arena_dup(a, buf_view(&list));
}
