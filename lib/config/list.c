/* Settings that are lists. */
#include "config/list.h"

#include "base/number.h"

static int parse_port(struct slice text, uint16_t *out)
{
	uint64_t number;
	if (number_parse(text, &number) != 0 || number == 0 || number > UINT16_MAX) {
		return -1;
	}
	*out = (uint16_t)number;
	return 0;
}

int network_list_parse(struct slice text, struct network_list *out, size_t *item)
{
	struct slice rest = slice_trim(text);
	out->count = 0;
	*item = 0;
	if (rest.n == 0) {
		return 0;
	}
	while (rest.p) {
		struct slice next = slice_trim(slice_cut(&rest, ','));
		if (++*item > LIST_MAX || network_parse(next, &out->at[out->count]) != 0) {
			return -1;
		}
		out->count++;
	}
	return 0;
}

int port_list_parse(struct slice text, struct port_list *out, size_t *item)
{
	struct slice rest = text;
	out->count = 0;
	*item = 0;
	do {
		struct slice next = slice_trim(slice_cut(&rest, ','));
		if (++*item > LIST_MAX || parse_port(next, &out->at[out->count]) != 0) {
			return -1;
		}
		out->count++;
	} while (rest.p);
	return 0;
}

bool network_list_has(const struct network_list *list, const unsigned char address[NETWORK_BYTES])
{
	for (size_t i = 0; i < list->count; i++) {
		if (network_has(&list->at[i], address)) {
			return true;
		}
	}
	return false;
}

bool port_list_has(const struct port_list *list, uint16_t port)
{
	for (size_t i = 0; i < list->count; i++) {
		if (list->at[i] == port) {
			return true;
		}
	}
	return false;
}
