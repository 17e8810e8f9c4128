/*
 * store/scripts.h - the Lua scripts, by enum redis_script. Each touches keys of one account only.
 */
#ifndef STORE_SCRIPTS_H
#define STORE_SCRIPTS_H

#include "store/redis.h"

/* What stands in front of each of them. */
extern const char script_prelude[];

extern const char *const script_texts[SCRIPT__COUNT];

#endif
