"""The Internet that tests of fetching stand on: that it answers, and that nothing goes unseen in it."""
import os
import socket
import ssl
import subprocess
import sys
import time
import unittest

from harness import internet, main, origin

ADDRESSES = [
    "127.0.0.1", "127.9.8.7", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.1.2.3",
    "192.0.2.1",
    "198.18.0.1", "240.0.0.1", "::1", "fc00::1", "fe80::1", "fec0::1", "64:ff9b::a00:1", "2002:a00:1::", "2001:db8::1",
    "::10.0.0.1", internet.PUBLIC, internet.PUBLIC6, internet.OWN, internet.OWN6,
]


def dial(address, port, scope=None):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    target = (address, port) if family == socket.AF_INET else (address, port, 0, scope or socket.if_nametoindex("lo"))
    sock = socket.socket(family)
    sock.settimeout(10)
    sock.connect(target)
    return sock


class Internet(unittest.TestCase):
    def setUp(self):
        internet.origin.clear()
        internet.witness.forget()

    def test_every_address_answers_and_is_seen(self):
        for address in ADDRESSES:
            with self.subTest(address):
                with dial(address, 80) as sock:
                    sock.sendall(b"GET /nothing HTTP/1.1\r\n\r\n")
                    self.assertEqual(sock.recv(12), b"HTTP/1.1 404")
                self.assertEqual(internet.origin.requests[-1].dialled, address)
                self.assertEqual(internet.witness.dialled(), {("tcp", address, 80)})
                internet.witness.forget()

    def test_a_mapped_address_is_seen_as_what_it_is(self):
        with dial("::ffff:10.0.0.1", 80):
            pass
        self.assertEqual(internet.witness.dialled(), {("tcp", "10.0.0.1", 80)})

    def test_one_packet_is_enough(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"x", ("10.0.0.1", 9))
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.sendto(b"x", ("fc00::1", 9))
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex(("10.0.0.2", 9))
        sock.close()
        seen = internet.witness.dialled()
        self.assertLessEqual({("udp", "10.0.0.1", 9), ("udp", "fc00::1", 9), ("tcp", "10.0.0.2", 9)}, seen)

    def test_the_same_way_twice_is_seen_twice(self):
        for _ in range(2):
            internet.witness.forget()
            with socket.socket() as sock:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                # The port is free again at once: a reset leaves nothing behind.
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                sock.bind(("10.0.0.9", 7777))
                sock.connect(("10.0.0.1", 80))
            self.assertEqual(internet.witness.dialled(), {("tcp", "10.0.0.1", 80)})

    def test_nothing_is_missed_in_a_flood(self):
        internet.origin.on("/flood", origin.whole(bytes(100 << 20)))
        with dial(internet.PUBLIC, 80) as sock:
            sock.sendall(b"GET /flood HTTP/1.1\r\n\r\n")
            while sock.recv(1 << 20):
                pass
        self.assertEqual(internet.witness.dialled(), {("tcp", internet.PUBLIC, 80)})

    def test_there_is_no_way_out(self):
        self.assertEqual([name for _, name in socket.if_nameindex() if name != "lo" and interface_up(name)], [])

    def test_own_addresses_are_on_the_interface_and_others_not(self):
        listed = subprocess.run(["ip", "-o", "addr"], capture_output=True, text=True,
                                env={"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin"}).stdout
        self.assertIn(internet.OWN + "/32", listed)
        self.assertIn(internet.OWN6 + "/128", listed)
        self.assertNotIn(internet.PUBLIC, listed)


def interface_up(name):
    with open(f"/sys/class/net/{name}/flags", encoding="ascii") as f:
        return int(f.read(), 16) & 1


class Names(unittest.TestCase):
    def setUp(self):
        internet.witness.forget()

    def look_up(self, name):
        return {found[4][0] for found in socket.getaddrinfo(name, 80, type=socket.SOCK_STREAM)}

    def test_what_the_test_says(self):
        internet.dns.say("both.test", [internet.PUBLIC, internet.PUBLIC6])
        self.assertEqual(self.look_up("both.test"), {internet.PUBLIC, internet.PUBLIC6})
        self.assertEqual(internet.dns.count("both.test"), 1)
        self.assertEqual(internet.witness.dialled(), {("udp", "127.0.0.53", 53)})

    def test_answers_that_change(self):
        internet.dns.say("changes.test", [internet.PUBLIC], ["10.0.0.1"], ["::1"])
        self.assertEqual([self.look_up("changes.test") for _ in range(4)],
                         [{internet.PUBLIC}, {"10.0.0.1"}, {"::1"}, {"::1"}])
        self.assertEqual(internet.dns.count("changes.test"), 4)

    def test_another_name(self):
        internet.dns.say("private.test", ["10.0.0.1", "fc00::1"])
        internet.dns.say("alias.test", ["private.test"])
        self.assertEqual(self.look_up("alias.test"), {"10.0.0.1", "fc00::1"})

    def test_none(self):
        for name in ("nothing.test", "example.com", socket.gethostname() + ".test"):
            with self.assertRaises(socket.gaierror) as caught:
                self.look_up(name)
            self.assertEqual(caught.exception.errno, socket.EAI_NONAME)

    def test_silence(self):
        internet.dns.say("silent.test", "silence")
        began = time.monotonic()
        with self.assertRaises(socket.gaierror) as caught:
            self.look_up("silent.test")
        self.assertEqual(caught.exception.errno, socket.EAI_AGAIN)
        self.assertLess(time.monotonic() - began, 10)

    def test_localhost(self):
        self.assertEqual(self.look_up("localhost"), {"127.0.0.1", "::1"})
        self.assertEqual(internet.witness.dialled(), set())


class Secure(unittest.TestCase):
    """By the curl tool, whose libcurl is the program's: it must find our CA by itself."""

    def curl(self, url):
        return subprocess.run(["curl", "-sS", "--noproxy", "*", url], capture_output=True, text=True, timeout=20)

    def setUp(self):
        internet.origin.on("/a", origin.whole(b"bytes"))

    def test_good(self):
        internet.dns.say("good.test", [internet.PUBLIC])
        for host in ("good.test", internet.PUBLIC, f"[{internet.PUBLIC6}]"):
            run = self.curl(f"https://{host}/a")
            self.assertEqual((run.returncode, run.stdout), (0, "bytes"), run.stderr)
            self.assertTrue(internet.origin.requests[-1].secure)

    def test_bad(self):
        for name, word in (("expired.test", "expired"), ("wrong-name.test", "no alternative certificate subject name"),
                           ("self-signed.test", "self-signed"), ("unknown-ca.test", "unable to get local issuer")):
            internet.dns.say(name, [internet.PUBLIC])
            run = self.curl(f"https://{name}/a")
            self.assertEqual(run.returncode, 60, (name, run))
            self.assertIn(word, run.stderr)


class Permission(unittest.TestCase):
    def test_without_it_the_test_fails(self):
        """A program that may make no network says so and fails."""
        code = ("import ctypes\nfrom harness import internet\n"
                "def no(flags): return 'Operation not permitted'\n"
                "internet.unshare = no\ninternet.enter()")
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
        self.assertEqual(run.returncode, 1)
        self.assertIn("must be root", run.stderr)


internet.enter()
main()
