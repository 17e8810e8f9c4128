/* Ranges of IP addresses. */
#include "base/network.h"

#include <arpa/inet.h>

#include "base/number.h"

/* The address alone; *width becomes how many of the 128 bits are its own. */
static int parse_address(struct slice s, unsigned char bytes[NETWORK_BYTES], unsigned *width)
{
	static const unsigned char ipv4[NETWORK_BYTES] = {[10] = 0xff, 0xff};
	char text[INET6_ADDRSTRLEN] = {0};
	if (s.n >= sizeof text || slice_find(s, '\0') != s.n) {
		return -1;
	}
	for (size_t i = 0; i < s.n; i++) {
		text[i] = s.p[i];
	}
	memcpy(bytes, ipv4, sizeof ipv4);
	if (inet_pton(AF_INET, text, bytes + NETWORK_IPV4_BITS / 8) == 1) {
		*width = NETWORK_BITS - NETWORK_IPV4_BITS;
		return 0;
	}
	*width = NETWORK_BITS;
	return inet_pton(AF_INET6, text, bytes) == 1 ? 0 : -1;
}

static int parse_prefix(struct slice s, unsigned width, unsigned *out)
{
	uint64_t number;
	/* Some read 010 as eight; inet_pton takes no such number either. */
	if ((s.n > 1 && *s.p == '0') || number_parse(s, &number) != 0 || number > width) {
		return -1;
	}
	*out = (unsigned)number;
	return 0;
}

static bool is_clear_beyond(const struct network *network)
{
	for (unsigned bit = network->bits; bit < NETWORK_BITS; bit++) {
		if (network->bytes[bit / 8] & (0x80 >> bit % 8)) {
			return false;
		}
	}
	return true;
}

int network_parse(struct slice s, struct network *out)
{
	unsigned width, prefix;
	struct slice rest = s, address = slice_cut(&rest, '/');
	if (parse_address(address, out->bytes, &width) != 0) {
		return -1;
	}
	prefix = width;
	if (rest.p && parse_prefix(rest, width, &prefix) != 0) {
		return -1;
	}
	out->bits = NETWORK_BITS - width + prefix;
	return is_clear_beyond(out) ? 0 : -1;
}

bool network_has(const struct network *network, const unsigned char address[NETWORK_BYTES])
{
	unsigned whole = network->bits / 8, left = network->bits % 8;
	if (memcmp(network->bytes, address, whole) != 0) {
		return false;
	}
	return left == 0 || (network->bytes[whole] ^ address[whole]) >> (8 - left) == 0;
}
