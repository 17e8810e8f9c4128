/* Dictionaries of structured fields, read as RFC 8941 section 4.2 says. */
#include "http/dictionary.h"

enum { INTEGER_DIGITS = 15, DECIMAL_DIGITS = 12, FRACTION_DIGITS = 3 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_lower(char c)
{
	return c >= 'a' && c <= 'z';
}

static bool is_alpha(char c)
{
	return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_one_of(char c, const char *set)
{
	return c != '\0' && strchr(set, c);
}

static bool in_key(char c)
{
	return is_lower(c) || is_digit(c) || is_one_of(c, "_-.*");
}

static bool in_token(char c)
{
	return is_alpha(c) || is_digit(c) || is_one_of(c, "!#$%&'*+-.^_`|~:/");
}

static bool in_base64(char c)
{
	return is_alpha(c) || is_digit(c) || is_one_of(c, "+/=");
}

static char first_of(struct slice s)
{
	return s.n ? s.p[0] : '\0';
}

/* Whether c comes next, and if so go past it. */
static bool take_char(struct slice *rest, char c)
{
	if (rest->n == 0 || rest->p[0] != c) {
		return false;
	}
	*rest = slice_from(*rest, 1);
	return true;
}

static struct slice take_run(struct slice *rest, bool (*belongs)(char c))
{
	size_t n = 0;
	while (n < rest->n && belongs(rest->p[n])) {
		n++;
	}
	struct slice run = slice_head(*rest, n);
	*rest = slice_from(*rest, n);
	return run;
}

static void skip_spaces(struct slice *rest)
{
	while (take_char(rest, ' ')) {
		/* Only SP counts here, not OWS. */
	}
}

static bool take_key(struct slice *rest, struct slice *key)
{
	if (!is_lower(first_of(*rest)) && first_of(*rest) != '*') {
		return false;
	}
	*key = take_run(rest, in_key);
	return true;
}

static bool take_number(struct slice *rest)
{
	take_char(rest, '-');
	size_t whole = take_run(rest, is_digit).n;
	if (!take_char(rest, '.')) {
		return whole >= 1 && whole <= INTEGER_DIGITS;
	}
	size_t fraction = take_run(rest, is_digit).n;
	return whole >= 1 && whole <= DECIMAL_DIGITS && fraction >= 1 &&
	       fraction <= FRACTION_DIGITS;
}

static bool take_string(struct slice *rest)
{
	size_t i = 1;
	while (i < rest->n && rest->p[i] != '"') {
		unsigned char c = (unsigned char)rest->p[i];
		if (c < 0x20 || c > 0x7e) {
			return false;
		}
		i += c == '\\';
		if (c == '\\' && (i == rest->n || !is_one_of(rest->p[i], "\"\\"))) {
			return false;
		}
		i++;
	}
	bool closed = i < rest->n;
	*rest = slice_from(*rest, i + 1);
	return closed;
}

static bool take_bytes(struct slice *rest, struct dictionary_member *out)
{
	take_char(rest, ':');
	out->base64 = take_run(rest, in_base64);
	return take_char(rest, ':');
}

static bool take_bare_item(struct slice *rest, struct dictionary_member *out)
{
	char c = first_of(*rest);
	if (c == ':') {
		return take_bytes(rest, out);
	}
	if (c == '"') {
		return take_string(rest);
	}
	if (c == '-' || is_digit(c)) {
		return take_number(rest);
	}
	if (c == '?') {
		take_char(rest, '?');
		return take_char(rest, '0') || take_char(rest, '1');
	}
	if (is_alpha(c) || c == '*') {
		take_run(rest, in_token);
		return true;
	}
	return false;
}

static bool take_parameters(struct slice *rest)
{
	struct dictionary_member ignored;
	while (take_char(rest, ';')) {
		skip_spaces(rest);
		if (!take_key(rest, &ignored.key) ||
			(take_char(rest, '=') && !take_bare_item(rest, &ignored))) {
			return false;
		}
	}
	return true;
}

static bool take_inner_list(struct slice *rest)
{
	struct dictionary_member ignored;
	take_char(rest, '(');
	skip_spaces(rest);
	while (!take_char(rest, ')')) {
		if (!take_bare_item(rest, &ignored) || !take_parameters(rest) ||
			!is_one_of(first_of(*rest), " )")) {
			return false;
		}
		skip_spaces(rest);
	}
	return true;
}

/* A key without a value stands for true. */
static bool take_member(struct slice *rest, struct dictionary_member *out)
{
	*out = (struct dictionary_member){{NULL, 0}, {NULL, 0}};
	if (!take_key(rest, &out->key)) {
		return false;
	}
	bool valued = take_char(rest, '=');
	if (valued && first_of(*rest) == '(') {
		return take_inner_list(rest) && take_parameters(rest);
	}
	return (!valued || take_bare_item(rest, out)) && take_parameters(rest);
}

int dictionary_next(struct slice *rest, struct dictionary_member *out)
{
	*rest = slice_trim(*rest);
	if (rest->n == 0) {
		return 0;
	}
	if (!take_member(rest, out)) {
		return -1;
	}
	*rest = slice_trim(*rest);
	if (rest->n == 0) {
		return 1;
	}
	/* A comma, and behind it another member. */
	bool comma = take_char(rest, ',');
	*rest = slice_trim(*rest);
	return comma && rest->n ? 1 : -1;
}
