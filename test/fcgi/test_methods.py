"""Methods with a body they do not need, Expect, and methods that nobody knows."""
import time

from harness import client, fcgi, main
from worker_case import WorkerCase, noise

FILE = "/0193a1b2-c3d4-7e5f-8a9b-0123456ababc/a.bin"


class Methods(WorkerCase):
    settings = {"CDN_RECEIVE_TIMEOUT": "5"}

    def test_body_that_nobody_needs(self):
        path = self.site.upload(b"12345", "a.svg").json["url"][len(self.site.url):]
        rows = [("GET", "/up", 200), ("HEAD", "/up", 200), ("GET", "/api/v4/me", 200), ("HEAD", "/api/v4/me", 200),
                ("OPTIONS", "/api/v4/me", 204), ("OPTIONS", path, 204), ("GET", path, 200), ("HEAD", path, 200),
                ("DELETE", "/api/v4/upload/" + FILE[1:37], 404), ("OPTIONS", "/api/v4/upload", 204),
                ("GET", "/nothing", 404), ("PUT", "/api/v4/me", 405)]
        for count in (0, 10, 100_000, 900_000):
            for chunked in (False, True):
                for method, uri, status in rows:
                    with self.subTest(method=method, uri=uri, count=count, chunked=chunked):
                        began = time.monotonic()
                        answer = self.site.request(method, uri, body=bytes(count), chunked=chunked, key=True)
                        self.assertEqual(answer.status, status)
                        self.assertLess(time.monotonic() - began, 1)
        self.worker_is_well(timeout=3)

    def test_body_that_nobody_needs_raw(self):
        headers = {"Authorization": "Bearer " + self.site.key}
        for method, uri, status in [("GET", "/up", 200), ("HEAD", "/up", 200), ("GET", "/api/v4/me", 200),
                                    ("OPTIONS", "/api/v4/me", 204), ("DELETE", "/api/v4/upload/x", 404)]:
            for length in ("100", "", None, "-1", "0", "5"):
                with self.subTest(method=method, uri=uri, length=length):
                    answer = self.call(fcgi.environment(method, uri, headers, CONTENT_LENGTH=length), bytes(100))
                    self.assertEqual(answer.status, status)
                    if method == "HEAD":
                        self.assertEqual(answer.body, b"")
            with self.subTest(method=method, uri=uri, length="abc"):
                answer = self.call(fcgi.environment(method, uri, headers, CONTENT_LENGTH="abc"), bytes(100))
                self.assertEqual(answer.status, 400)

    def test_unknown_methods(self):
        rows = [("/up", "GET, HEAD"), ("/api/v4/upload", "POST"), ("/api/v4/upload/x", "PUT, DELETE"),
                ("/api/v4/me", "GET, HEAD"), (FILE, "GET, HEAD")]
        for method in ("BREW", "get", "PROPFIND", "PATCHY", "G", "X" * 1000):
            for uri, allow in rows:
                with self.subTest(method=method[:10], uri=uri):
                    answer = self.call(fcgi.environment(method, uri), bytes(100))
                    self.assertRefused(answer, 405)
                    self.assertEqual(answer.header("Allow"), allow)
            self.assertRefused(self.call(fcgi.environment(method, "/nothing")), 404)
        for method in ("", None):
            answer = self.call(fcgi.environment("GET", "/up", REQUEST_METHOD=method))
            self.assertRefused(answer, 405)
        answer = self.site.request("BREW", "/api/v4/upload", body=b"x")
        self.assertEqual((answer.status, answer.header("Allow"), answer.json["status"]), (405, "POST", 405))

    def expect(self, key, wait):
        """(interim status line or None, the answer) of an upload that waits for leave to send its body."""
        form = self.form(noise(200_000))
        body = form.body()
        with client.connect(self.site.address) as sock:
            sock.sendall(client.head("POST", "/api/v4/upload", [
                ("Host", "x"), ("Authorization", "Bearer " + key), ("Content-Type", form.content_type),
                ("Content-Length", len(body)), ("Expect", "100-continue"), ("Connection", "close")]))
            interim = None
            if wait:
                interim = b""
                while not interim.endswith(b"\r\n\r\n"):
                    interim += sock.recv(1)
            sock.sendall(body)
            return interim, client.read(sock, "POST"), form.parts[0].data

    def test_expect(self):
        for wait in (True, False):
            with self.subTest(wait=wait):
                interim, answer, data = self.expect(self.site.key, wait)
                if wait:
                    self.assertTrue(interim.startswith(b"HTTP/1.1 100 "), interim)
                self.assertStored(answer, data)

    def test_expect_raw(self):
        """The header itself changes nothing."""
        data = noise(1000)
        form = self.form(data)
        answer = self.call(self.values(form, headers={"Expect": "100-continue"}), form.body())
        self.assertStored(answer, data)


main()
