"""deploy/Caddyfile by itself: what Caddy says of it, which requests reach which pool, and what is answered without a worker."""
import json
import os
import subprocess
import unittest

from harness import Folder, main, wait_until
from harness.client import connect, read, request
from harness.fronts.caddy import CaddyUnix
from harness.responder import Responder

ID = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
BYTES = bytes(range(256)) * 40
FETCH = "/api/v4/upload_from_url"
SECRET = "sk_cdn_" + "0123456789abcdef" * 4
PLAIN = b"Status: %s\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.remove)
        shard = os.path.join(cls.folder.data, "files", ID[-3:])
        os.makedirs(shard)
        for extension in ("png", "bin"):
            with open(os.path.join(shard, f"{ID}.{extension}"), "wb") as f:
                f.write(BYTES)
        with open(os.path.join(cls.folder.data, "secret"), "wb") as f:
            f.write(BYTES)
        cls.answer = PLAIN % b"418 Worker"
        cls.worker = Responder(os.path.join(cls.folder.run, "worker.sock"), lambda values, body: cls.answer)
        cls.slow = Responder(os.path.join(cls.folder.run, "slow.sock"), lambda values, body: PLAIN % b"419 Slow")
        cls.caddy = CaddyUnix(cls.folder).start()

    @classmethod
    def tearDownClass(cls):
        cls.caddy.stop()
        cls.worker.close()
        cls.slow.close()
        assert not cls.caddy.complaints()

    def setUp(self):
        type(self).answer = PLAIN % b"418 Worker"
        self.worker.called.clear()
        self.slow.called.clear()

    def ask(self, path, method="GET", headers=(), **more):
        return request(self.caddy.address, method, path, headers, **more)

    def assertRefusedHere(self, answer, status, retry_after=None):
        self.assertEqual((answer.status, answer.json["status"]), (status, status), answer)
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])
        self.assertEqual(answer.all("Cache-Control"), ["no-store"])
        self.assertEqual(answer.all("X-Content-Type-Options"), ["nosniff"])
        self.assertEqual(answer.header("Retry-After"), retry_after)
        self.assertEqual(answer.json["request_id"], answer.header("X-Request-Id"))
        self.assertEqual(self.line(answer)["status"], status)

    def log(self):
        with open(self.caddy.log, encoding="utf-8") as f:
            return [json.loads(line) for line in f if line.startswith("{")]

    def line(self, answer):
        """Of the log, written when the answer has been sent."""
        id = answer.header("X-Request-Id")
        return wait_until(lambda: [line for line in self.log() if line.get("resp_headers", {}).get("X-Request-Id") == [id]],
                          what="its log line")[-1]


class File(Case):
    def test_caddy_takes_it_and_would_write_it_the_same(self):
        path = self.caddy.render()
        for words in (["validate", "--adapter", "caddyfile", "--config"], ["fmt", "--diff"]):
            run = subprocess.run(["caddy", *words, path], capture_output=True, text=True, env={
                **os.environ, "XDG_DATA_HOME": self.folder.run, "XDG_CONFIG_HOME": self.folder.run})
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assertNotIn('"level":"warn"', run.stderr)
            self.assertEqual([line for line in run.stdout.splitlines() if line[:2] in ("+ ", "- ") and line[2:].strip()], [])


class Pools(Case):
    def test_only_a_fetch_goes_to_the_slow_pool(self):
        self.assertEqual(self.ask(FETCH, "POST", body=b"{}").status, 419)
        for method, path in (("GET", FETCH), ("OPTIONS", FETCH), ("DELETE", FETCH), ("POST", FETCH + "/x"), ("POST", FETCH.upper()),
                             ("POST", "/api/v4/upload"), ("POST", "/x" + FETCH), ("POST", "/")):
            with self.subTest(method=method, path=path):
                self.assertEqual(self.ask(path, method).status, 418)
        self.assertEqual(len(self.slow.called), 1)

    def test_what_a_worker_is_told(self):
        self.ask("/a/%2e%2e/b?x=%zz", headers={"Proxy": "evil:1", "X_Under_Score": "1", "X-Forwarded-For": "8.8.8.8", "X-A": "b",
                                              "Authorization": "Bearer x"})
        values, _ = self.worker.called[-1]
        self.assertEqual((values["REQUEST_URI"], values["HTTP_X_A"], values["HTTP_AUTHORIZATION"]),
                         ("/a/%2e%2e/b?x=%zz", "b", "Bearer x"))
        self.assertEqual(values["REMOTE_ADDR"], "127.0.0.1")
        self.assertFalse({"HTTP_PROXY", "HTTP_X_UNDER_SCORE", "HTTP_X_FORWARDED_FOR"} & set(values))

    def test_a_head_that_is_too_large(self):
        """Of more than FastCGI can carry in one record the worker would know only a part."""
        self.assertEqual(self.ask("/", headers={"X": "y" * 60_000}).status, 431)
        self.assertEqual(self.ask("/", headers={"X": "y" * 40_000}).status, 418)

    def test_methods(self):
        for method in ("TRACE", "BREW", "PROPFIND", "CONNECT-IT"):
            self.ask("/x", method)
            self.assertEqual(self.worker.called[-1][0]["REQUEST_METHOD"], method)
        self.worker.called.clear()
        for method in ("get", "post", "Get"):
            answer = self.ask("/x", method)
            self.assertRefusedHere(answer, 405)
            self.assertIn("POST", answer.header("Allow"))
        self.assertEqual(self.worker.called, [])


class MalformedChunks(Case):
    def test_blamed_on_the_client(self):
        for chunks in (b"zz\r\nabc\r\n", b"3\r\nabcdef\r\n0\r\n\r\n", b"11111111111111111\r\nabc\r\n", b"-3\r\nabc\r\n"):
            with self.subTest(chunks=chunks), connect(self.caddy.address) as sock:
                sock.sendall(b"POST /api/v4/upload HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)
                self.assertRefusedHere(read(sock, "POST"), 400)


class StaticLane(Case):
    def test_no_such_range(self):
        """Its own 416, which is at least not kept, and says how long the file is."""
        for value in ("bytes=99999-", "bytes=99999999999999999999-", "bytes=99999999999999999999-99999999999999999999",
                      "bytes=-0", "bytes= - 00"):
            with self.subTest(range=value):
                answer = self.ask(f"/{ID}/a.png", headers={"Range": value})
                self.assertEqual((answer.status, answer.header("Content-Range")), (416, f"bytes */{len(BYTES)}"))
                self.assertEqual(answer.all("Cache-Control"), ["no-store"])
        self.assertEqual(self.worker.called, [])

    def test_what_is_no_range(self):
        """Refused too, without a word of how long the file is; it is not kept either."""
        for value in ("bytes=5-2", "bytes=3-1,0-0", "bytes=0x0-3", "bytes=a", "bytes=--1"):
            with self.subTest(range=value):
                answer = self.ask(f"/{ID}/a.png", headers={"Range": value})
                self.assertEqual(answer.status, 416)
                self.assertEqual(answer.all("Cache-Control"), ["no-store"])
        for value in ("bytes=5-2", "bytes=0-0"):
            answer = self.ask(f"/{ID}/a.png", headers={"Range": value, "If-Match": '"other"'})
            self.assertEqual((answer.status, answer.all("Cache-Control")), (412, ["no-store"]))
        for headers, status in (({"Range": "bytes=0-0"}, 206), ({"Range": "bytes=0-0,5-5"}, 206), ({"If-None-Match": "*"}, 304)):
            answer = self.ask(f"/{ID}/a.png", headers=headers)
            self.assertEqual((answer.status, answer.header("Cache-Control")), (status, "public, max-age=31536000, immutable"))
        self.assertEqual(self.worker.called, [])


class HandOff(Case):
    def name(self, path):
        type(self).answer = (f"X-Accel-Redirect: {path}\r\nContent-Type: text/html; charset=utf-8\r\nX-Request-Id: r-1\r\n"
                             "Content-Disposition: inline\r\nRepr-Digest: sha-256=:x:\r\nContent-Security-Policy: x\r\n"
                             "Access-Control-Allow-Origin: *\r\nAccess-Control-Expose-Headers: ETag\r\n"
                             "Cross-Origin-Resource-Policy: cross-origin\r\n\r\n").encode()
        return self.ask(f"/{ID}/a.html")

    def test_of_the_worker_s_type(self):
        answer = self.name(f"/.files/{ID[-3:]}/{ID}.bin")
        self.assertEqual((answer.status, answer.body), (200, BYTES))
        self.assertEqual(answer.header("Content-Type"), "text/html; charset=utf-8")
        for name in ("X-Accel-Redirect", "Status"):
            self.assertIsNone(answer.header(name))
        self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])

    def test_never_outside(self):
        for path in ("/.files/../secret", "/.files/%2e%2e/secret", "/.files/..%2fsecret", "/../secret", "/secret", "secret", "/",
                     "/.files", "/.files/", f"/.files/{ID[-3:]}", "/.files/abc/none.bin", "/etc/passwd", "http://x/y", "?", ""):
            with self.subTest(path=path):
                answer = self.name(path)
                if path:
                    self.assertRefusedHere(answer, 404)
                    self.assertEqual(answer.json["request_id"], "r-1")
                self.assertNotIn(BYTES, answer.body)
                for name in ("X-Accel-Redirect", "Content-Disposition", "Repr-Digest", "Content-Security-Policy",
                             "Access-Control-Expose-Headers", "Cross-Origin-Resource-Policy") if path else ():
                    self.assertIsNone(answer.header(name), name)


class Alone(Case):
    """Without workers."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name in ("worker", "slow"):
            os.unlink(os.path.join(cls.folder.run, name + ".sock"))

    def test_answers(self):
        self.assertEqual(self.ask(f"/{ID}/a.png").body, BYTES)
        self.assertRefusedHere(self.ask("/api/v4/me"), 502, "1")
        self.assertRefusedHere(self.ask("/api/v4/upload", "POST", body=b"x"), 502, "1")
        self.assertRefusedHere(self.ask(f"/{ID}/a.svg"), 502, "1")
        self.assertRefusedHere(self.ask(FETCH, "POST", body=b"{}"), 503, "5")

    def test_no_secret_in_the_log(self):
        headers = {"Authorization": "Bearer " + SECRET, "X-Download-Authorization": SECRET, "Cookie": SECRET}
        for path in (FETCH, "/api/v4/me"):
            self.line(self.ask(f"{path}?token={SECRET}", "POST", headers, body=SECRET.encode()))
        self.ask(f"/{ID}/a.png?{SECRET}", headers=headers)
        with open(self.caddy.log, encoding="utf-8") as f:
            self.assertNotIn(SECRET, f.read())

    def test_what_workers_log_is_not_logged_here(self):
        self.ask(f"/{ID}/a.png?unlogged")
        self.line(self.ask("/api/v4/me"))
        self.assertEqual([line for line in self.log() if line.get("request", {}).get("uri", "").endswith(".png")], [])


class Silent(unittest.TestCase):
    """Workers that answer nothing."""

    def test_504(self):
        folder = Folder()
        self.addCleanup(folder.remove)
        done = []
        pools = [Responder(os.path.join(folder.run, name + ".sock"), lambda values, body: wait_for(done))
                 for name in ("worker", "slow")]
        caddy = CaddyUnix(folder, TIMEOUT="1", SLOW_TIMEOUT="1").start()
        try:
            for method, path in (("GET", "/api/v4/me"), ("GET", "/up"), ("GET", "/rescue?url=x"), ("POST", FETCH)):
                answer = request(caddy.address, method, path)
                self.assertEqual((answer.status, answer.json["code"], answer.header("Retry-After")),
                                 (504, "gateway_timeout", "5"), path)
        finally:
            done.append(True)
            caddy.stop()
            for pool in pools:
                pool.close()


def wait_for(done):
    wait_until(lambda: done, what="the end of the test")
    return PLAIN % b"200 OK"


main()
