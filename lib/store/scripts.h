/*
 * store/scripts.h - the Lua scripts, by enum redis_script.
 */
#ifndef STORE_SCRIPTS_H
#define STORE_SCRIPTS_H

#include "base/buf.h"
#include "store/redis.h"

enum { SCRIPT_TEXT_MAX = 8 * 1024 };

/* The whole text of a script: what all have in common, then its own. Below SCRIPT_TEXT_MAX bytes. */
void script_text(enum redis_script script, struct buf *out);

#endif
