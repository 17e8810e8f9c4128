"""Records that a web server would not send: refused or dropped, and the worker answers the next request."""
import socket
import struct
import time

from harness import client, fcgi, main
from harness.process import memory
from worker_case import WorkerCase, noise


class Records(WorkerCase):
    settings = {"CDN_RECEIVE_TIMEOUT": "1"}

    def setUp(self):
        self.before = self.state()
        self.worker_is_well()

    def tearDown(self):
        self.worker_is_well(timeout=4)
        self.assertEqual(self.state(), self.before)
        self.assertEqual(self.site.pool.ends(), 0)

    def send(self, wire, timeout=5, end=False):
        """What comes back: a Reply; its status is None when the connection was just closed."""
        with self.connect(timeout) as sock:
            try:
                sock.sendall(wire)
                if end:
                    sock.shutdown(socket.SHUT_WR)
            except (BrokenPipeError, ConnectionResetError):
                pass
            return fcgi.reply(sock)

    def assertDropped(self, wire):
        began = time.monotonic()
        self.assertIsNone(self.send(wire).status)
        # At once: no need to wait for more.
        self.assertLess(time.monotonic() - began, 0.9)

    UP = fcgi.params(fcgi.environment("GET", "/up"))

    def test_bad_heads(self):
        rows = {
            "version 2": fcgi.record(fcgi.BEGIN, b"\0\1" + bytes(6), version=2) + self.UP,
            "version 0": fcgi.record(fcgi.BEGIN, b"\0\1" + bytes(6), version=0) + self.UP,
            "http": b"GET /up HTTP/1.1\r\nHost: x\r\n\r\n",
            "zeros": bytes(100),
            "no begin": self.UP + fcgi.record(fcgi.STDIN),
            "abort first": fcgi.record(fcgi.ABORT),
            "authorizer": fcgi.begin(role=fcgi.AUTHORIZER) + self.UP,
            "filter": fcgi.begin(role=fcgi.FILTER) + self.UP,
            "role 0": fcgi.begin(role=0) + self.UP,
            "id 0": fcgi.begin(request=0) + fcgi.params(fcgi.environment("GET", "/up"), 0),
            "short begin": fcgi.record(fcgi.BEGIN, b"\0\1") + self.UP,
            "another id": fcgi.begin() + fcgi.params(fcgi.environment("GET", "/up"), 2) + fcgi.record(fcgi.STDIN),
            "two begins": fcgi.begin() + fcgi.begin() + self.UP,
            "unknown type": fcgi.begin() + fcgi.record(99) + self.UP,
            "unknown first": fcgi.record(99, request=0),
            "management": fcgi.record(fcgi.GET_VALUES, fcgi.pair("FCGI_MAX_CONNS", ""), 0) + fcgi.begin() + self.UP,
            "abort in the parameters": fcgi.begin() + fcgi.record(fcgi.PARAMS, fcgi.pair("A", "b")) +
                                       fcgi.record(fcgi.ABORT),
            "body before the end of parameters": fcgi.begin() + fcgi.record(fcgi.PARAMS, fcgi.pair("A", "b")) +
                                                 fcgi.record(fcgi.STDIN, b"x"),
        }
        for name, wire in rows.items():
            with self.subTest(name=name):
                self.assertDropped(wire)
                self.worker_is_well(timeout=2)

    def test_bad_parameters(self):
        long = struct.pack("!I", 0xFFFFFFFF)
        end = fcgi.record(fcgi.PARAMS)
        for name, data in {
                "a name of 2^31-1 bytes": long + b"\0" + b"x" * 100,
                "a value of 2^31-1 bytes": b"\1" + long + b"x" * 100,
                "both": long + long + b"x" * 100,
                "sum that overflows": struct.pack("!II", 0xC0000000, 0xC0000002) + b"x" * 100,
                "cut length": b"\1\1ab\xff\xff",
                "cut value": b"\1\5ab"}.items():
            with self.subTest(name=name):
                self.assertDropped(fcgi.begin() + fcgi.record(fcgi.PARAMS, data) + end)
                self.worker_is_well(timeout=2)

    def test_much(self):
        """10 MB of parameters, as a few and as very many; the memory stays."""
        self.send(fcgi.begin() + self.UP + fcgi.record(fcgi.STDIN))
        pid, = self.site.pool.pids()
        before = memory(pid)["peak"]
        one = fcgi.pair("HTTP_X", "y" * 1000)
        for name, data in {"few": fcgi.pair("HTTP_X", b"y" * 10_000_000), "many": one * 10_000,
                           "tiny": b"\1\0a" * 3_000_000}.items():
            with self.subTest(name=name):
                self.assertIsNone(self.send(fcgi.begin() + fcgi.stream(fcgi.PARAMS, data)).status)
        self.assertIsNone(self.send(fcgi.begin() + fcgi.record(fcgi.PARAMS, b"\0\0") * 100_000).status)
        self.assertLess(memory(pid)["peak"] - before, 2 * 1024 * 1024)

    def test_a_large_head_whose_sender_is_done(self):
        values = fcgi.environment("GET", "/up", {"X-Long": "y" * 6000})
        wire = fcgi.begin() + fcgi.params(values) + fcgi.record(fcgi.STDIN)
        self.assertEqual(self.send(wire, end=True).status, 200)

    def test_as_much_as_allowed(self):
        values = fcgi.environment("GET", "/up", {f"X-{i}": "y" * 1000 for i in range(60)})
        self.assertEqual(self.call(values).status, 200)
        values = fcgi.environment("GET", "/up", {f"X-{i}": "y" for i in range(2000)})
        self.assertEqual(self.call(values).status, 400, "a header left out unseen could be the one that matters")
        values = fcgi.environment("GET", "/api/v4/me", {"Authorization": "Bearer " + "x" * 60_000})
        self.assertEqual(self.call(values).status, 401)

    def test_half_and_silence(self):
        whole = fcgi.begin() + self.UP
        for count in (0, 1, 7, 8, 15, 16, 20, 24, 60, len(whole) - 1):
            with self.connect() as sock:
                sock.sendall(whole[:count])
                # This worker is busy with that; then it is free.
                self.worker_is_well(timeout=4)
                self.assertIsNone(fcgi.reply(sock).status)

    def test_half_and_gone(self):
        whole = fcgi.begin() + self.UP
        for count in range(0, len(whole), 7):
            with self.connect() as sock:
                sock.sendall(whole[:count])
        self.worker_is_well(timeout=1.5)

    def test_trickling_parameters(self):
        """One byte at a time, each in good time: the head as a whole has the receive timeout."""
        whole = fcgi.begin() + self.UP
        with self.connect() as sock:
            began = time.monotonic()
            gone = not client.send(sock, [bytes([byte]) for byte in whole], 0.1)
            self.assertTrue(gone)
            self.assertLess(time.monotonic() - began, 3)
        with self.connect() as sock:
            # Not in more pieces: they stay in the socket until the head is whole, and it holds about 70 of any size.
            client.send(sock, client.cut(whole + fcgi.record(fcgi.STDIN), 5))
            self.assertEqual(fcgi.reply(sock).status, 200)

    def test_bad_bodies(self):
        """Behind a good head; what was sent of the upload is dropped."""
        form = self.form(noise(100_000))
        head = fcgi.begin() + fcgi.params(self.values(form)) + fcgi.record(fcgi.STDIN, form.body()[:50_000])
        for name, record in {
                "abort": fcgi.record(fcgi.ABORT),
                "version 2": fcgi.record(fcgi.STDIN, b"x", version=2),
                "unknown type": fcgi.record(99, b"x"),
                "parameters": fcgi.record(fcgi.PARAMS, b"x"),
                "data": fcgi.record(fcgi.DATA, b"x"),
                "zeros": bytes(64),
                "noise": b"\1\5" + noise(5000)}.items():
            with self.subTest(name=name):
                answer = self.send(head + record, end=True)
                self.assertRefused(answer, 400)
                self.worker_is_well(timeout=4)

    def test_other_requests_in_a_body(self):
        """Data of another id is passed over. What only a confused peer sends ends the upload."""
        data = noise(100_000)
        form = self.form(data)
        body = form.body()
        rows = ((fcgi.record(fcgi.STDIN, b"not mine", request=2), 201), (fcgi.record(fcgi.DATA, b"x", request=9), 201),
                (fcgi.record(fcgi.ABORT, request=7), 400),
                (fcgi.begin(request=2) + fcgi.params(fcgi.environment("GET", "/up"), 2), 400))
        for between, status in rows:
            with self.subTest(between=between[:8]):
                with self.connect() as sock:
                    sock.sendall(fcgi.begin() + fcgi.params(self.values(form)) +
                                 fcgi.record(fcgi.STDIN, body[:50_000]) + between +
                                 fcgi.stream(fcgi.STDIN, body[50_000:]))
                    out = b""
                    while (got := fcgi.receive(sock)) is not None:
                        kind, request, piece = got
                        if request == 2:
                            # FCGI_CANT_MPX_CONN
                            self.assertEqual((kind, piece[4]), (fcgi.END, 1))
                        elif kind == fcgi.STDOUT:
                            out += piece
                answer = fcgi.Reply(out, b"", 0)
                if status == 201:
                    self.assertStored(answer, data)
                    self.before = self.state()
                else:
                    self.assertRefused(answer, status)

    def test_management_in_a_body(self):
        form = self.form(noise(100_000))
        head = fcgi.begin() + fcgi.params(self.values(form)) + fcgi.record(fcgi.STDIN, form.body()[:50_000])
        for data in (b"", fcgi.pair("FCGI_MAX_CONNS", ""), fcgi.pair("FCGI_MAX_CONNS", "") * 20,
                     fcgi.pair("FCGI_MAX_CONNS", "") + fcgi.pair("FCGI_MPXS_CONNS", "") + fcgi.pair("X", "y"),
                     struct.pack("!I", 0xFFFFFFFF) + b"\0" + b"x" * 100):
            with self.subTest(data=data[:20]):
                answer = self.send(head + fcgi.record(fcgi.GET_VALUES, data, request=0), end=True)
                self.assertIn(answer.status, (400, None))
                self.worker_is_well(timeout=4)


main()
