"""An Internet of the test's own: every address can be dialled for real, and not one packet leaves the machine.

    from harness import internet, main

    class Fetch(...):
        def test_one(self):
            internet.dns.say("files.test", [internet.PUBLIC])
            internet.origin.on("/a", origin.whole(b"bytes"))
            ...
            self.assertEqual(internet.witness.dialled(), {...})

    internet.enter()
    main()

enter() moves the process, and all that it starts, into a network namespace whose only interface is lo. A route makes
each IPv4 and IPv6 address a local one there ("AnyIP") without its being an address of an interface; OWN and OWN6 are
such. The C library asks the test's DNS server, libcurl trusts the test's CA alone. The witness sees every packet.

Needs root, or user namespaces open to everybody, and iproute2 and openssl.
"""
import atexit
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile

from harness.certificates import Certificates
from harness.dns import Dns
from harness.origin import Origin
from harness.process import SBIN, libc
from harness.witness import Witness

# Public, and nothing but a route. Whose they are elsewhere is of no account here.
PUBLIC, PUBLIC6 = "8.8.8.8", "2001:4860:4860::8888"
OTHER, OTHER6 = "9.9.9.9", "2620:fe::fe"
# Public, and nobody is there: whoever dials it is told so at once.
DEAD, DEAD6 = "1.1.1.1", "2606:4700:4700::1111"
# Public, and this machine's own: on its interface.
OWN, OWN6 = "198.41.0.4", "2001:503:ba3e::2:30"
RESOLVER = "127.0.0.53"

CLONE_NEWNS, CLONE_NEWUSER, CLONE_NEWNET = 0x20000, 0x10000000, 0x40000000
MS_BIND, MS_REC, MS_PRIVATE = 4096, 16384, 1 << 18

HOSTS = "127.0.0.1 localhost\n::1 localhost ip6-localhost\n"
RESOLV = "nameserver {}\nsearch .\noptions timeout:{} attempts:1\n"

# Set by enter().
certificates = dns = origin = witness = None


def enter():
    """To be called before any thread or server is started. Ends the program where the machine does not permit it."""
    global certificates, dns, origin, witness
    uid, gid = os.getuid(), os.getgid()
    as_root = unshare(CLONE_NEWNET | CLONE_NEWNS) is None
    if not as_root:
        refused = unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWNS)
        if refused:
            sys.exit(f"this test makes a network of its own and must be root for that, or user namespaces must be open "
                     f"to everybody (sysctl kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000 "
                     f"kernel.apparmor_restrict_unprivileged_userns=0): unshare: {refused}")
        become(0, uid, 0, gid)
    folder = tempfile.mkdtemp(prefix="cdn-internet-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    certificates = Certificates(folder)
    lay_files(folder)
    lay_routes()
    witness = Witness()
    if not as_root:
        # nginx and Redis find only one user in here; better that it is theirs than a root that cannot do what root can.
        unshare(CLONE_NEWUSER)
        become(uid, 0, gid, 0)
    witness.start()
    dns = Dns(RESOLVER)
    origin = Origin(certificates)


def unshare(flags):
    """None, or why not."""
    return None if libc.unshare(flags) == 0 else os.strerror(ctypes.get_errno())


def become(uid, outer_uid, gid, outer_gid):
    """Who we are inside the user namespace just entered."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {outer_uid} 1"), ("gid_map", f"{gid} {outer_gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as f:
            f.write(text)


def lay_files(folder):
    """Put the test's files over those that the C library and libcurl read; only these processes see it."""
    keep_mounts_to_ourselves(folder)
    for path, text in (("/etc/resolv.conf", RESOLV.format(RESOLVER, 3)), ("/etc/hosts", HOSTS),
                       ("/etc/nsswitch.conf", "hosts: files dns\n")):
        ours = os.path.join(folder, os.path.basename(path))
        with open(ours, "w", encoding="ascii") as f:
            f.write(text)
        mount(ours, path, MS_BIND)
    # The whole folder: beside the bundle OpenSSL would look into it for certificates by their hash.
    mount(certificates.trusted, "/etc/ssl/certs", MS_BIND)
    # A cache of names would answer in place of the DNS server, from outside of the namespace.
    if os.path.isdir("/run/nscd"):
        mount(certificates.trusted, "/run/nscd", MS_BIND)


def wait_for_dns(seconds):
    """How long the C library, in all processes, waits for an answer of the DNS server; 3 s unless told."""
    with open(os.path.join(certificates.folder, "resolv.conf"), "w", encoding="ascii") as f:
        f.write(RESOLV.format(RESOLVER, seconds))


def keep_mounts_to_ourselves(folder):
    """In a chroot "/" is no place where a mount begins: step out of it to where one does, and back."""
    if mounted(None, "/", MS_REC | MS_PRIVATE):
        return
    root, here = (os.open(path, os.O_RDONLY | os.O_DIRECTORY) for path in ("/", "."))
    os.chroot(folder)
    os.fchdir(root)
    while not os.path.samestat(os.stat("."), os.stat("..")):
        os.chdir("..")
    mount(None, ".", MS_REC | MS_PRIVATE)
    os.fchdir(root)
    os.chroot(".")
    os.fchdir(here)
    os.close(root)
    os.close(here)


def mounted(source, target, flags):
    return libc.mount(source and source.encode(), target.encode(), None, ctypes.c_ulong(flags), None) == 0


def mount(source, target, flags):
    if not mounted(source, target, flags):
        sys.exit(f"cannot put {source} over {target}: {os.strerror(ctypes.get_errno())}")


def lay_routes():
    for command in ("link set lo up", "route add local default dev lo", "-6 route add local default dev lo",
                    f"route add unreachable {DEAD} table local", f"-6 route add unreachable {DEAD6} table local",
                    f"addr add {OWN}/32 dev lo", f"-6 addr add {OWN6}/128 dev lo nodad"):
        run = subprocess.run(["ip", *command.split()], capture_output=True, text=True,
                             env={"PATH": os.environ.get("PATH", "/usr/bin:/bin") + ":" + SBIN})
        if run.returncode != 0:
            sys.exit(f"ip {command}: {run.stderr}")
    # Otherwise the ports of an origin are root's.
    with open("/proc/sys/net/ipv4/ip_unprivileged_port_start", "w", encoding="ascii") as f:
        f.write("0")
