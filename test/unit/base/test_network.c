/* Ranges of IP addresses, from text and compared. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/network.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
	const char *text;
	struct network network;
} good[] = {
	{"10.0.0.0/8", {{[10] = 0xff, 0xff, 10}, 104}},
	{"192.0.2.1", {{[10] = 0xff, 0xff, 192, 0, 2, 1}, 128}},
	{"192.0.2.1/32", {{[10] = 0xff, 0xff, 192, 0, 2, 1}, 128}},
	{"192.0.2.0/31", {{[10] = 0xff, 0xff, 192, 0, 2, 0}, 127}},
	{"128.0.0.0/1", {{[10] = 0xff, 0xff, 128}, 97}},
	{"0.0.0.0/0", {{[10] = 0xff, 0xff}, 96}},
	{"255.255.255.255", {{[10] = 0xff, 0xff, 255, 255, 255, 255}, 128}},
	{"172.16.0.0/12", {{[10] = 0xff, 0xff, 172, 16}, 108}},
	{"fd00::/8", {{0xfd}, 8}},
	{"FD00::/8", {{0xfd}, 8}},
	{"::1", {{[15] = 1}, 128}},
	{"::1/128", {{[15] = 1}, 128}},
	{"::/0", {{0}, 0}},
	{"::", {{0}, 128}},
	{"2000::/3", {{0x20}, 3}},
	{"fe80::/10", {{0xfe, 0x80}, 10}},
	{"2001:db8:0:0:0:0:0:1", {{0x20, 0x01, 0x0d, 0xb8, [15] = 1}, 128}},
	{"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
		{{255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255},
			128}},
	{"::ffff:10.0.0.0/104", {{[10] = 0xff, 0xff, 10}, 104}},
	{"::ffff:0:0/96", {{[10] = 0xff, 0xff}, 96}},
	{"64:ff9b::10.0.0.0/104", {{0, 0x64, 0xff, 0x9b, [12] = 10}, 104}},
};

static void parses_what_inet_pton_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		struct network network = {0};
		if (network_parse(slice_view(good[i].text), &network) != 0) {
			fail_msg("%s", good[i].text);
		}
		assert_memory_equal(network.bytes, good[i].network.bytes, NETWORK_BYTES);
		assert_int_equal(network.bits, good[i].network.bits);
	}
	/* A slice ends where it ends. */
	struct network network;
	assert_int_equal(network_parse(slice_of("10.0.0.0/81", 10), &network), 0);
	assert_int_equal(network.bits, 104);
}

static void refuses_the_rest(void **state)
{
	(void)state;
	static const char *const bad[] = {
		/* no address */
		"",
		"/",
		"/8",
		"x",
		"localhost",
		"10",
		"10.0.0",
		"10.0.0.",
		"10.0.0.0.0",
		".0.0.0",
		"10..0.0",
		"256.0.0.0",
		"10.0.0.-1",
		"010.0.0.1",
		"0x0a.0.0.1",
		"167772161",
		":",
		":::",
		"1::2::3",
		"fd00:",
		"::10000",
		"::g",
		"1:2:3:4:5:6:7",
		"1:2:3:4:5:6:7:8:9",
		"[::1]",
		"::1%1",
		"::1%lo",
		"fe80::1%eth0/64",
		"::ffff:256.0.0.1",
		/* nothing around it */
		" 10.0.0.0/8",
		"10.0.0.0/8 ",
		"10.0.0.0 /8",
		"10.0.0.0/ 8",
		"10.0.0.0/8\n",
		"\t::1",
		"::1\r",
		"10.0.0.0/8,",
		"10.0.0.1:80",
		/* no prefix */
		"10.0.0.0/",
		"10.0.0.0/x",
		"10.0.0.0/-1",
		"10.0.0.0/+8",
		"10.0.0.0/8.",
		"::/",
		"10.0.0.0/0x8",
		"10.0.0.0/08",
		"10.0.0.0/00",
		"10.0.0.0//8",
		"10.0.0.0/8/8",
		"10.0.0.0/255.0.0.0",
		"10.0.0.0/\xd9\xa8",
		/* longer than the address */
		"10.0.0.0/33",
		"10.0.0.0/104",
		"10.0.0.0/128",
		"::/129",
		"::/4294967296",
		"::/18446744073709551616",
		"10.0.0.0/18446744073709551624",
		/* bits beyond it */
		"10.0.0.1/8",
		"10.1.0.0/8",
		"10.128.0.0/8",
		"10.0.0.0/6",
		"10.0.0.1/31",
		"0.0.0.1/0",
		"128.0.0.0/0",
		"::1/127",
		"::1/0",
		"8000::/0",
		"fd00::/7",
		"fd80::/8",
		"fd00::1/8",
		"2001:db8::1/64",
		"::ffff:10.0.0.0/8",
		/* longer than any address */
		"0000:0000:0000:0000:0000:ffff:255.255.255.2550",
		"0000000000000000000000000000000000000000000000000000000000000000",
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct network network;
		if (network_parse(slice_view(bad[i]), &network) != -1) {
			fail_msg("%s", bad[i]);
		}
	}
	struct network network;
	assert_int_equal(network_parse(slice_of("10.0.0.1\0", 9), &network), -1);
	assert_int_equal(network_parse(slice_of("10.0.0.1\0/32", 12), &network), -1);
	assert_int_equal(network_parse(slice_of("10.0.0.0/8\0", 11), &network), -1);
}

static const struct {
	const char *network, *address;
	bool has;
} pairs[] = {
	{"10.0.0.0/8", "10.0.0.0", true},
	{"10.0.0.0/8", "10.255.255.255", true},
	{"10.0.0.0/8", "9.255.255.255", false},
	{"10.0.0.0/8", "11.0.0.0", false},
	{"10.0.0.0/8", "::10.0.0.0", false},
	{"10.0.0.0/8", "::ffff:10.0.0.1", true},
	{"192.0.2.1", "192.0.2.1", true},
	{"192.0.2.1", "192.0.2.0", false},
	{"192.0.2.1", "192.0.2.3", false},
	{"192.0.2.2/31", "192.0.2.3", true},
	{"192.0.2.2/31", "192.0.2.1", false},
	{"192.0.2.2/31", "192.0.2.4", false},
	{"0.0.0.0/0", "255.255.255.255", true},
	{"0.0.0.0/0", "::1", false},
	{"0.0.0.0/0", "::fffe:ffff:ffff", false},
	{"::/0", "ffff::", true},
	{"::/0", "10.0.0.1", true},
	{"8000::/1", "8000::", true},
	{"8000::/1", "ffff::", true},
	{"8000::/1", "7fff:ffff::", false},
	{"2000::/3", "3fff:ffff::", true},
	{"2000::/3", "4000::", false},
	{"2000::/3", "1fff:ffff::", false},
	{"fd00::/8", "fd00::1", true},
	{"fd00::/8", "fc00::1", false},
	{"fe80::/10", "febf::1", true},
	{"fe80::/10", "fec0::1", false},
	{"::1", "::1", true},
	{"::1", "::", false},
	{"::1", "127.0.0.1", false},
};

static void has_its_own_and_no_other(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(pairs); i++) {
		struct network network, address;
		assert_int_equal(network_parse(slice_view(pairs[i].network), &network), 0);
		assert_int_equal(network_parse(slice_view(pairs[i].address), &address), 0);
		if (network_has(&network, address.bytes) != pairs[i].has) {
			fail_msg("%s in %s", pairs[i].address, pairs[i].network);
		}
	}
}

/* Every length of prefix: the last bit inside counts, the first one beyond does not. */
static void counts_every_bit(void **state)
{
	(void)state;
	for (unsigned bits = 0; bits <= NETWORK_BITS; bits++) {
		struct network network = {.bits = bits};
		for (unsigned bit = 0; bit < NETWORK_BITS; bit++) {
			unsigned char address[NETWORK_BYTES] = {0};
			address[bit / 8] = (unsigned char)(0x80 >> bit % 8);
			assert_int_equal(network_has(&network, address), bit >= bits);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(parses_what_inet_pton_does),
		cmocka_unit_test(refuses_the_rest),
		cmocka_unit_test(has_its_own_and_no_other),
		cmocka_unit_test(counts_every_bit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
