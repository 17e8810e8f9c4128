/*
 * base/network.h - ranges of IP addresses.
 *
 * Every address is held as the 16 bytes of an IPv6 address; IPv4 as ::ffff:a.b.c.d (RFC 4291
 * section 2.5.5.2), so that one comparison serves both.
 *
 * Units:     bits of prefix counted over all 128: 10.0.0.0/8 has 104
 */
#ifndef BASE_NETWORK_H
#define BASE_NETWORK_H

#include "base/slice.h"

enum { NETWORK_BYTES = 16, NETWORK_BITS = 128, NETWORK_IPV4_BITS = 96 };

struct network {
	unsigned char bytes[NETWORK_BYTES];
	unsigned bits;
};

/*
 * A range from its text: an address in a form of inet_pton, then "/" and the length of the prefix
 * in digits, or nothing for the address alone. Returns -1 for any other text, for a prefix longer
 * than the address, and when a bit beyond the prefix is set: 10.0.0.1/8 may be meant as either.
 */
int network_parse(struct slice s, struct network *out) __attribute__((warn_unused_result));

/* Whether the address lies in the range. */
bool network_has(const struct network *network, const unsigned char address[NETWORK_BYTES]);

#endif
