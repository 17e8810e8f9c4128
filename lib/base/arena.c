/* A request's memory and its deferred actions. */
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

int arena_init(struct arena *a, size_t size)
{
	*a = (struct arena){.block = malloc(size), .size = size};
	return a->block ? 0 : -1;
}

void arena_reset(struct arena *a)
{
	while (a->deferred) {
		struct arena_deferred *d = a->deferred;
		a->deferred = d->next;
		d->run(d->arg);
	}
	a->used = 0;
	a->spare_used = 0;
	a->overflowed = false;
}

void arena_trim(struct arena *a)
{
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t from = ((uintptr_t)a->block + page - 1) / page * page;
	uintptr_t to = ((uintptr_t)a->block + a->size) / page * page;
	if (from < to) {
		madvise((void *)from, to - from, MADV_DONTNEED);
	}
}

void arena_release(struct arena *a)
{
	arena_reset(a);
	free(a->block);
	*a = (struct arena){0};
}

void *arena_take(struct arena *a, size_t n)
{
	size_t at = (a->used + _Alignof(max_align_t) - 1) & ~(_Alignof(max_align_t) - 1);
	if (at > a->size || n > a->size - at) {
		a->overflowed = true;
		return NULL;
	}
	a->used = at + n;
	return a->block + at;
}

void *arena_alloc(struct arena *a, size_t n)
{
	void *p = arena_take(a, n);
	return p ? memset(p, 0, n) : NULL;
}

bool arena_has(const struct arena *a, size_t n)
{
	return !a->overflowed && n <= a->size - a->used;
}

char *arena_dup(struct arena *a, struct slice s)
{
	char *copy = s.n < SIZE_MAX ? arena_take(a, s.n + 1) : NULL;
	if (copy) {
		if (s.n) {
			memcpy(copy, s.p, s.n);
		}
		copy[s.n] = '\0';
	}
	return copy;
}

char *arena_printf(struct arena *a, const char *format, ...)
{
	char *out = a->block + a->used;
	size_t room = a->size - a->used;
	va_list args;
	va_start(args, format);
	int n = vsnprintf(out, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room) {
		a->overflowed = true;
		return NULL;
	}
	a->used += (size_t)n + 1;
	return out;
}

static struct arena_deferred *new_deferred(struct arena *a)
{
	struct arena_deferred *d = arena_take(a, sizeof *d);
	if (!d && a->spare_used < ARENA_SPARE) {
		d = &a->spare[a->spare_used++];
	}
	return d;
}

void arena_defer(struct arena *a, void (*run)(void *arg), void *arg)
{
	struct arena_deferred *d = new_deferred(a);
	if (!d) {
		run(arg);
		return;
	}
	*d = (struct arena_deferred){run, arg, a->deferred};
	a->deferred = d;
}

static void close_fd(void *arg)
{
	close((int)(intptr_t)arg);
}

void arena_defer_close(struct arena *a, int fd)
{
	arena_defer(a, close_fd, (void *)(intptr_t)fd);
}
