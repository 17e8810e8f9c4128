/* Lists of address ranges and of ports. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/list.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct {
	const char *text;
	int status;
	size_t count;         /* or the item at fault */
	unsigned first, last; /* ports; or the bits of the networks */
} ports[] =
	{
		{"80", 0, 1, 80, 80},
		{"80,443", 0, 2, 80, 443},
		{" 80 ,\t443 ", 0, 2, 80, 443},
		{"1,65535", 0, 2, 1, 65535},
		{"80,80,80", 0, 3, 80, 80},
		{"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16", 0, 16, 1, 16},
		{"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17", -1, 17, 0, 0},
		{"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,", -1, 17, 0, 0},
		{"", -1, 1, 0, 0},
		{NULL, -1, 1, 0, 0},
		{" ", -1, 1, 0, 0},
		{",", -1, 1, 0, 0},
		{",80", -1, 1, 0, 0},
		{"80,", -1, 2, 0, 0},
		{"80, ", -1, 2, 0, 0},
		{"80,,443", -1, 2, 0, 0},
		{"0", -1, 1, 0, 0},
		{"80,0", -1, 2, 0, 0},
		{"65536", -1, 1, 0, 0},
		{"65616", -1, 1, 0, 0},
		{"18446744073709551696", -1, 1, 0, 0},
		{"-1", -1, 1, 0, 0},
		{"+80", -1, 1, 0, 0},
		{"0x50", -1, 1, 0, 0},
		{"80 443", -1, 1, 0, 0},
		{"80;443", -1, 1, 0, 0},
		{"80-90", -1, 1, 0, 0},
		{"http", -1, 1, 0, 0},
		{"80\n", -1, 1, 0, 0},
},
  networks[] = {
	  {"", 0, 0, 0, 0},
	  {NULL, 0, 0, 0, 0},
	  {" \t", 0, 0, 0, 0},
	  {"10.0.0.0/8", 0, 1, 104, 104},
	  {"10.0.0.0/8,fd00::/8", 0, 2, 104, 8},
	  {" 192.0.2.1 ,\t::1 ", 0, 2, 128, 128},
	  {"::1,::1,::/0", 0, 3, 128, 0},
	  {"::/1,::,::,::,::,::,::,::,::,::,::,::,::,::,::,::/2", 0, 16, 1, 2},
	  {"::/1,::,::,::,::,::,::,::,::,::,::,::,::,::,::,::/2,::", -1, 17, 0, 0},
	  {"::/1,::,::,::,::,::,::,::,::,::,::,::,::,::,::,::/2,", -1, 17, 0, 0},
	  {",", -1, 1, 0, 0},
	  {"::1,", -1, 2, 0, 0},
	  {",::1", -1, 1, 0, 0},
	  {"::1,,::1", -1, 2, 0, 0},
	  {"::1 ::1", -1, 1, 0, 0},
	  {"::1;::1", -1, 1, 0, 0},
	  {"::1\n", -1, 1, 0, 0},
	  {"10.0.0.0/8,10.0.0.1/8", -1, 2, 0, 0},
	  {"10.0.0.0 /8", -1, 1, 0, 0},
	  {"10.0.0.0-10.0.0.9", -1, 1, 0, 0},
	  {"localhost", -1, 1, 0, 0},
};

static void reads_ports(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(ports); i++) {
		struct port_list list;
		size_t item;
		int status = port_list_parse(slice_view(ports[i].text), &list, &item);
		if (status != ports[i].status) {
			fail_msg("\"%s\": %d", ports[i].text, status);
		}
		assert_int_equal(status == 0 ? list.count : item, ports[i].count);
		if (status == 0) {
			assert_int_equal(list.at[0], ports[i].first);
			assert_int_equal(list.at[list.count - 1], ports[i].last);
		}
	}
}

static void reads_networks(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(networks); i++) {
		struct network_list list;
		size_t item;
		int status = network_list_parse(slice_view(networks[i].text), &list, &item);
		if (status != networks[i].status) {
			fail_msg("\"%s\": %d", networks[i].text, status);
		}
		assert_int_equal(status == 0 ? list.count : item, networks[i].count);
		if (status == 0 && list.count) {
			assert_int_equal(list.at[0].bits, networks[i].first);
			assert_int_equal(list.at[list.count - 1].bits, networks[i].last);
		}
	}
}

static void has_what_was_listed(void **state)
{
	(void)state;
	struct port_list some, none = {.at = {80}};
	struct network_list open, closed = {.at = {{.bits = 0}}};
	struct network inside, outside;
	size_t item;
	assert_int_equal(port_list_parse(slice_view("80,443"), &some, &item), 0);
	assert_true(port_list_has(&some, 80));
	assert_true(port_list_has(&some, 443));
	assert_false(port_list_has(&some, 0));
	assert_false(port_list_has(&some, 81));
	assert_false(port_list_has(&none, 80));
	assert_int_equal(network_list_parse(slice_view("::1,10.0.0.0/8"), &open, &item), 0);
	assert_int_equal(network_parse(slice_view("10.1.2.3"), &inside), 0);
	assert_int_equal(network_parse(slice_view("11.1.2.3"), &outside), 0);
	assert_true(network_list_has(&open, inside.bytes));
	assert_false(network_list_has(&open, outside.bytes));
	assert_false(network_list_has(&closed, inside.bytes));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_ports),
		cmocka_unit_test(reads_networks),
		cmocka_unit_test(has_what_was_listed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
