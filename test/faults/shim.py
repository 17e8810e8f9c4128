"""Driving shim.c: which system call of a running worker fails, when and how."""
import errno
import mmap
import os
import struct

from harness import BUILD

CALLS = ["none", "unnamed", "named", "write", "fsync", "close", "link", "unlink", "mkdir", "rename", "lock", "syncfs"]
EFFECTS = ["fail", "lie", "short"]
FOREVER = 1 << 30
LAYOUT = struct.Struct(f"7i{len(CALLS)}i")


class Shim:
    """env() goes to the worker; then strike() and rest() as often as wanted."""

    def __init__(self, folder):
        self.folder = folder
        # What O_TMPFILE always fails with, as on filesystems that do not know it; 0: it works.
        self.no_unnamed = 0
        self.path = os.path.join(folder.run, "shim")
        with open(self.path, "wb") as f:
            f.write(bytes(LAYOUT.size))
        with open(self.path, "r+b") as f:
            self.memory = mmap.mmap(f.fileno(), LAYOUT.size)

    def env(self):
        return {
            "LD_PRELOAD": os.path.join(BUILD, "libshim.so"), "CDN_SHIM_CONTROL": self.path,
            "CDN_SHIM_STORE": self.folder.data,
            # The sanitizers want to come first, and do without it.
            "ASAN_OPTIONS": "detect_leaks=1:exitcode=99:verify_asan_link_order=0",
        }

    def strike(self, call, error, nth=1, times=1, effect="fail"):
        number = getattr(errno, error) if isinstance(error, str) else error
        self.memory[:] = LAYOUT.pack(
            CALLS.index(call), number, EFFECTS.index(effect), nth, times, self.no_unnamed, 0, *[0] * len(CALLS))

    def rest(self):
        """No more faults; how often the last one struck."""
        hits = self.hits
        self.strike("none", 0)
        return hits

    @property
    def hits(self):
        return LAYOUT.unpack(self.memory[:])[6]

    def calls(self):
        """How many calls of each kind there were since the last strike or rest."""
        return dict(zip(CALLS, LAYOUT.unpack(self.memory[:])[7:]))

    def close(self):
        self.memory.close()
