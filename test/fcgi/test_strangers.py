"""A worker serves strangers in turn: nothing of one request shows in the next, and nothing is used up."""
import re
import time

from harness import Multipart, Part, fcgi, main, process
from worker_case import BOUNDARY, WorkerCase, noise

VARIES = re.compile(rb'"(id|created_at|request_id|url)":"[^"]*"|^(X-Request-Id|ETag|Last-Modified): .*$', re.M)


class Strangers(WorkerCase):
    settings = {"CDN_SENDFILE": "off", "CDN_RECEIVE_TIMEOUT": "1", "CDN_MAX_BODY": "256K"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other_key = cls.site.make_account("other@example.org", "unverified", "Other")
        cls.path = cls.site.upload(noise(20_000)).json["url"][len(cls.site.url):]

    def restart(self):
        self.site.pool.signal(15)
        self.site.pool.process.wait(10)
        self.site.pool.start()
        self.worker_is_well()

    def requests(self):
        """name: (parameters, body) of all kinds of requests, good and bad."""
        mine = {"Authorization": "Bearer " + self.site.key}
        other = {"Authorization": "Bearer " + self.other_key}
        form = self.form(b"hello", "h.txt")
        two = Multipart(Part(b"1" * 100_000, filename="one.bin"), Part(b"<svg/>", filename="two.svg"),
                        boundary=BOUNDARY)
        big = self.form(bytes(400_000))
        return {
            "me": (fcgi.environment("GET", "/api/v4/me", mine), b""),
            "me of another": (fcgi.environment("GET", "/api/v4/me", other), b""),
            "me of nobody": (fcgi.environment("GET", "/api/v4/me"), b""),
            "head": (fcgi.environment("HEAD", self.path), b""),
            "file": (fcgi.environment("GET", self.path), b""),
            "range": (fcgi.environment("GET", self.path, {"Range": "bytes=5-9"}), b""),
            "bad range": (fcgi.environment("GET", self.path, {"Range": "bytes=99999999-"}), b""),
            "preflight": (fcgi.environment("OPTIONS", self.path), b""),
            "method": (fcgi.environment("BREW", "/api/v4/me"), b""),
            "nowhere": (fcgi.environment("GET", "/nowhere?a=b"), b""),
            "bad path": (fcgi.environment("GET", "/a/../b"), b""),
            "bad length": (self.values(form, "abc"), form.body()),
            "upload": (self.values(form, key=self.other_key), form.body()),
            "upload of two": (self.values(two), two.body()),
            "no form": (self.values(form, headers={"Content-Encoding": "gzip"}), form.body()),
            "too large": (self.values(big), big.body()),
            "too large for all": (self.values(big, ""), big.body()),
            "cut short": (self.values(form), form.body()[:-20]),
            "many headers": (fcgi.environment("GET", "/up", {f"X-{i}": "y" for i in range(200)}), b""),
        }

    def ask(self, request):
        answer = self.call(*request)
        return VARIES.sub(b"", answer.raw.replace(b"\r\n", b"\n")), answer.status

    def forget(self, status, before):
        """Take back what an upload left, so that each is the first."""
        for name in set(self.site.stored()) - set(before):
            if name.startswith("files/"):
                for key in (self.site.key, self.other_key):
                    self.site.request("DELETE", "/api/v4/upload/" + name.split("/")[2].split(".")[0], key=key)

    def test_a_then_b(self):
        requests = self.requests()
        before = self.site.stored()
        alone = {}
        for name, request in requests.items():
            self.restart()
            alone[name] = self.ask(request)
            self.forget(alone[name][1], before)
        self.assertEqual({name: status for name, (_, status) in alone.items()}, {
            "me": 200, "me of another": 200, "me of nobody": 401, "head": 200, "file": 200, "range": 206,
            "bad range": 416, "preflight": 204, "method": 405, "nowhere": 404, "bad path": 400, "bad length": 400,
            "upload": 201, "upload of two": 201, "no form": 415, "too large": 413, "too large for all": 413,
            "cut short": 400, "many headers": 400})
        self.restart()
        for a in requests:
            for b in requests:
                self.forget(self.ask(requests[a])[1], before)
                got = self.ask(requests[b])
                self.forget(got[1], before)
                if got != alone[b]:
                    self.fail(f"{b} after {a}: {got} is not {alone[b]}")
        self.assertEqual(self.site.stored(), before)

    def test_log_lines(self):
        """The same request again has the same line, but for time and ids."""
        names = ("file", "me", "me of nobody", "range", "upload", "cut short")
        requests = self.requests()
        lines = []
        for name in names * 2:
            count = len(self.site.access())
            self.ask(requests[name])
            line = process.wait_until(lambda: self.site.access()[count:], what="a line in the log")[0]
            lines.append({key: value for key, value in line.items() if key not in ("time", "id", "file", "ms")})
        self.assertEqual(lines[:len(names)], lines[len(names):])

    def test_descriptors(self):
        requests = list(self.requests().values())
        for request in requests:
            self.ask(request)
        pid, = self.site.pool.pids()
        # Those of the last request are closed a moment after its answer.
        time.sleep(0.2)
        before = sorted(self.site.descriptors(pid))
        form = self.form(noise(300_000))
        for number in range(200):
            kind = number % 25
            if kind < len(requests):
                self.ask(requests[kind])
            elif kind == 20:
                with self.begin_upload(form, 200_000):
                    pass
            elif kind == 21:
                with self.connect() as sock:
                    sock.sendall(b"\2" * 10)
            elif kind == 22:
                with self.connect():
                    pass
            elif kind == 23:
                with self.connect() as sock:
                    sock.sendall(fcgi.begin() + fcgi.params(fcgi.environment("GET", self.path)))
            else:
                with self.begin_upload(form, 200_000) as sock:
                    sock.sendall(fcgi.record(fcgi.ABORT))
                    fcgi.reply(sock)
        self.worker_is_well()
        try:
            process.wait_until(lambda: sorted(self.site.descriptors(pid)) == before, 2)
        except AssertionError:
            self.assertEqual(sorted(self.site.descriptors(pid)), before)
        self.assertEqual(self.site.pool.pids(), [pid])


main()
