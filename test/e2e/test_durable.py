"""201 means on disk: what a worker asks of the kernel, and in which order, seen by a library in front of libc."""
import os
import subprocess
import tempfile

from harness import RELEASE, Site, SiteCase, main
from harness.samples import png

# Each call is one line: fsync and link by inode and path, and what is sent to Redis by its first words.
RECORDER = r"""
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void note(const char *format, ...)
{
	char line[1024];
	va_list arguments;
	va_start(arguments, format);
	int n = vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	int fd = open(getenv("RECORD"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (fd >= 0 && n > 0 && write(fd, line, (size_t)n) == n) {
		close(fd);
	}
}

static const char *path_of(int fd, char *out, size_t size)
{
	char link[64];
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	ssize_t n = readlink(link, out, size - 1);
	out[n < 0 ? 0 : n] = '\0';
	return out;
}

static unsigned long inode(int fd)
{
	struct stat st;
	return fstat(fd, &st) == 0 ? (unsigned long)st.st_ino : 0;
}

int fsync(int fd)
{
	char path[512];
	int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
	int status = real(fd);
	note("fsync %lu %s %d\n", inode(fd), path_of(fd, path, sizeof path), status);
	return status;
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
	struct stat st;
	int (*real)(int, const char *, int, const char *, int) =
		(int (*)(int, const char *, int, const char *, int))dlsym(RTLD_NEXT, "linkat");
	int status = real(from, old, to, new, flags);
	if (status == 0 && fstatat(to, new, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		note("link %lu %s\n", (unsigned long)st.st_ino, new);
	}
	return status;
}

int unlinkat(int at, const char *path, int flags)
{
	int (*real)(int, const char *, int) = (int (*)(int, const char *, int))dlsym(RTLD_NEXT, "unlinkat");
	int status = real(at, path, flags);
	note("unlink %s %d\n", path, status);
	return status;
}

int mkdirat(int at, const char *path, mode_t mode)
{
	int (*real)(int, const char *, mode_t) = (int (*)(int, const char *, mode_t))dlsym(RTLD_NEXT, "mkdirat");
	int status = real(at, path, mode);
	note("mkdir %s %d\n", path, status);
	return status;
}

static void note_command(int fd, const char *bytes, size_t n)
{
	struct stat st;
	if (n > 1 && *bytes == '*' && fstat(fd, &st) == 0 && S_ISSOCK(st.st_mode)) {
		note("redis %s\n", memmem(bytes, n, "EVALSHA", 7) ? "EVALSHA" : "other");
	}
}

/* hiredis writes by one of these, depending on its version. */
ssize_t send(int fd, const void *bytes, size_t n, int flags)
{
	ssize_t (*real)(int, const void *, size_t, int) =
		(ssize_t (*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send");
	note_command(fd, bytes, n);
	return real(fd, bytes, n, flags);
}

ssize_t write(int fd, const void *bytes, size_t n)
{
	ssize_t (*real)(int, const void *, size_t) = (ssize_t (*)(int, const void *, size_t))dlsym(RTLD_NEXT, "write");
	note_command(fd, bytes, n);
	return real(fd, bytes, n);
}
"""


class Case(SiteCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.record = os.path.join(cls.folder.name, "record")
        library = os.path.join(cls.folder.name, "recorder.so")
        subprocess.run(["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", library, "-ldl"], input=RECORDER, text=True,
                       check=True)
        # The release: the sanitizers want to be the first library themselves.
        cls.site = Site(settings=cls.settings, build=RELEASE, workers=1,
                        env={"LD_PRELOAD": library, "RECORD": cls.record}).start()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.folder.cleanup()

    def recorded(self, act):
        """(what act returned, the lines of what the worker did meanwhile), each a list of words."""
        if os.path.exists(self.record):
            os.unlink(self.record)
        answer = act()
        with open(self.record, encoding="utf-8") as f:
            return answer, [line.split() for line in f.read().splitlines()]

    def at(self, lines, *words, after=-1):
        """The place of the first line after `after` that starts with these words."""
        for i, line in enumerate(lines):
            if i > after and line[:len(words)] == list(words):
                return i
        self.fail(f"no {words} after line {after} of {lines}")

    def sync_of(self, lines, path, after=-1):
        """Where a folder of the store was synced, and the kernel said 0."""
        full = os.path.join(os.path.realpath(self.site.folder.data), path)
        for i, line in enumerate(lines):
            if i > after and line[0] == "fsync" and line[2] == full and line[-1] == "0":
                return i
        self.fail(f"no fsync of {path} after line {after} of {lines}")


class OnDisk(Case):
    def test_bytes_record_and_folders_before_redis_is_told(self):
        for data, ext in [(png(), "png"), (b"\1\2\3\xfe\xff" * 100_000, "bin"), (b"", "bin")]:
            answer, lines = self.recorded(lambda: self.site.upload(data, "a"))
            self.assertEqual(answer.status, 201)
            made, shard = answer.json, answer.json["id"][-3:]
            commit = self.at(lines, "redis", "EVALSHA")
            places = []
            for top, name in [("files", f"{made['id']}.{ext}"), ("records", made["id"] + ".json")]:
                path = f"{top}/{shard}/{name}"
                linked = next(i for i, line in enumerate(lines) if line[0] == "link" and line[2] == path)
                synced = self.at(lines, "fsync", lines[linked][1])
                self.assertEqual(lines[synced][-1], "0")
                folder = self.sync_of(lines, f"{top}/{shard}", after=linked)
                self.assertTrue(synced < linked < folder < commit, lines)
                made_folder = [i for i, line in enumerate(lines) if line == ["mkdir", f"{top}/{shard}", "0"]]
                if made_folder:
                    self.assertLess(self.sync_of(lines, top, after=made_folder[0]), commit)
                places.append((synced, linked))
            # A record never names a file that is not there yet.
            self.assertLess(places[0][1], places[1][1])

    def test_a_delete_unlinks_before_redis_is_told(self):
        made = self.site.upload(png(), "a.png").json
        shard = made["id"][-3:]
        _, lines = self.recorded(lambda: self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=True))
        file = self.at(lines, "unlink", f"files/{shard}/{made['id']}.png", "0")
        record = self.at(lines, "unlink", f"records/{shard}/{made['id']}.json", "0")
        self.assertLess(file, record)
        # Redis was asked before whose it is.
        told = self.at(lines, "redis", "EVALSHA", after=file)
        self.assertLess(self.sync_of(lines, f"files/{shard}", after=file), told)
        self.assertLess(self.sync_of(lines, f"records/{shard}", after=record), told)


class OnlyInTheCache(Case):
    settings = {"CDN_FSYNC": "off"}

    def test_nothing_is_synced(self):
        answer, lines = self.recorded(lambda: self.site.upload(png(), "a.png"))
        self.assertEqual(answer.status, 201)
        self.assertEqual([line for line in lines if line[0] == "fsync"], [])
        self.assertEqual(len([line for line in lines if line[0] == "link"]), 2)


main()
