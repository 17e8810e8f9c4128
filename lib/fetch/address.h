/*
 * fetch/address.h - which addresses may be dialled; judged by the address itself, whatever name or
 * spelling led to it.
 *
 * Public is what the special-purpose registries of IANA (RFC 6890), multicast and the like leave
 * over: of IPv6 nothing outside of 2000::/3. An address with an IPv4 address in it that a host or
 * its network would unwrap, IPv4-mapped (RFC 4291) or NAT64 (64:ff9b::/96, RFC 6052), is judged by
 * that one. The other forms (IPv4-compatible, IPv4-translated, 6to4, Teredo, 64:ff9b:1::/48) are not
 * public, whatever is inside.
 *
 * Sequence:  address_list_fill, then address_judge for every address about to be dialled
 * Errors:    500 when the machine's addresses are not to be had
 *
 * Pure but for address_list_fill. What it cannot know: a translator with a prefix of its network's
 * own (RFC 6052 section 2.2), and an address that is this machine's by a translation elsewhere.
 */
#ifndef FETCH_ADDRESS_H
#define FETCH_ADDRESS_H

#include <sys/socket.h>

#include "base/error.h"
#include "config/list.h"

enum { ADDRESS_OWN_MAX = 64 };

/* In the form of base/network.h. */
struct address_list {
	unsigned char at[ADDRESS_OWN_MAX][NETWORK_BYTES];
	size_t count;
};

enum address_verdict {
	ADDRESS_ALLOWED,
	ADDRESS_PORT_CLOSED, /* its port is not listed */
	ADDRESS_OWN,         /* this machine itself */
	ADDRESS_NOT_PUBLIC,  /* nor of a family that could be, nor free of a scope */
};

/*
 * Whether the address is public; the port does not matter. Here and below, the struct behind
 * `address` is as long as its family wants.
 */
bool address_is_public(const struct sockaddr *address);

/*
 * The machine's own addresses, of all its interfaces, as they are now. Only those that are public:
 * the others need no list to be refused. Returns -1 when they cannot be read or are too many to
 * hold.
 */
int address_list_fill(struct address_list *own, struct error *err)
	__attribute__((warn_unused_result));

/*
 * The port must be listed. Then an address in an open range is allowed, be it private or the
 * machine's own; one of its own is refused; for the rest see address_is_public. An address with a
 * scope (fe80::1%eth0) is never allowed.
 */
enum address_verdict address_judge(const struct sockaddr *address, const struct network_list *open,
	const struct port_list *ports, const struct address_list *own);

#endif
