"""The files of the tree that the gates look at: everything but what is built, run or fetched."""
import fnmatch
import os
import sys

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
NOT_OURS = ["build", "build-*", "var", "__pycache__", "node_modules", ".*"]


def ours(name):
    return not any(fnmatch.fnmatch(name, pattern) for pattern in NOT_OURS)


def files(*patterns):
    """Paths relative to the checkout, sorted, whose names match one of the patterns."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = sorted(filter(ours, folders))
        for name in sorted(names):
            if any(fnmatch.fnmatch(name, pattern) for pattern in patterns):
                found.append(os.path.relpath(os.path.join(folder, name), ROOT))
    return found


def text(path):
    with open(os.path.join(ROOT, path), encoding="utf-8", errors="replace") as f:
        return f.read()


def verdict(faults):
    """End the gate: each fault is a line, none is success."""
    for fault in faults:
        print(fault)
    sys.exit(1 if faults else 0)
