"""enter.py ROOT COMMAND...: make ROOT, a mount, the root of this mount namespace, and run the command there.

Not chroot: in one the kernel refuses user namespaces, which PrivateUsers= takes. So that this works where a chroot is all there
is, the namespace is entered once more, which leads to its own root; ROOT is moved over that.
"""
import ctypes
import os
import sys

CLONE_NEWNS, MS_MOVE = 0x20000, 0x2000
libc = ctypes.CDLL(None, use_errno=True)


def check(result):
    if result != 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))


root = os.open(sys.argv[1], os.O_DIRECTORY)
check(libc.setns(os.open("/proc/self/ns/mnt", os.O_RDONLY), CLONE_NEWNS))
os.fchdir(root)
check(libc.mount(b".", b"/", None, MS_MOVE, None))
os.chroot(".")
os.closerange(3, 1024)
os.execvp(sys.argv[2], sys.argv[2:])
