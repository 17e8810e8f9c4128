/* Lines of claims. */
#include "cgi/claim_line.h"

/* The id in "/<id>/<name>"; empty when it is none of this form. */
static struct slice id_in_path(struct slice path)
{
	const struct slice none = {NULL, 0};
	if (slice_cut(&path, '/').n != 0) {
		return none;
	}
	struct slice id = slice_cut(&path, '/');
	bool is_name = path.n && slice_find(path, '/') == path.n &&
		       slice_find(path, ' ') == path.n && !slice_has_control(path);
	return is_name ? id : none;
}

int claim_line_target(
	const char *public_url, struct slice text, char id[UUID_SIZE], struct error *err)
{
	struct slice found = slice_starts(text, public_url)
				     ? id_in_path(slice_from(text, strlen(public_url)))
				     : text;
	if (!uuid_is_valid(found)) {
		return error_set(err, 400, "bad_request",
			"neither an id nor the URL of a file under %s", public_url);
	}
	memcpy(id, found.p, UUID_LENGTH);
	id[UUID_LENGTH] = '\0';
	return 0;
}

static int read_commas(const char *public_url, struct slice line, struct slice *url,
	char id[UUID_SIZE], struct error *err)
{
	for (size_t i = 0; i < line.n; i++) {
		if (line.p[i] == ',' &&
			claim_line_target(public_url, slice_from(line, i + 1), id, err) == 0) {
			*url = slice_head(line, i);
			return 1;
		}
	}
	return error_set(err, 400, "bad_request", "no id or URL of a file here at its end");
}

int claim_line_read(const char *public_url, struct slice line, struct slice *url,
	char id[UUID_SIZE], struct error *err)
{
	if (line.n && line.p[line.n - 1] == '\r') {
		line.n--;
	}
	line = slice_trim(line);
	if (line.n == 0 || line.p[0] == '#') {
		return 0;
	}
	size_t blank = slice_find(line, ' '), tab = slice_find(line, '\t');
	*url = slice_head(line, blank < tab ? blank : tab);
	if (url->n == line.n) {
		return read_commas(public_url, line, url, id, err);
	}
	/* Else "https://old/a, <id>" would claim an address that nobody asks for. */
	if (url->p[url->n - 1] == ',') {
		return error_set(err, 400, "bad_request", "both a comma and white space");
	}
	struct slice target = slice_trim(slice_from(line, url->n));
	return claim_line_target(public_url, target, id, err) == 0 ? 1 : -1;
}
