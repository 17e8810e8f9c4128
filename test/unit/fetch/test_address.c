/* Which addresses may be dialled: every range with its edges, every form with an IPv4 inside. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <netinet/in.h>

#include "fetch/address.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

union any {
	struct sockaddr any;
	struct sockaddr_in ipv4;
	struct sockaddr_in6 ipv6;
};

static struct sockaddr *make(union any *out, const char *text, uint16_t port)
{
	*out = (union any){0};
	if (inet_pton(AF_INET, text, &out->ipv4.sin_addr) == 1) {
		out->ipv4.sin_family = AF_INET;
		out->ipv4.sin_port = htons(port);
	} else if (inet_pton(AF_INET6, text, &out->ipv6.sin6_addr) == 1) {
		out->ipv6.sin6_family = AF_INET6;
		out->ipv6.sin6_port = htons(port);
	} else {
		fail_msg("%s", text);
	}
	return &out->any;
}

static const struct {
	const char *text;
	bool is_public;
} addresses[] = {
	/* ordinary ones */
	{"1.1.1.1", true},
	{"8.8.8.8", true},
	{"93.184.216.34", true},
	{"2001:4860:4860::8888", true},
	{"2606:4700:4700::1111", true},
	{"2a00:1450:4001:82a::200e", true},
	{"2400::1", true},
	{"2c0f:fb50::1", true},
	/* 0.0.0.0/8 this network */
	{"0.0.0.0", false},
	{"0.0.0.1", false},
	{"0.255.255.255", false},
	{"1.0.0.0", true},
	/* 10.0.0.0/8 private use */
	{"9.255.255.255", true},
	{"10.0.0.0", false},
	{"10.1.2.3", false},
	{"10.255.255.255", false},
	{"11.0.0.0", true},
	/* 100.64.0.0/10 shared; among it a cloud's metadata */
	{"100.63.255.255", true},
	{"100.64.0.0", false},
	{"100.100.100.200", false},
	{"100.127.255.255", false},
	{"100.128.0.0", true},
	/* 127.0.0.0/8 loopback */
	{"126.255.255.255", true},
	{"127.0.0.0", false},
	{"127.0.0.1", false},
	{"127.0.1.1", false},
	{"127.255.255.255", false},
	{"128.0.0.0", true},
	/* 168.63.129.16 */
	{"168.63.129.15", true},
	{"168.63.129.16", false},
	{"168.63.129.17", true},
	/* 169.254.0.0/16 link local */
	{"169.253.255.255", true},
	{"169.254.0.0", false},
	{"169.254.169.254", false},
	{"169.254.170.2", false},
	{"169.254.255.255", false},
	{"169.255.0.0", true},
	/* 172.16.0.0/12 private use */
	{"172.15.255.255", true},
	{"172.16.0.0", false},
	{"172.17.0.1", false},
	{"172.31.255.255", false},
	{"172.32.0.0", true},
	/* 192.0.0.0/24 protocol assignments; all of it, the parts that are routed too */
	{"191.255.255.255", true},
	{"192.0.0.0", false},
	{"192.0.0.8", false},
	{"192.0.0.9", false},
	{"192.0.0.10", false},
	{"192.0.0.170", false},
	{"192.0.0.192", false},
	{"192.0.0.255", false},
	{"192.0.1.0", true},
	/* 192.0.2.0/24 documentation */
	{"192.0.1.255", true},
	{"192.0.2.0", false},
	{"192.0.2.255", false},
	{"192.0.3.0", true},
	/* 192.31.196.0/24 AS112 */
	{"192.31.195.255", true},
	{"192.31.196.0", false},
	{"192.31.196.255", false},
	{"192.31.197.0", true},
	/* 192.52.193.0/24 AMT */
	{"192.52.192.255", true},
	{"192.52.193.0", false},
	{"192.52.193.255", false},
	{"192.52.194.0", true},
	/* 192.88.99.0/24 6to4 relays */
	{"192.88.98.255", true},
	{"192.88.99.0", false},
	{"192.88.99.255", false},
	{"192.88.100.0", true},
	/* 192.168.0.0/16 private use */
	{"192.167.255.255", true},
	{"192.168.0.0", false},
	{"192.168.1.1", false},
	{"192.168.255.255", false},
	{"192.169.0.0", true},
	/* 192.175.48.0/24 AS112 */
	{"192.175.47.255", true},
	{"192.175.48.0", false},
	{"192.175.48.255", false},
	{"192.175.49.0", true},
	/* 198.18.0.0/15 benchmarking */
	{"198.17.255.255", true},
	{"198.18.0.0", false},
	{"198.19.255.255", false},
	{"198.20.0.0", true},
	/* 198.51.100.0/24 documentation */
	{"198.51.99.255", true},
	{"198.51.100.0", false},
	{"198.51.100.255", false},
	{"198.51.101.0", true},
	/* 203.0.113.0/24 documentation */
	{"203.0.112.255", true},
	{"203.0.113.0", false},
	{"203.0.113.255", false},
	{"203.0.114.0", true},
	/* 224.0.0.0/4 multicast, 240.0.0.0/4 reserved, broadcast */
	{"223.255.255.255", true},
	{"224.0.0.0", false},
	{"224.0.0.251", false},
	{"239.255.255.255", false},
	{"240.0.0.0", false},
	{"255.255.255.254", false},
	{"255.255.255.255", false},

	/* IPv6: 2000::/3 and nothing else */
	{"1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"2000::", true},
	{"3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"4000::", false},
	{"::", false},
	{"::1", false},
	{"::2", false},
	{"100::", false}, /* discard, RFC 6666 */
	{"100::ffff:ffff:ffff:ffff", false},
	{"100:0:0:1::", false}, /* dummy, RFC 9780 */
	{"100:0:0:2::", false},
	{"200::1", false}, /* once NSAP, RFC 4048 */
	{"5f00::", false}, /* segment routing, RFC 9602 */
	{"5f00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"8000::1", false},
	{"a000::1", false},
	{"c000::1", false},
	{"e000::1", false},
	{"fbff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"fc00::", false}, /* unique local, RFC 4193 */
	{"fd00::1", false},
	{"fd00:ec2::254", false}, /* a cloud's metadata */
	{"fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"fe00::", false},
	{"fe80::", false}, /* link local */
	{"fe80::1", false},
	{"febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"fec0::1", false}, /* once site local, RFC 3879 */
	{"feff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"ff00::", false}, /* multicast */
	{"ff02::1", false},
	{"ff0e::1", false},
	{"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	/* 2001::/23 protocol assignments, all of it */
	{"2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"2001::", false},
	{"2001:1::1", false},     /* port control, RFC 7723 */
	{"2001:1::2", false},     /* TURN, RFC 8155 */
	{"2001:1::3", false},     /* service registration, RFC 9665 */
	{"2001:2::1", false},     /* benchmarking, RFC 5180 */
	{"2001:3::1", false},     /* AMT, RFC 7450 */
	{"2001:4:112::1", false}, /* AS112, RFC 7535 */
	{"2001:10::1", false},    /* ORCHID, RFC 4843 */
	{"2001:20::1", false},    /* ORCHIDv2, RFC 7343 */
	{"2001:30::1", false},    /* drones' identities, RFC 9374 */
	{"2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"2001:200::", true},
	/* 2001:db8::/32 documentation */
	{"2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"2001:db8::", false},
	{"2001:db8::1", false},
	{"2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"2001:db9::", true},
	/* 2002::/16 6to4 */
	{"2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"2002::", false},
	{"2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"2003::", true},
	/* 2620:4f:8000::/48 AS112 */
	{"2620:4f:7fff:ffff:ffff:ffff:ffff:ffff", true},
	{"2620:4f:8000::", false},
	{"2620:4f:8000:ffff:ffff:ffff:ffff:ffff", false},
	{"2620:4f:8001::", true},
	/* 3fff::/20 documentation */
	{"3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", true},
	{"3fff::", false},
	{"3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", false},
	{"3fff:1000::", true},

	/* IPv4 inside: mapped, judged by it */
	{"::ffff:8.8.8.8", true},
	{"::ffff:808:808", true},
	{"::ffff:9.255.255.255", true},
	{"::ffff:0.0.0.0", false},
	{"::ffff:10.0.0.1", false},
	{"::ffff:127.0.0.1", false},
	{"::ffff:7f00:1", false},
	{"::ffff:168.63.129.16", false},
	{"::ffff:169.254.169.254", false},
	{"::ffff:192.168.1.1", false},
	{"::ffff:224.0.0.1", false},
	{"::ffff:255.255.255.255", false},
	/* NAT64, the same; its neighbours are nothing */
	{"64:ff9b::8.8.8.8", true},
	{"64:ff9b::101:101", true},
	{"64:ff9b::0.0.0.0", false},
	{"64:ff9b::10.0.0.1", false},
	{"64:ff9b::127.0.0.1", false},
	{"64:ff9b::a9fe:a9fe", false},
	{"64:ff9b::172.16.0.1", false},
	{"64:ff9b::192.0.0.170", false},
	{"64:ff9b::255.255.255.255", false},
	{"64:ff9a:ffff:ffff:ffff:ffff:808:808", false},
	{"64:ff9b::1:808:808", false},
	{"64:ff9b:0:1::808:808", false},
	/* NAT64 of a network's own, 64:ff9b:1::/48 */
	{"64:ff9b:1::8.8.8.8", false},
	{"64:ff9b:1::10.0.0.1", false},
	{"64:ff9b:1:ffff:ffff:ffff:808:808", false},
	{"64:ff9b:2::8.8.8.8", false},
	/* IPv4-compatible, ::/96 */
	{"::8.8.8.8", false},
	{"::10.0.0.1", false},
	{"::127.0.0.1", false},
	{"::ffff:ffff", false},
	/* IPv4-translated, ::ffff:0:0:0/96 */
	{"::ffff:0:8.8.8.8", false},
	{"::ffff:0:10.0.0.1", false},
	{"::fffe:8.8.8.8", false},
	{"::1:ffff:8.8.8.8", false},
	/* 6to4: 2002, then the address */
	{"2002:808:808::1", false},
	{"2002:a00:1::1", false},
	{"2002:7f00:1::", false},
	/* Teredo: the server's address, and the client's with its bits turned over */
	{"2001:0:808:808:0:0:f7f7:f7f7", false},
	{"2001:0:808:808:0:0:f5ff:fffe", false},
	{"2001:0:a00:1:0:0:80ff:fffe", false},
};

static void knows_public_addresses(void **state)
{
	(void)state;
	assert_true(COUNT(addresses) >= 120);
	for (size_t i = 0; i < COUNT(addresses); i++) {
		union any address;
		if (address_is_public(make(&address, addresses[i].text, 80)) !=
			addresses[i].is_public) {
			fail_msg("%s", addresses[i].text);
		}
	}
}

/* Whatever IPv4 is judged as, it is judged as in its two wrappings. */
static void judges_what_is_wrapped(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(addresses); i++) {
		static const char *const prefixes[] = {"::ffff:", "64:ff9b::"};
		for (size_t j = 0; j < COUNT(prefixes) && !strchr(addresses[i].text, ':'); j++) {
			union any address;
			char text[64];
			snprintf(text, sizeof text, "%s%s", prefixes[j], addresses[i].text);
			assert_int_equal(address_is_public(make(&address, text, 80)),
				addresses[i].is_public);
		}
	}
}

static void refuses_scopes_and_families(void **state)
{
	(void)state;
	static const char *const texts[] = {"fe80::1", "2001:4860:4860::8888", "::ffff:8.8.8.8"};
	for (size_t i = 0; i < COUNT(texts); i++) {
		union any address;
		make(&address, texts[i], 80);
		address.ipv6.sin6_scope_id = 1;
		assert_false(address_is_public(&address.any));
	}
	static const sa_family_t families[] = {AF_UNSPEC, AF_UNIX, AF_PACKET, AF_NETLINK, 0xffff};
	for (size_t i = 0; i < COUNT(families); i++) {
		union any ipv4, ipv6;
		make(&ipv4, "8.8.8.8", 80)->sa_family = families[i];
		make(&ipv6, "2001:4860:4860::8888", 80)->sa_family = families[i];
		assert_false(address_is_public(&ipv4.any));
		assert_false(address_is_public(&ipv6.any));
	}
}

/* The machine's interfaces, as the tests want them. */
static struct ifaddrs *interfaces;
static int interfaces_errno;
static size_t interfaces_freed;

int getifaddrs(struct ifaddrs **out)
{
	*out = interfaces;
	errno = interfaces_errno;
	return interfaces_errno ? -1 : 0;
}

void freeifaddrs(struct ifaddrs *list)
{
	assert_ptr_equal(list, interfaces);
	interfaces_freed++;
}

enum { INTERFACES_MAX = ADDRESS_OWN_MAX + 8 };

/* A machine with these addresses; NULL for an interface without one. */
static int fill(struct address_list *own, const char *const *texts, size_t count)
{
	static struct ifaddrs list[INTERFACES_MAX];
	static union any storage[INTERFACES_MAX];
	struct error err;
	for (size_t i = 0; i < count; i++) {
		list[i] = (struct ifaddrs){
			.ifa_next = i + 1 < count ? &list[i + 1] : NULL,
			.ifa_addr = texts[i] ? make(&storage[i], texts[i], 0) : NULL,
		};
	}
	interfaces = count ? list : NULL;
	interfaces_errno = 0;
	interfaces_freed = 0;
	int status = address_list_fill(own, &err);
	assert_int_equal(interfaces_freed, 1);
	if (status != 0) {
		assert_int_equal(err.status, 500);
	}
	return status;
}

static void takes_the_machine_s_own(void **state)
{
	(void)state;
	static const char *const texts[] = {NULL, "127.0.0.1", "::1", "10.0.0.5", "8.8.4.4",
		"fe80::1", "2606:4700::5", "64:ff9b::9.9.9.9", NULL};
	static const unsigned char expected[][NETWORK_BYTES] = {
		{[10] = 0xff, 0xff, 8, 8, 4, 4},
		{0x26, 0x06, 0x47, [15] = 5},
		{[10] = 0xff, 0xff, 9, 9, 9, 9},
	};
	struct address_list own;
	assert_int_equal(fill(&own, texts, COUNT(texts)), 0);
	assert_int_equal(own.count, 3);
	assert_memory_equal(own.at, expected, sizeof expected);
	assert_int_equal(fill(&own, NULL, 0), 0);
	assert_int_equal(own.count, 0);
}

static void takes_no_more_than_fit(void **state)
{
	(void)state;
	const char *texts[INTERFACES_MAX];
	char storage[INTERFACES_MAX][16];
	struct address_list own;
	for (size_t i = 0; i < INTERFACES_MAX; i++) {
		snprintf(storage[i], sizeof storage[i], "8.8.8.%zu", i);
		texts[i] = storage[i];
	}
	assert_int_equal(fill(&own, texts, ADDRESS_OWN_MAX), 0);
	assert_int_equal(own.count, ADDRESS_OWN_MAX);
	assert_int_equal(own.at[ADDRESS_OWN_MAX - 1][15], ADDRESS_OWN_MAX - 1);
	assert_int_equal(fill(&own, texts, ADDRESS_OWN_MAX + 1), -1);
	/* Those that need no place take none. */
	for (size_t i = 0; i < 8; i++) {
		texts[i] = "fe80::1";
	}
	assert_int_equal(fill(&own, texts, INTERFACES_MAX), 0);
	assert_int_equal(own.count, ADDRESS_OWN_MAX);
}

static void fails_without_the_machine_s_own(void **state)
{
	(void)state;
	struct address_list own = {.count = 1};
	struct error err;
	interfaces_errno = EMFILE;
	interfaces_freed = 0;
	assert_int_equal(address_list_fill(&own, &err), -1);
	assert_int_equal(err.status, 500);
	assert_non_null(strstr(err.detail, strerror(EMFILE)));
	assert_int_equal(interfaces_freed, 0);
	assert_int_equal(own.count, 0);
}

static const struct {
	const char *address;
	uint16_t port;
	const char *open, *ports;
	enum address_verdict verdict;
} cases[] = {
	/* ports */
	{"8.8.8.8", 80, "", "80,443", ADDRESS_ALLOWED},
	{"8.8.8.8", 443, "", "80,443", ADDRESS_ALLOWED},
	{"2606:4700::1", 443, "", "80,443", ADDRESS_ALLOWED},
	{"8.8.8.8", 8080, "", "80,443", ADDRESS_PORT_CLOSED},
	{"2606:4700::1", 6379, "", "80,443", ADDRESS_PORT_CLOSED},
	{"8.8.8.8", 0, "", "80,443", ADDRESS_PORT_CLOSED},
	{"8.8.8.8", 20480, "", "80,443", ADDRESS_PORT_CLOSED}, /* 80, bytes turned round */
	{"8.8.8.8", 80, "", "8080", ADDRESS_PORT_CLOSED},
	{"8.8.8.8", 8080, "", "8080", ADDRESS_ALLOWED},
	{"10.0.0.1", 22, "10.0.0.0/8", "80,443", ADDRESS_PORT_CLOSED},
	{"10.0.0.1", 8080, "10.0.0.0/8", "8080", ADDRESS_ALLOWED},
	/* nothing open */
	{"10.0.0.1", 80, "", "80", ADDRESS_NOT_PUBLIC},
	{"127.0.0.1", 80, "", "80", ADDRESS_NOT_PUBLIC},
	{"::1", 80, "", "80", ADDRESS_NOT_PUBLIC},
	{"::ffff:10.0.0.1", 80, "", "80", ADDRESS_NOT_PUBLIC},
	{"64:ff9b::10.0.0.1", 80, "", "80", ADDRESS_NOT_PUBLIC},
	{"fd00::1", 80, "", "80", ADDRESS_NOT_PUBLIC},
	/* open: that and no more, however it is wrapped */
	{"10.0.0.1", 80, "10.0.0.0/8", "80", ADDRESS_ALLOWED},
	{"::ffff:10.0.0.1", 80, "10.0.0.0/8", "80", ADDRESS_ALLOWED},
	{"64:ff9b::10.0.0.1", 80, "10.0.0.0/8", "80", ADDRESS_ALLOWED},
	{"64:ff9b:1::10.0.0.1", 80, "10.0.0.0/8", "80", ADDRESS_NOT_PUBLIC},
	{"2002:a00:1::", 80, "10.0.0.0/8", "80", ADDRESS_NOT_PUBLIC},
	{"::10.0.0.1", 80, "10.0.0.0/8", "80", ADDRESS_NOT_PUBLIC},
	{"11.0.0.1", 80, "10.0.0.0/8", "80", ADDRESS_ALLOWED},
	{"192.168.0.1", 80, "10.0.0.0/8", "80", ADDRESS_NOT_PUBLIC},
	{"192.168.0.1", 80, "10.0.0.0/8,192.168.0.1", "80", ADDRESS_ALLOWED},
	{"192.168.0.2", 80, "10.0.0.0/8,192.168.0.1", "80", ADDRESS_NOT_PUBLIC},
	{"::1", 80, "127.0.0.0/8", "80", ADDRESS_NOT_PUBLIC},
	{"127.0.0.1", 80, "::1", "80", ADDRESS_NOT_PUBLIC},
	{"fd00::1", 80, "fd00::/8", "80", ADDRESS_ALLOWED},
	{"fc00::1", 80, "fd00::/8", "80", ADDRESS_NOT_PUBLIC},
	{"10.0.0.1", 80, "64:ff9b::/96", "80", ADDRESS_NOT_PUBLIC},
	{"64:ff9b::10.0.0.1", 80, "64:ff9b::/96", "80", ADDRESS_NOT_PUBLIC},
	{"64:ff9b:1::10.0.0.1", 80, "64:ff9b:1::/48", "80", ADDRESS_ALLOWED},
	{"169.254.169.254", 80, "0.0.0.0/0", "80", ADDRESS_ALLOWED},
	{"::1", 80, "0.0.0.0/0", "80", ADDRESS_NOT_PUBLIC},
	/* the machine's own: 8.8.4.4, 2606:4700::5 and, behind NAT64, 9.9.9.9 */
	{"8.8.4.4", 80, "", "80", ADDRESS_OWN},
	{"::ffff:8.8.4.4", 80, "", "80", ADDRESS_OWN},
	{"64:ff9b::8.8.4.4", 80, "", "80", ADDRESS_OWN},
	{"9.9.9.9", 80, "", "80", ADDRESS_OWN},
	{"::ffff:9.9.9.9", 80, "", "80", ADDRESS_OWN},
	{"64:ff9b::9.9.9.9", 80, "", "80", ADDRESS_OWN},
	{"2606:4700::5", 80, "", "80", ADDRESS_OWN},
	{"2606:4700::4", 80, "", "80", ADDRESS_ALLOWED},
	{"8.8.4.5", 80, "", "80", ADDRESS_ALLOWED},
	{"2002:808:404::", 80, "", "80", ADDRESS_NOT_PUBLIC},
	{"8.8.4.4", 8080, "", "80", ADDRESS_PORT_CLOSED},
	{"10.0.0.5", 80, "", "80", ADDRESS_NOT_PUBLIC},
	{"8.8.4.4", 80, "8.8.4.4", "80", ADDRESS_ALLOWED},
	{"64:ff9b::8.8.4.4", 80, "8.8.0.0/16", "80", ADDRESS_ALLOWED},
	{"8.8.4.4", 80, "10.0.0.0/8", "80", ADDRESS_OWN},
	{"10.0.0.5", 80, "10.0.0.0/8", "80", ADDRESS_ALLOWED},
	{"127.0.0.1", 80, "127.0.0.0/8", "80", ADDRESS_ALLOWED},
};

static void judges(void **state)
{
	(void)state;
	static const char *const machine[] = {
		"127.0.0.1", "::1", "10.0.0.5", "8.8.4.4", "2606:4700::5", "64:ff9b::9.9.9.9"};
	struct address_list own;
	assert_int_equal(fill(&own, machine, COUNT(machine)), 0);
	for (size_t i = 0; i < COUNT(cases); i++) {
		union any address;
		struct network_list open;
		struct port_list ports;
		size_t item;
		make(&address, cases[i].address, cases[i].port);
		assert_int_equal(network_list_parse(slice_view(cases[i].open), &open, &item), 0);
		assert_int_equal(port_list_parse(slice_view(cases[i].ports), &ports, &item), 0);
		enum address_verdict verdict = address_judge(&address.any, &open, &ports, &own);
		if (verdict != cases[i].verdict) {
			fail_msg("%s, port %u, open \"%s\": %d", cases[i].address, cases[i].port,
				cases[i].open, verdict);
		}
	}
}

/* Nothing can be opened for them: not even everything helps. */
static void opens_no_scopes_and_families(void **state)
{
	(void)state;
	struct network_list everything = {.at = {{.bits = 0}}, .count = 1};
	struct port_list ports = {.at = {80}, .count = 1};
	struct address_list own = {.count = 0};
	union any address;
	make(&address, "fe80::1", 80);
	assert_int_equal(address_judge(&address.any, &everything, &ports, &own), ADDRESS_ALLOWED);
	address.ipv6.sin6_scope_id = 2;
	assert_int_equal(
		address_judge(&address.any, &everything, &ports, &own), ADDRESS_NOT_PUBLIC);
	make(&address, "8.8.8.8", 80)->sa_family = AF_UNIX;
	assert_int_equal(
		address_judge(&address.any, &everything, &ports, &own), ADDRESS_NOT_PUBLIC);
}

/* libcurl hands addresses over wherever they happen to lie. */
static void reads_what_is_not_aligned(void **state)
{
	(void)state;
	_Alignas(8) char bytes[sizeof(struct sockaddr_in6) + 2];
	union any address;
	make(&address, "2001:db8::1", 80);
	memcpy(bytes + 2, &address, sizeof address.ipv6);
	assert_false(address_is_public((const struct sockaddr *)(const void *)(bytes + 2)));
	make(&address, "8.8.8.8", 80);
	memcpy(bytes + 2, &address, sizeof address.ipv4);
	assert_true(address_is_public((const struct sockaddr *)(const void *)(bytes + 2)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(knows_public_addresses),
		cmocka_unit_test(judges_what_is_wrapped),
		cmocka_unit_test(refuses_scopes_and_families),
		cmocka_unit_test(takes_the_machine_s_own),
		cmocka_unit_test(takes_no_more_than_fit),
		cmocka_unit_test(fails_without_the_machine_s_own),
		cmocka_unit_test(judges),
		cmocka_unit_test(opens_no_scopes_and_families),
		cmocka_unit_test(reads_what_is_not_aligned),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
