/*
 * config/list.h - settings that are lists: ranges of addresses, ports.
 *
 * Items are separated by commas, with blanks around them or not. Lists are small and are searched
 * from the front; an item twice does no harm.
 */
#ifndef CONFIG_LIST_H
#define CONFIG_LIST_H

#include <stdint.h>

#include "base/network.h"

enum { LIST_MAX = 16 };

struct network_list {
	struct network at[LIST_MAX];
	size_t count;
};

struct port_list {
	uint16_t at[LIST_MAX];
	size_t count;
};

/*
 * Read a list. Returns -1 at the first mistake; *item is then the number of the item at fault,
 * counted from 1: LIST_MAX + 1 when there are too many. An empty text is an empty list of networks,
 * but no list of ports.
 */
int network_list_parse(struct slice text, struct network_list *out, size_t *item)
	__attribute__((warn_unused_result));
int port_list_parse(struct slice text, struct port_list *out, size_t *item)
	__attribute__((warn_unused_result));

/* Whether the list has the port, or a range with the address (in the form of base/network.h). */
bool network_list_has(const struct network_list *list, const unsigned char address[NETWORK_BYTES]);
bool port_list_has(const struct port_list *list, uint16_t port);

#endif
