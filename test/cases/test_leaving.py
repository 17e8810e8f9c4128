"""Clients that leave, at any point, and clients that are slow: nothing is left, and the next request is answered.

There is one worker: whatever held it would hold everyone. A web server passes a client's leaving on, at the latest when it
has nothing more to send or to receive, and it never completes a body that the client did not.
"""
import http.client
import json
import os
import socket
import threading

from harness import Multipart, Part, main, process
from harness.api import UNKNOWN, ApiCase
from harness.client import chunks, connect, cut, read, send
from harness.samples import png

MIB = 1 << 20
FORM = Multipart(Part(bytes(2 * MIB), filename="a.bin"))
BATCH = Multipart(Part(bytes(MIB), "files[]", "a.bin"), Part(bytes(MIB), "files[]", "b.bin"))
# Each call that takes a file: method, path, Content-Type, the whole body.
UPLOADS = [
    ("POST", "/api/v4/upload", FORM.content_type, FORM.body()),
    ("PUT", "/api/v4/upload/a.bin", "application/octet-stream", bytes(2 * MIB)),
    ("POST", "/api/v4/uploads", BATCH.content_type, BATCH.body()),
]


class Case(ApiCase):
    options = {"workers": 1}

    def upload_head(self, method, path, kind, length=None, chunked=False):
        framing = ("Transfer-Encoding", "chunked") if chunked else ("Content-Length", length)
        return self.site.begin(method, path, [("Content-Type", kind), framing], key=True)

    def assertFree(self):
        """The one worker, now and for a request after that."""
        for _ in range(2):
            self.assertEqual(self.site.get("/up", timeout=10).status, 200)

    def assertNothingLeft(self):
        self.assertFree()
        process.wait_until(lambda: not self.site.unfinished(), what="an empty tmp/")
        self.assertEqual(self.site.me().json["storage_used"], 0)
        self.assertEqual(self.site.get("/api/v4/uploads", key=True).json["uploads"], [])
        self.assertEqual([path for path in self.site.stored() if not path.endswith(".cdn-store")], [])


class Uploading(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # The client's leaving may be told to the worker as a body that ends too soon.
        cls.site.expect_errors("client|bad_request")

    @classmethod
    def tearDownClass(cls):
        left = cls.site.stored()
        super().tearDownClass()
        assert not left, left

    def test_in_mid_body(self):
        """At 1.5 of 2 MiB: with a length, between two chunks, and within one."""
        for method, path, kind, body in UPLOADS:
            part = body[:3 * MIB // 2]
            for name, chunked, sent in (("length", False, part), ("between chunks", True, next(chunks([part]))),
                                        ("within a chunk", True, b"%x\r\n" % len(body) + part)):
                with self.subTest(path=path, framing=name):
                    asked = len(self.site.access())
                    with self.upload_head(method, path, kind, len(body), chunked) as sock:
                        sock.sendall(sent)
                    self.assertNothingLeft()
                    if chunked and self.site.differs("a chunked body as it comes"):
                        # No worker was asked for it.
                        self.assertNotIn(method, [line["method"] for line in self.site.access()[asked:]])

    def test_at_once(self):
        """After the head, and after a byte."""
        for method, path, kind, body in UPLOADS:
            for sent in (b"", body[:1]):
                with self.subTest(path=path, sent=len(sent)), self.upload_head(method, path, kind, len(body)) as sock:
                    sock.sendall(sent)
            self.assertNothingLeft()

    def test_body_shorter_than_its_length(self):
        """The client says that it has no more, and waits: refused, or let go."""
        for method, path, kind, body in UPLOADS:
            with self.subTest(path=path):
                with self.upload_head(method, path, kind, len(body) + 100) as sock:
                    sock.sendall(body)
                    sock.shutdown(socket.SHUT_WR)
                    answered = sock.recv(12)
                    if self.site.differs("400 to a body cut short"):
                        self.assertEqual(answered, b"HTTP/1.1 500")
                    else:
                        self.assertIn(answered, (b"", b"HTTP/1.1 400", b"HTTP/1.1 408"))
                self.assertNothingLeft()

    def test_malformed_chunks(self):
        """What came before is never taken for all of it."""
        for method, path, kind, body in UPLOADS:
            for part in (body[:100], body[:3 * MIB // 2]):
                for bad in (b"-1\r\n\r\n", b"zz\r\nabc\r\n", b"3\r\nabcd\r\n", b"10000000000000003\r\nabc\r\n",
                            b"ffffffffffffffff\r\nabc\r\n"):
                    with self.subTest(path=path, after=len(part), bad=bad):
                        self.assertIn(self.status_of(method, path, kind, next(chunks([part])) + bad + b"0\r\n\r\n"),
                                      (None, 400, 411, 413, 500, 502))
            self.assertNothingLeft()

    def status_of(self, method, path, kind, sent):
        """Of the answer to a chunked body; None: there was none."""
        with self.upload_head(method, path, kind, chunked=True) as sock:
            try:
                sock.sendall(sent)
                sock.shutdown(socket.SHUT_WR)
                return read(sock, method).status
            except (OSError, http.client.HTTPException):
                return None

    def test_reset(self):
        """Not even a closing: the connection is torn down."""
        method, path, kind, body = UPLOADS[0]
        with self.upload_head(method, path, kind, len(body)) as sock:
            sock.sendall(body[:MIB])
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        self.assertNothingLeft()


class Answered(Case):
    def test_before_the_answer(self):
        """All of the body was sent: the file is there or not, and counted if it is."""
        for method, path, kind, body in UPLOADS:
            with self.upload_head(method, path, kind, len(body)) as sock:
                sock.sendall(body)
            self.assertFree()
        # Where the web server starts another worker for the next client, one of these may still be at it.
        process.wait_until(self.agrees, what="counters and files that agree")
        for file in self.files():
            self.assertEqual(len(self.site.fetch(file["url"]).body), file["size"])

    def files(self):
        return self.site.get("/api/v4/uploads", key=True).json["uploads"]

    def agrees(self):
        """What is listed is counted and stored, and nothing else; looked at in this order, with nobody at work."""
        files = self.files()
        return (not self.site.unfinished() and self.site.me().json["storage_used"] == sum(file["size"] for file in files) and
                len([path for path in self.site.stored() if path.endswith(".bin")]) == len(files))

    def test_of_small_requests(self):
        for method, path in (("GET", "/api/v4/me"), ("GET", "/up"), ("DELETE", "/api/v4/upload/" + UNKNOWN),
                             ("OPTIONS", "/api/v4/me"), ("GET", "/openapi.json"), ("GET", f"/{UNKNOWN}/a")):
            for _ in range(5):
                self.site.begin(method, path, key=True).close()
        self.assertFree()


class Waiting(Case):
    """Connections on which nothing happens hold no worker, whichever side keeps them."""

    def test_nothing_was_asked(self):
        silent = [connect(self.site.address) for _ in range(20)]
        for sock in silent[:10]:
            sock.sendall(b"GET /up HTTP/1.1\r\nHost: ")
        self.assertFree()
        for sock in silent:
            sock.close()

    def test_answered_and_kept(self):
        kept = []
        for _ in range(10):
            kept.append(self.site.begin("GET", "/up"))
            self.assertEqual(read(kept[-1]).status, 200)
        self.assertFree()
        for sock in kept:
            sock.close()

    def test_many_at_once(self):
        """They stand in line for the one worker, and each is answered."""
        answers = []

        def ask(n):
            data = bytes([n]) * 50_000
            answers.append(self.site.put(data, f"{n}.bin").status if n % 2 else self.site.get("/up").status)

        threads = [threading.Thread(target=ask, args=(n,)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answers), [200] * 8 + [201] * 8)


class Downloading(Case):
    """In mid-download of a file that is too large for what lies between, on every way of handing it back."""
    settings = {"CDN_SEND_TIMEOUT": "1"}
    SIZE = 24 * MIB

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files = [cls.site.upload(start + bytes(cls.SIZE), name).json
                     for name, start in (("a.png", png()), ("a.bin", b"\1\2\3\xfe"))]
        assert [file["content_type"] for file in cls.files] == ["image/png", "application/octet-stream"]

    def begin_download(self, file, headers=()):
        """The head of the answer and a little more is read; the client has room for hardly any of the rest."""
        sock = self.site.begin("GET", file["url"][len(self.site.url):], headers)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.assertRegex(sock.recv(4096), b"^HTTP/1.1 20[06] ")
        return sock

    def each(self, check):
        """The static lane and the hand-off, then streamed by the worker."""
        for sendfile in (self.site.front.settings.get("CDN_SENDFILE"), "off"):
            self.site.restart(CDN_SENDFILE=sendfile)
            for file in self.files:
                with self.subTest(file=file["filename"], sendfile=sendfile):
                    check(file)

    def test_leaves(self):
        def check(file):
            for headers in ({}, {"Range": "bytes=1000-"}):
                self.begin_download(file, headers).close()
                self.assertFree()
            self.assertHoldsNothing()
        self.each(check)

    def test_stops_reading(self):
        """Those who read nothing, and stay, hold no worker for longer than the send timeout."""
        def check(file):
            with self.begin_download(file):
                self.assertFree()
                self.assertHoldsNothing()
        self.each(check)

    def assertHoldsNothing(self):
        files = os.path.join(self.site.folder.data, "files")
        process.wait_until(lambda: not [path for pid in self.site.pool.pids() for path in self.site.descriptors(pid)
                                        if path.startswith(files)], what="the worker letting go of the file")

    def test_whole_for_the_others(self):
        """While some are stuck, another has all of it."""
        stuck = [self.begin_download(file) for file in self.files]
        for file in self.files:
            self.assertEqual(len(self.site.fetch(file["url"], timeout=30).body), file["size"])
        for sock in stuck:
            sock.close()


class SlowSenders(Case):
    """A byte now and then: 408 within the window of the minimum rate; or the web server waits, and no worker does."""
    settings = {"CDN_RECEIVE_TIMEOUT": "1", "CDN_MIN_RATE": "1000", "CDN_RATE_WINDOW": "1"}

    def check(self, uploads, chunked, pieces, pause_s):
        for method, path, kind, body in uploads:
            with self.subTest(path=path, chunked=chunked), self.upload_head(method, path, kind, len(body), chunked) as sock:
                sock.sendall(next(chunks([body[:50_000]])) if chunked else body[:50_000])
                if self.site.differs("408 to a slow sender") or chunked and self.site.differs("a chunked body as it comes"):
                    self.assertNothingLeft()
                    continue
                send(sock, pieces, pause_s)
                answer = read(sock, method)
                if not pieces and self.site.differs("408 of a worker"):
                    self.assertEqual((answer.status, answer.json["code"]), (408, "request_timeout"))
                else:
                    self.assertError(answer, 408, "request_timeout", "Request timeout")
            self.assertNothingLeft()

    def test_a_byte_now_and_then(self):
        self.check(UPLOADS[::2], False, [b"x"] * 100, 0.3)

    def test_a_chunk_now_and_then(self):
        self.check(UPLOADS[1:2], True, [b"1\r\nx\r\n"] * 100, 0.3)

    def test_nothing_at_all(self):
        for chunked in (False, True):
            self.check(UPLOADS[:1], chunked, [], 0)

    def test_slow_and_fast_enough(self):
        """Above the rate all is well, however long it takes."""
        data = os.urandom(6000)
        answer = self.site.request("PUT", "/api/v4/upload/a.bin", (), cut(data, 1000), length=len(data), pause_s=0.25, key=True)
        if self.site.differs("a slow body as it comes"):
            self.assertEqual(answer.status, 502, answer)
            self.assertNothingLeft()
            return
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.site.fetch(answer.json["url"]).body, data)
        self.assertEqual(self.site.delete(answer.json["id"]).json["deleted"], True)

    def test_small_bodies(self):
        """Of the calls that take no file; a slow one of these may be anybody's."""
        body = json.dumps({"ids": ["x"]}).encode()
        headers = {"Content-Type": "application/json", "Content-Length": len(body)}
        waiting = [self.site.begin("DELETE", "/api/v4/uploads/batch", headers, key=True) for _ in range(5)]
        for sock in waiting:
            sock.sendall(body[:5])
        self.assertFree()
        for sock in waiting:
            sock.close()
        self.assertFree()


main()
