"""cage.py NAME COMMAND...: run the command in a cgroup of its own, and remove that, with all below it, when the command ends.

Of cgroup2 alone: systemd, where it finds that and nothing else, leaves the older hierarchies as they are. It is mounted in a
mount namespace of this process, so that it works the same wherever the machine has it, or if the machine has it nowhere.
"""
import ctypes
import os
import signal
import subprocess
import sys
import time

CLONE_NEWNS, MS_REC, MS_PRIVATE, MNT_DETACH, PR_SET_PDEATHSIG = 0x20000, 0x4000, 0x40000, 2, 1
TOP = "/sys/fs/cgroup"
libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


def make(name):
    """Below the one that this process is in, which may be all that it may change."""
    check(libc.unshare(CLONE_NEWNS))
    check(libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None))
    # Here alone, and with it the older ones below it; it fails where nothing is mounted.
    libc.umount2(TOP.encode(), MNT_DETACH)
    check(libc.mount(b"cgroup2", TOP.encode(), b"cgroup2", 0, None))
    with open("/proc/self/cgroup", encoding="utf-8") as f:
        own = next(line.rstrip("\n").removeprefix("0::") for line in f if line.startswith("0::"))
    path = os.path.join(TOP, own.lstrip("/"), name)
    os.mkdir(path)
    return path


def remove(path):
    """From the bottom up. Of those who were in it the last may still be ending."""
    end = time.monotonic() + 10
    while os.path.exists(path):
        for folder, _, _ in os.walk(path, topdown=False):
            try:
                os.rmdir(folder)
            except OSError:
                if time.monotonic() > end:
                    raise
        time.sleep(0.02)


def run(path, command):
    def enter():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        with open(path + "/cgroup.procs", "w", encoding="ascii") as f:
            f.write("0")

    child = subprocess.Popen(command, preexec_fn=enter)
    try:
        return child.wait()
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        child.kill()
        child.wait()


def main(name, *command):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    path = make(name)
    try:
        return run(path, command)
    finally:
        remove(path)


sys.exit(main(*sys.argv[1:]))
