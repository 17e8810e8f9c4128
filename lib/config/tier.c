/* The tiers and their names. */
#include "config/config.h"

static const char *const names[TIER__COUNT] = {
	[TIER_UNVERIFIED] = "unverified",
	[TIER_VERIFIED] = "verified",
	[TIER_FUNCTIONALLY_UNLIMITED] = "functionally_unlimited",
};

const char *tier_name(enum tier tier)
{
	return names[tier];
}

int tier_parse(struct slice name, enum tier *out)
{
	for (enum tier t = 0; t < TIER__COUNT; t++) {
		if (slice_equal_str(name, names[t])) {
			*out = t;
			return 0;
		}
	}
	return -1;
}
