/*
 * base/banned.h - calls that have no place here, turned into compile errors.
 *
 * Included before every source by the build. The headers come first, so that their own declarations
 * are not caught.
 */
#ifndef BASE_BANNED_H
#define BASE_BANNED_H

#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#undef alloca
#undef strcpy
#undef strcat
#define strcpy(d, s) banned_call_strcpy
#define strcat(d, s) banned_call_strcat
#define strtok(s, d) banned_call_strtok
#define atoi(s) banned_call_atoi
#define gmtime(t) banned_call_gmtime
#define localtime(t) banned_call_localtime
#define alloca(n) banned_call_alloca
#undef sprintf
#define sprintf(...) banned_call_sprintf

#endif
