/* Which addresses may be dialled. */
#include "fetch/address.h"

#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>

static const unsigned char mapped[NETWORK_IPV4_BITS / 8] = {[10] = 0xff, 0xff};

static const struct network allowed[] = {
	{{[10] = 0xff, 0xff}, 96}, /* IPv4, in the form of base/network.h */
	{{0x20}, 3},               /* global unicast, RFC 4291 section 2.4, as IANA hands it out */
};

static const struct network denied[] = {
	/* IPv4: 96 bits and the length of the prefix */
	{{[10] = 0xff, 0xff, 0}, 96 + 8},          /* this network, RFC 791 */
	{{[10] = 0xff, 0xff, 10}, 96 + 8},         /* private use, RFC 1918 */
	{{[10] = 0xff, 0xff, 100, 64}, 96 + 10},   /* shared by carriers' translators, RFC 6598 */
	{{[10] = 0xff, 0xff, 127}, 96 + 8},        /* loopback, RFC 1122 */
	{{[10] = 0xff, 0xff, 169, 254}, 96 + 16},  /* link local, RFC 3927; clouds' metadata */
	{{[10] = 0xff, 0xff, 172, 16}, 96 + 12},   /* private use, RFC 1918 */
	{{[10] = 0xff, 0xff, 192, 0, 0}, 96 + 24}, /* protocol assignments, RFC 6890 */
	{{[10] = 0xff, 0xff, 192, 0, 2}, 96 + 24}, /* documentation, RFC 5737 */
	{{[10] = 0xff, 0xff, 192, 31, 196}, 96 + 24}, /* AS112, RFC 7535 */
	{{[10] = 0xff, 0xff, 192, 52, 193}, 96 + 24}, /* multicast tunnels (AMT), RFC 7450 */
	{{[10] = 0xff, 0xff, 192, 88, 99}, 96 + 24},  /* 6to4 relays, RFC 7526 */
	{{[10] = 0xff, 0xff, 192, 168}, 96 + 16},     /* private use, RFC 1918 */
	{{[10] = 0xff, 0xff, 192, 175, 48}, 96 + 24}, /* AS112, RFC 7534 */
	{{[10] = 0xff, 0xff, 198, 18}, 96 + 15},      /* benchmarking, RFC 2544 */
	{{[10] = 0xff, 0xff, 198, 51, 100}, 96 + 24}, /* documentation, RFC 5737 */
	{{[10] = 0xff, 0xff, 203, 0, 113}, 96 + 24},  /* documentation, RFC 5737 */
	{{[10] = 0xff, 0xff, 224}, 96 + 4},           /* multicast, RFC 5771 */
	{{[10] = 0xff, 0xff, 240}, 96 + 4},           /* reserved, RFC 1112; broadcast, RFC 919 */
	/* public space, but inside Azure the host's own services */
	{{[10] = 0xff, 0xff, 168, 63, 129, 16}, 96 + 32},
	/* of 2000::/3 */
	{{0x20, 0x01, 0x00, 0x00}, 23}, /* protocol assignments, RFC 2928: Teredo, ORCHID ... */
	{{0x20, 0x01, 0x0d, 0xb8}, 32}, /* documentation, RFC 3849 */
	{{0x20, 0x02}, 16},             /* 6to4, RFC 3056 */
	{{0x26, 0x20, 0x00, 0x4f, 0x80, 0x00}, 48}, /* AS112, RFC 7534 */
	{{0x3f, 0xff, 0x00}, 20},                   /* documentation, RFC 9637 */
};

static bool any_has(const struct network *networks, size_t count, const unsigned char *bytes)
{
	for (size_t i = 0; i < count; i++) {
		if (network_has(&networks[i], bytes)) {
			return true;
		}
	}
	return false;
}

static bool is_public(const unsigned char bytes[NETWORK_BYTES])
{
	return any_has(allowed, sizeof allowed / sizeof *allowed, bytes) &&
	       !any_has(denied, sizeof denied / sizeof *denied, bytes);
}

/* IPv4-mapped is how IPv4 is held anyway, so only NAT64 is to be unwrapped. */
static void unwrap(unsigned char bytes[NETWORK_BYTES])
{
	static const struct network nat64 = {{0x00, 0x64, 0xff, 0x9b}, 96}; /* RFC 6052 */
	if (network_has(&nat64, bytes)) {
		memcpy(bytes, mapped, sizeof mapped);
	}
}

/*
 * The address, unwrapped, and its port. False for other families and for an address with a scope,
 * which says more than its bytes. Copied, as a struct sockaddr need not be aligned for the others.
 */
static bool read_address(
	const struct sockaddr *address, unsigned char bytes[NETWORK_BYTES], uint16_t *port)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in ipv4;
		memcpy(&ipv4, address, sizeof ipv4);
		memcpy(bytes, mapped, sizeof mapped);
		memcpy(bytes + sizeof mapped, &ipv4.sin_addr, sizeof ipv4.sin_addr);
		*port = ntohs(ipv4.sin_port);
		return true;
	}
	if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 ipv6;
		memcpy(&ipv6, address, sizeof ipv6);
		memcpy(bytes, &ipv6.sin6_addr, NETWORK_BYTES);
		unwrap(bytes);
		*port = ntohs(ipv6.sin6_port);
		return ipv6.sin6_scope_id == 0;
	}
	return false;
}

bool address_is_public(const struct sockaddr *address)
{
	unsigned char bytes[NETWORK_BYTES];
	uint16_t port;
	return read_address(address, bytes, &port) && is_public(bytes);
}

static bool is_own(const struct address_list *own, const unsigned char bytes[NETWORK_BYTES])
{
	for (size_t i = 0; i < own->count; i++) {
		if (memcmp(own->at[i], bytes, NETWORK_BYTES) == 0) {
			return true;
		}
	}
	return false;
}

enum address_verdict address_judge(const struct sockaddr *address, const struct network_list *open,
	const struct port_list *ports, const struct address_list *own)
{
	unsigned char bytes[NETWORK_BYTES];
	uint16_t port;
	if (!read_address(address, bytes, &port)) {
		return ADDRESS_NOT_PUBLIC;
	}
	if (!port_list_has(ports, port)) {
		return ADDRESS_PORT_CLOSED;
	}
	if (network_list_has(open, bytes)) {
		return ADDRESS_ALLOWED;
	}
	if (is_own(own, bytes)) {
		return ADDRESS_OWN;
	}
	return is_public(bytes) ? ADDRESS_ALLOWED : ADDRESS_NOT_PUBLIC;
}

static int take_own(struct address_list *own, const struct ifaddrs *interfaces)
{
	for (const struct ifaddrs *i = interfaces; i; i = i->ifa_next) {
		unsigned char bytes[NETWORK_BYTES];
		uint16_t port;
		/* An interface may be without an address. */
		if (!i->ifa_addr || !read_address(i->ifa_addr, bytes, &port) || !is_public(bytes)) {
			continue;
		}
		if (own->count == ADDRESS_OWN_MAX) {
			return -1;
		}
		memcpy(own->at[own->count++], bytes, NETWORK_BYTES);
	}
	return 0;
}

int address_list_fill(struct address_list *own, struct error *err)
{
	struct ifaddrs *interfaces;
	own->count = 0;
	if (getifaddrs(&interfaces) != 0) {
		return error_set(err, 500, "internal_error", "getifaddrs: %s", strerror(errno));
	}
	int status = take_own(own, interfaces);
	freeifaddrs(interfaces);
	if (status != 0) {
		return error_set(err, 500, "internal_error",
			"this machine has more than %d public addresses", ADDRESS_OWN_MAX);
	}
	return 0;
}
