/* The tiers' names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "config/config.h"

static void test_names(void **state)
{
	(void)state;
	for (enum tier t = 0; t < TIER__COUNT; t++) {
		enum tier back = TIER__COUNT;
		assert_int_equal(tier_parse(slice_view(tier_name(t)), &back), 0);
		assert_int_equal(back, t);
	}
	assert_string_equal(tier_name(TIER_FUNCTIONALLY_UNLIMITED), "functionally_unlimited");
}

static void test_other_words(void **state)
{
	(void)state;
	static const char *const words[] = {
		"", "Verified", "verified ", "verifie", "unlimited", "0", "functionally-unlimited"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		enum tier tier;
		assert_int_equal(tier_parse(slice_view(words[i]), &tier), -1);
	}
	enum tier tier;
	assert_int_equal(tier_parse((struct slice){NULL, 0}, &tier), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_other_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
