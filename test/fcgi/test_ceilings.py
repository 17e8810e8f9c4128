"""Refusals before the body was read: every kind of client must see the status."""
import http.client
import json
import os
import subprocess
import time

from harness import client, fcgi, main
from worker_case import BUFFERED, WorkerCase, noise

MANY = 60 * 1024 * 1024


class Ceiling(WorkerCase):
    settings = {"CDN_MAX_BODY": "1M", "CDN_RECEIVE_TIMEOUT": "5"}

    def setUp(self):
        self.before = self.state()

    def tearDown(self):
        self.worker_is_well()
        self.assertEqual(self.state(), self.before)

    def test_known_from_the_length(self):
        """Before anything of the body has come."""
        form = self.form(b"")
        for length in (1024 * 1024 + 1, 10**12, 2**63 - 1):
            with self.subTest(length=length):
                with self.connect(5) as sock:
                    sock.sendall(fcgi.begin() + fcgi.params(self.values(form, str(length))))
                    answer = fcgi.reply(sock)
                self.assertRefused(answer, 413)
                self.assertEqual(json.loads(answer.body)["error"], "Request body too large")

    def test_found_while_streaming(self):
        form = self.form(noise(3 * 1024 * 1024))
        for length in ("", "-1", None, "100"):
            with self.subTest(length=length):
                self.assertRefused(self.call(self.values(form, length), form.body()), 400 if length == "100" else 413)
        for address in (self.site.address, self.other_nginx(BUFFERED).address):
            answer = client.request(address, "POST", "/api/v4/upload", body=form.body(), chunked=True, headers={
                "Authorization": "Bearer " + self.site.key, "Content-Type": form.content_type})
            self.assertEqual((answer.status, answer.json["code"]), (413, "body_too_large"))

    def test_exactly_as_much(self):
        """A body of the very ceiling is taken, one byte more is not."""
        around = len(self.form(b"").body())
        data = noise(1024 * 1024 - around)
        for length in ("auto", None):
            answer = self.upload(data, length)
            self.assertStored(answer, data)
            self.site.request("DELETE", "/api/v4/upload/" + json.loads(answer.body)["id"], key=True)
            self.assertRefused(self.upload(data + b"x", length), 413)


class EarlyRefusal(WorkerCase):
    settings = {"CDN_MAX_BODY": "1M"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.big = cls.form(cls, bytes(MANY))
        cls.body = cls.big.body()
        cls.path = os.path.join(cls.site.folder.path, "big")
        with open(cls.path, "wb") as f:
            f.write(bytes(MANY))

    def each(self, ask, times=3):
        """ask(address, key, chunked) -> status, for each front end and each reason to refuse."""
        before = self.state()
        buffered = self.other_nginx(BUFFERED)
        for name, address in (("unbuffered", self.site.address), ("buffered", buffered.address)):
            for key, status in (("sk_cdn_" + "0" * 64, 401), (self.site.key, 413)):
                for chunked in (False, True):
                    with self.subTest(front=name, status=status, chunked=chunked):
                        # Several times: who is first, nginx with its next piece or we with the answer, is chance.
                        self.assertEqual([ask(address, key, chunked) for _ in range(times)], [status] * times)
        self.worker_is_well()
        self.assertEqual(self.state(), before)

    def headers(self, key):
        return {"Authorization": "Bearer " + key, "Content-Type": self.big.content_type}

    def test_raw_socket(self):
        """A client that looks for an answer while it sends."""
        def ask(address, key, chunked):
            answer = client.request(
                address, "POST", "/api/v4/upload", self.headers(key), self.body, chunked=chunked)
            self.assertEqual(answer.json["status"], answer.status)
            return answer.status
        self.each(ask, 15)

    def test_http_client(self):
        """A client that sends all it has before it reads; a reset would be an exception."""
        def ask(address, key, chunked):
            connection = http.client.HTTPConnection(*address, timeout=30)
            try:
                body = client.cut(self.body) if chunked else self.body
                connection.request("POST", "/api/v4/upload", body, self.headers(key), encode_chunked=chunked)
                answer = connection.getresponse()
                self.assertEqual(json.loads(answer.read())["status"], answer.status)
                return answer.status
            finally:
                connection.close()
        self.each(ask, 5)

    def curl(self, more):
        def ask(address, key, chunked):
            command = ["curl", "-sS", "-o", os.devnull, "-w", "%{http_code}", "-F", f"file=@{self.path}",
                       "-H", "Authorization: Bearer " + key, f"http://{address[0]}:{address[1]}/api/v4/upload", *more]
            if chunked:
                command += ["-H", "Transfer-Encoding: chunked"]
            run = subprocess.run(command, capture_output=True, text=True, timeout=30)
            self.assertEqual(run.returncode, 0, run.stderr)
            return int(run.stdout)
        return ask

    def test_curl(self):
        self.each(self.curl([]))

    def test_curl_without_expect(self):
        """As other clients do: the body follows at once."""
        self.each(self.curl(["-H", "Expect:"]))

    def test_the_answer_comes_at_once(self):
        """Not after the two seconds that a worker might wait for the rest of the body."""
        for address in (self.site.address, self.other_nginx(BUFFERED).address):
            answer = self.site.request("POST", "/api/v4/upload", body=bytes(100_000), key="sk_cdn_" + "0" * 64)
            self.assertEqual(answer.status, 401)
            with client.connect(address) as sock:
                sock.sendall(client.head("POST", "/api/v4/upload", [("Host", "x"), ("Content-Length", "1000000")]))
                sock.sendall(bytes(1_000_000) if address != self.site.address else bytes(1000))
                began = time.monotonic()
                self.assertEqual(client.read(sock).status, 401)
                self.assertLess(time.monotonic() - began, 1)
                self.worker_is_well()
                self.assertLess(time.monotonic() - began, 1.5)

    def test_raw(self):
        for key, status in (("sk_cdn_" + "0" * 64, 401), (self.site.key, 413)):
            for length in ("auto", None):
                answer = self.call(self.values(self.big, length, key), self.body)
                self.assertRefused(answer, status)
        self.worker_is_well()

    def test_the_worker_is_free_soon(self):
        """It takes little of what a refused client still sends, and waits two seconds for it at most."""
        values = self.values(self.big, "auto", "sk_cdn_" + "0" * 64)
        with self.connect(10) as sock:
            sock.sendall(fcgi.begin() + fcgi.params(values))
            self.assertRefused(fcgi.reply(sock), 401)
            sock.settimeout(0.2)
            began, sent = time.monotonic(), 0
            while time.monotonic() - began < 10:
                try:
                    sent += sock.send(fcgi.record(fcgi.STDIN, bytes(8000)))
                except TimeoutError:
                    pass
                except (BrokenPipeError, ConnectionResetError):
                    break
            self.assertLess(time.monotonic() - began, 3)
            # 1 MiB, and what the socket holds.
            self.assertLess(sent, 2_000_000)
        self.worker_is_well(timeout=2)


main()
