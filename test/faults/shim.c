/*
 * shim.c - system calls that fail on demand, preloaded into a worker.
 *
 * CDN_SHIM_CONTROL is a file of sizeof(struct control) bytes, shared with the test that drives it
 * (shim.py has the same layout); CDN_SHIM_STORE is the store's folder: calls that touch nothing in
 * it are left alone.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum call {
	NONE,
	UNNAMED,
	NAMED,
	WRITE,
	FSYNC,
	CLOSE,
	LINK,
	UNLINK,
	MKDIR,
	RENAME,
	LOCK,
	SYNCFS,
	CALL__COUNT
};

enum effect {
	FAIL,  /* the call does nothing and fails */
	LIE,   /* the call does its work and says that it failed */
	SHORT, /* a write takes half of what it is given */
};

struct control {
	int32_t call, error, effect;
	int32_t nth, times; /* the nth call from now on, counted from 1, and how often */
	int32_t no_unnamed; /* what O_TMPFILE always fails with, unless 0 */
	int32_t hits;       /* out: how often it struck */
	int32_t calls[CALL__COUNT];
};

static struct control *control;
static const char *store;

__attribute__((constructor)) static void start(void)
{
	const char *path = getenv("CDN_SHIM_CONTROL");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	store = getenv("CDN_SHIM_STORE");
	if (fd >= 0 && store) {
		void *p = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		control = p == MAP_FAILED ? NULL : p;
	}
	if (fd >= 0) {
		close(fd);
	}
}

/* Whether this call, the nth of its kind, is to be struck. */
static int strikes(enum call call)
{
	if (!control) {
		return 0;
	}
	int32_t nth = __atomic_add_fetch(&control->calls[call], 1, __ATOMIC_SEQ_CST);
	if (control->call != (int32_t)call || nth < control->nth ||
		nth - control->nth >= control->times) {
		return 0;
	}
	__atomic_add_fetch(&control->hits, 1, __ATOMIC_SEQ_CST);
	errno = control->error;
	return 1;
}

/* A descriptor of a file or folder in the store. */
static int is_in_store(int fd)
{
	char link[64], path[4096];
	int saved = errno;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = store ? readlink(link, path, sizeof path - 1) : -1;
	errno = saved;
	return n > 0 && strncmp(path, store, strlen(store)) == 0;
}

static int is_regular(int fd)
{
	struct stat st;
	int saved = errno;
	int regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
	errno = saved;
	return regular;
}

/* The function that this file stands in front of. */
static void find(void *function, const char *name)
{
	void *found = dlsym(RTLD_NEXT, name);
	memcpy(function, &found, sizeof found);
}

int openat(int folder, const char *path, int flags, ...)
{
	static int (*next)(int, const char *, int, ...);
	va_list args;
	va_start(args, flags);
	mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(args, mode_t) : 0;
	va_end(args);
	if (!next) {
		find(&next, "openat");
	}
	if ((flags & O_TMPFILE) == O_TMPFILE) {
		if (control && control->no_unnamed) {
			errno = control->no_unnamed;
			return -1;
		}
		if (strikes(UNNAMED)) {
			return -1;
		}
	}
	if (flags & O_CREAT && is_in_store(folder) && strikes(NAMED)) {
		return -1;
	}
	return next(folder, path, flags, mode);
}

/* What a program calls that was built for large files. */
int openat64(int, const char *, int, ...) __attribute__((alias("openat")));

ssize_t write(int fd, const void *bytes, size_t n)
{
	static ssize_t (*next)(int, const void *, size_t);
	if (!next) {
		find(&next, "write");
	}
	if (!is_in_store(fd) || !strikes(WRITE)) {
		return next(fd, bytes, n);
	}
	return control->effect == SHORT ? next(fd, bytes, (n + 1) / 2) : -1;
}

int fsync(int fd)
{
	static int (*next)(int);
	if (!next) {
		find(&next, "fsync");
	}
	return is_in_store(fd) && strikes(FSYNC) ? -1 : next(fd);
}

/* A close that fails closes all the same. */
int close(int fd)
{
	static int (*next)(int);
	if (!next) {
		find(&next, "close");
	}
	int struck = control && is_in_store(fd) && is_regular(fd) && strikes(CLOSE);
	int error = errno, status = next(fd);
	if (struck) {
		errno = error;
		return -1;
	}
	return status;
}

int linkat(int from_folder, const char *from, int folder, const char *path, int flags)
{
	static int (*next)(int, const char *, int, const char *, int);
	if (!next) {
		find(&next, "linkat");
	}
	if (!strikes(LINK)) {
		return next(from_folder, from, folder, path, flags);
	}
	if (control->effect == LIE && next(from_folder, from, folder, path, flags) == 0) {
		errno = control->error;
	}
	return -1;
}

int unlinkat(int folder, const char *path, int flags)
{
	static int (*next)(int, const char *, int);
	if (!next) {
		find(&next, "unlinkat");
	}
	return strikes(UNLINK) ? -1 : next(folder, path, flags);
}

int mkdirat(int folder, const char *path, mode_t mode)
{
	static int (*next)(int, const char *, mode_t);
	if (!next) {
		find(&next, "mkdirat");
	}
	return strikes(MKDIR) ? -1 : next(folder, path, mode);
}

int renameat(int from_folder, const char *from, int folder, const char *path)
{
	static int (*next)(int, const char *, int, const char *);
	if (!next) {
		find(&next, "renameat");
	}
	if (!strikes(RENAME)) {
		return next(from_folder, from, folder, path);
	}
	if (control->effect == LIE && next(from_folder, from, folder, path) == 0) {
		errno = control->error;
	}
	return -1;
}

int flock(int fd, int operation)
{
	static int (*next)(int, int);
	if (!next) {
		find(&next, "flock");
	}
	return is_in_store(fd) && strikes(LOCK) ? -1 : next(fd, operation);
}

int syncfs(int fd)
{
	static int (*next)(int);
	if (!next) {
		find(&next, "syncfs");
	}
	return is_in_store(fd) && strikes(SYNCFS) ? -1 : next(fd);
}
