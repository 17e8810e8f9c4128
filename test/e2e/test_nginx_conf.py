"""deploy/nginx.conf by itself: which requests reach a worker, and what nginx answers without one."""
import json
import os
import re
import select
import socket
import time
import unittest
import unittest.mock

from harness import ROOT, Folder, Nginx, main, wait_until
from harness.client import connect, read, request
from harness.fronts import NginxBuffered
from harness.responder import Responder

ID = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
BYTES = bytes(range(256)) * 40
TYPES = {
    "png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp", "avif": "image/avif",
    "bmp": "image/bmp", "ico": "image/vnd.microsoft.icon", "mp4": "video/mp4", "webm": "video/webm",
    "mov": "video/quicktime", "ogv": "video/ogg", "mp3": "audio/mpeg", "m4a": "audio/mp4", "aac": "audio/aac",
    "ogg": "audio/ogg", "wav": "audio/wav", "flac": "audio/flac", "pdf": "application/pdf", "woff": "font/woff",
    "woff2": "font/woff2", "wasm": "application/wasm",
}
PICTURES = {"png", "jpg", "gif", "webp", "avif", "bmp", "ico"}
EXPOSED = "Accept-Ranges, Content-Range, Content-Disposition, Content-Length, ETag"
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self'"
FETCH = "/api/v4/upload_from_url"
FROM_SLOW = b'Status: 419 Slow\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nslow'
FROM_WORKER = b'Status: 418 Worker\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nworker'


class Case(unittest.TestCase):
    front = Nginx
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.shard = os.path.join(cls.folder.data, "files", ID[-3:])
        os.makedirs(cls.shard)
        for extension in [*TYPES, "bin", "svg"]:
            with open(os.path.join(cls.shard, f"{ID}.{extension}"), "wb") as f:
                f.write(BYTES)
        cls.answer = FROM_WORKER
        cls.responder = Responder(os.path.join(cls.folder.run, "worker.sock"), lambda values, body: cls.answer)
        cls.slow = Responder(os.path.join(cls.folder.run, "slow.sock"), lambda values, body: FROM_SLOW)
        cls.nginx = cls.front(cls.folder).start()

    @classmethod
    def tearDownClass(cls):
        cls.nginx.stop()
        cls.responder.close()
        cls.slow.close()
        complaints = cls.nginx.complaints()
        cls.folder.remove()
        # The FIFO planted below is named by nginx as what it is.
        assert all("is not a regular file" in line for line in complaints), complaints

    def setUp(self):
        type(self).answer = FROM_WORKER
        self.responder.called.clear()
        self.slow.called.clear()

    def ask(self, path, method="GET", headers=(), **more):
        return request(self.nginx.address, method, path, headers, **more)

    def assertReachesWorker(self, path, method="GET", **more):
        answer = self.ask(path, method, **more)
        self.assertEqual(answer.status, 418, (path, answer))
        values, _ = self.responder.called[-1]
        self.assertEqual(values["REQUEST_URI"], path)
        self.assertEqual(values["REQUEST_METHOD"], method)

    def assertRefusedHere(self, answer, status, retry_after=None):
        self.assertEqual((answer.status, answer.json["status"]), (status, status), answer)
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
        self.assertEqual(answer.header("Retry-After"), retry_after)
        self.assertEqual(self.refusal(answer)["status"], status)

    def assertPublic(self, answer, policy):
        for name, value in [
                ("X-Content-Type-Options", "nosniff"), ("Access-Control-Allow-Origin", "*"),
                ("Access-Control-Expose-Headers", EXPOSED), ("Cross-Origin-Resource-Policy", "cross-origin"),
                ("Content-Security-Policy", policy), ("Cache-Control", "public, max-age=31536000, immutable")]:
            self.assertEqual(answer.header(name), value, name)

    def refusal(self, answer):
        """The line of an answer, written when it has been sent."""
        id = answer.header("X-Request-Id")
        return wait_until(lambda: [line for line in self.refused() if line["id"] == id], what="its log line")[-1]

    def refused(self):
        with open(os.path.join(self.folder.log, "refused.log"), encoding="utf-8") as f:
            return [json.loads(line) for line in f]

    def assertNotKept(self, answer):
        """no-store wins over all else that is said (RFC 9111 section 5.2.2.5)."""
        self.assertIn("no-store", answer.all("Cache-Control"), answer)

    def assertUnsatisfiable(self, answer):
        self.assertEqual((answer.status, answer.json["status"]), (416, 416))
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(answer.header("Content-Range"), f"bytes */{len(BYTES)}")
        self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
        self.assertEqual(answer.header("X-Content-Type-Options"), "nosniff")
        self.assertIsNone(answer.header("ETag"))
        self.assertIsNone(answer.header("Last-Modified"))
        self.assertNotKept(answer)


class StaticLane(Case):
    def test_types_and_headers(self):
        for extension, kind in TYPES.items():
            for method in ("GET", "HEAD"):
                with self.subTest(extension=extension, method=method):
                    answer = self.ask(f"/{ID}/any%20name.{extension}", method)
                    self.assertEqual(answer.status, 200)
                    self.assertEqual(answer.header("Content-Type"), kind)
                    self.assertEqual(answer.header("Accept-Ranges"), "bytes")
                    self.assertEqual(answer.header("Content-Length"), str(len(BYTES)))
                    self.assertEqual(answer.body, BYTES if method == "GET" else b"")
                    self.assertPublic(answer, POLICY if extension in PICTURES else None)
        self.assertEqual(self.responder.called, [])

    def test_ranges_and_conditions(self):
        path = f"/{ID}/a.png"
        etag = self.ask(path).header("ETag")
        date = self.ask(path).header("Last-Modified")
        rows = [
            ({"Range": "bytes=0-0"}, 206, BYTES[:1]),
            ({"Range": "bytes=5-"}, 206, BYTES[5:]),
            ({"Range": "bytes=-5"}, 206, BYTES[-5:]),
            ({"Range": "bytes=99999999-"}, 416, None),
            ({"Range": "bytes=" + ",".join("0-0" for _ in range(1000))}, None, None),
            ({"Range": "bytes=99999999999999999999-"}, 416, None),
            ({"If-None-Match": etag}, 304, b""),
            ({"If-None-Match": '"other"'}, 200, BYTES),
            ({"If-Modified-Since": date}, 304, b""),
            ({"Range": "bytes=0-1", "If-Range": etag}, 206, BYTES[:2]),
            ({"Range": "bytes=0-1", "If-Range": '"other"'}, 200, BYTES),
        ]
        for headers, status, body in rows:
            with self.subTest(headers=str(headers)[:80]):
                answer = self.ask(path, headers=headers)
                if status is not None:
                    self.assertEqual(answer.status, status)
                if body is not None:
                    self.assertEqual(answer.body, body)
                self.assertIn(answer.status, (200, 206, 304, 416))
                if answer.status == 416:
                    self.assertUnsatisfiable(answer)
                    self.assertTrue(answer.header("X-Request-Id"))
                else:
                    self.assertPublic(answer, POLICY)

    def test_names_as_the_service_writes_them(self):
        for name in ["a.png", "a.b.png", "..png", "-rf.png", "%F0%9F%98%80.png", "%C3%A9.png", "a%25b.png",
                     "a!$&'()*+,;=:@~_.png", "a.png?download=1", "a.png?", "%5B1%5D.png", "%23.png", "a%5E.png"]:
            with self.subTest(name=name):
                self.assertEqual(self.ask(f"/{ID}/{name}").body, BYTES)
        self.assertEqual(self.responder.called, [])

    def test_odd_paths_reach_the_worker_raw(self):
        other = "0193a1b2-c3d4-7e5f-8a9b-0123456abfff"
        for path in [f"//{ID}/a.png", f"/{ID}//a.png", f"/./{ID}/a.png", f"/{ID}/./a.png", f"/x/../{ID}/a.png",
                     f"/x/%2e%2e/{ID}/a.png", f"/%2E/{ID}/a.png", f"/%2f{ID}/a.png", f"/{ID}%2fa.png",
                     f"/{ID}/a%5cb.png", f"/{ID}/a\\b.png", f"/{ID}/a%2Fb.png", f"/{ID}/%c0%af.png",
                     f"/{ID}/%E0%80%AF.png", f"/{ID}/%ff.png", f"/{ID}/a%01.png", f"/{ID}/a%7f.png",
                     f"/{ID}/a.PNG", f"/{ID}/.png", f"/{ID}/a.svg", f"/{ID}/a.html", f"/{ID}/a", f"/{ID}/", f"/{ID}",
                     f"/{ID.upper()}/a.png", f"/{other}/a.png", f"/{ID}/x/a.png", f"/{ID}/a.png/",
                     "/.files/abc/x.png", "/.error/400", "/", "/api/v4/me", "/up"]:
            with self.subTest(path=path):
                if path.startswith("/.files/") or path.startswith("/.error/"):
                    self.assertEqual(self.ask(path).status, 404)
                else:
                    self.assertReachesWorker(path)

    def test_other_methods_reach_the_worker(self):
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "PATCH", "BREW"):
            with self.subTest(method=method):
                self.assertReachesWorker(f"/{ID}/a.png", method, body=b"body")
                self.assertEqual(self.responder.called[-1][1], b"body")

    def test_planted_files_are_not_followed(self):
        secret = os.path.join(self.folder.path, "secret")
        with open(secret, "wb") as f:
            f.write(b"secret")
        plant = {
            "0193a1b2-c3d4-7e5f-8a9b-000000001abc": lambda path: os.symlink(secret, path),
            "0193a1b2-c3d4-7e5f-8a9b-000000002abc": os.mkfifo,
            "0193a1b2-c3d4-7e5f-8a9b-000000003abc": os.mkdir,
        }
        os.symlink(self.shard, os.path.join(self.folder.data, "files", "def"))
        for name, make in plant.items():
            make(os.path.join(self.shard, name + ".png"))
            with self.subTest(name=name):
                answer = self.ask(f"/{name}/a.png", timeout=5)
                self.assertNotIn(b"secret", answer.body)
                self.assertIn(answer.status, (418, 301))
        os.link(os.path.join(self.shard, ID + ".png"), os.path.join(self.shard, ID[:-3] + "def.png"))
        self.assertReachesWorker(f"/{ID[:-3]}def/a.png")


class WorkerLane(Case):
    HEAD = (f"X-Accel-Redirect: /.files/{ID[-3:]}/{ID}.bin\r\nContent-Type: text/html; charset=utf-8\r\n"
            "Content-Disposition: inline; filename=\"a.html\"\r\nX-Request-Id: r-1\r\n")

    def send(self, more="", headers=(), method="GET"):
        type(self).answer = (self.HEAD + more + "\r\n").encode()
        return self.ask(f"/{ID}/a.html", method, headers)

    def test_headers(self):
        policy = f"Content-Security-Policy: {POLICY}\r\n"
        etag = self.send().header("ETag")
        for headers, status, body in [
                ({}, 200, BYTES), ({"Range": "bytes=1-3"}, 206, BYTES[1:4]), ({"If-None-Match": etag}, 304, b""),
                ({"Range": "bytes=1-3", "If-Range": etag}, 206, BYTES[1:4])]:
            with self.subTest(headers=headers):
                answer = self.send(policy, headers)
                self.assertEqual((answer.status, answer.body), (status, body))
                self.assertPublic(answer, POLICY)
                self.assertEqual(answer.header("X-Request-Id"), "r-1")
                self.assertEqual(answer.header("Content-Disposition"), 'inline; filename="a.html"')
                if status != 304:
                    self.assertEqual(answer.header("Accept-Ranges") if status == 200 else "bytes", "bytes")
                    self.assertEqual(answer.header("Content-Type"), "text/html; charset=utf-8")
        self.assertPublic(self.send(), None)

    def test_unsatisfiable(self):
        answer = self.send(headers={"Range": "bytes=99999999-"})
        self.assertUnsatisfiable(answer)
        self.assertEqual(answer.header("X-Request-Id"), "r-1")

    def test_head(self):
        answer = self.send(method="HEAD")
        self.assertEqual((answer.status, answer.body), (200, b""))
        self.assertEqual(answer.header("Content-Length"), str(len(BYTES)))

    def test_gone_meanwhile(self):
        """Content-Disposition stays: nginx has no way of taking back what came with an X-Accel-Redirect."""
        for kind in ("text/html; charset=utf-8", "image/png"):
            with self.subTest(kind=kind):
                head = self.HEAD.replace("text/html; charset=utf-8", kind).replace(ID + ".bin", "gone.bin")
                type(self).answer = (head + "\r\n").encode()
                answer = self.ask(f"/{ID}/a.html")
                self.assertEqual((answer.status, answer.json["error"], answer.json["status"]), (404, "Not found", 404))
                self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
                self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
                self.assertEqual(answer.header("X-Request-Id"), "r-1")
                self.assertEqual(answer.header("Cache-Control"), "no-store")


class Errors(Case):
    def test_parameters(self):
        self.ask("/api/v4/me?a=b%20c", headers={"Authorization": "Bearer x", "Proxy": "evil", "X_Forwarded_Proto": "1"})
        values, _ = self.responder.called[-1]
        self.assertEqual(values["REQUEST_URI"], "/api/v4/me?a=b%20c")
        self.assertEqual(values["HTTP_AUTHORIZATION"], "Bearer x")
        self.assertEqual(values["REMOTE_ADDR"], "127.0.0.1")
        self.assertEqual({name for name in values if not name.startswith("HTTP_")}, {
            "REQUEST_URI", "REQUEST_METHOD", "CONTENT_TYPE", "CONTENT_LENGTH", "REMOTE_ADDR"})
        self.assertEqual({name for name in values if name.startswith("HTTP_")}, {
            "HTTP_HOST", "HTTP_CONNECTION", "HTTP_AUTHORIZATION"})

    def test_parameters_fit_one_record(self):
        """nginx sends them in one, of at most 65,535 bytes; more is an alert, and 500."""
        tiny = b"".join(b"%c:\n" % (97 + i % 26) for i in range(40_000))
        rows = [
            ("query and headers", b"GET /up?" + b"q" * 15000 + b" HTTP/1.1\r\n" + b"".join(
                b"X-%d: %s\r\n" % (i, b"y" * 15000) for i in range(3)), 400),
            ("many tiny headers", b"GET /up HTTP/1.1\r\n" + tiny, 400),
            # Some builds of nginx take at most 1,000 headers, others as many as there is room for.
            ("as many as there is room for", b"GET /" + b"x" * 3000 + b" HTTP/1.1\r\n" + tiny[:18000], (400, 418)),
            ("900 tiny headers", b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n" + tiny[:2700], 418),
            ("one type", b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\nContent-Type: " + b"t" * 10500 + b"\r\n", 418),
            ("a path and a header", b"GET /" + b"x" * 8192 + b" HTTP/1.1\r\nAuthorization: " + b"y" * 10240 + b"\r\n",
             418),
        ]
        for what, lines, status in rows:
            with self.subTest(what=what), connect(self.nginx.address) as sock:
                first, rest = lines.split(b"\n", 1)
                sock.sendall(first + b"\nHost: x\r\n" + rest + b"\r\n")
                self.assertIn(read(sock).status, status if isinstance(status, tuple) else (status,))
                self.assertEqual(self.nginx.complaints(), [])

    def test_a_slow_reader_is_given_time(self):
        """nginx counts send_timeout from drain to drain of a third of the socket's buffer."""
        with open(os.path.join(self.folder.conf, "nginx.conf"), encoding="utf-8") as f:
            timeout = int(re.search(r"^\s*send_timeout (\d+)s;$", f.read(), re.M).group(1))
        with open("/proc/sys/net/ipv4/tcp_wmem", encoding="ascii") as f:
            buffer = int(f.read().split()[2])
        self.assertGreater(timeout, 2 * buffer / 3 / 20_000, "a reader of 20 kB/s")

    def test_nginx_own_refusals_are_json(self):
        big = {"Content-Length": "9999999"}
        rows = [
            ("GET /%00 HTTP/1.1", {}, 400), ("GET /%zz HTTP/1.1", {}, 400), ("rubbish", {}, 400),
            ("GET / HTTP/1.1", {"X": "y" * 64000}, 400), ("POST /api/v4/me HTTP/1.1", big, 413),
            ("GET /" + "x" * 20000 + " HTTP/1.1", {}, 400), ("TRACE / HTTP/1.1", {}, 405),
            (f"TRACE /{ID}/a.png HTTP/1.1", {}, 405), ("TRACE /api/v4/me HTTP/1.1", {}, 405),
            ("CONNECT / HTTP/1.1", {}, 405), ("GET / HTTP/3.0", {}, 400),
            ("POST / HTTP/1.1", {"Transfer-Encoding": "gzip"}, 400),
            ("GET /.error/ HTTP/1.1", {}, 404), ("GET /.error/x HTTP/1.1", {}, 404), ("GET /.error/405 HTTP/1.1", {}, 404),
            ("GET /.error/404?a HTTP/1.1", {}, 404), ("POST /.error/500 HTTP/1.1", {}, 404),
            ("GET /.files/x HTTP/1.1", {}, 404),
            ("POST /api/v4/upload HTTP/1.1", {"Content-Length": "abc"}, 400),
        ]
        for line, headers, status in rows:
            with self.subTest(line=line[:40], headers=str(headers)[:40]):
                with connect(self.nginx.address) as sock:
                    lines = [line, "Host: x", *(f"{name}: {value}" for name, value in headers.items())]
                    sock.sendall("\r\n".join(lines).encode() + b"\r\n\r\n")
                    answer = read(sock)
                self.assertEqual(answer.status, status)
                self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
                self.assertEqual(answer.header("Cache-Control"), "no-store")
                self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
                self.assertEqual(list(answer.json), ["error", "code", "message", "status", "documentation_url", "request_id"])
                self.assertTrue(answer.json["documentation_url"].endswith("/docs/api#errors"))
                self.assertEqual(answer.json["request_id"], answer.header("X-Request-Id"))
                self.assertEqual(answer.json["status"], answer.status)
                allow = answer.header("Allow")
                self.assertEqual(allow, "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS" if status == 405 else None)
                said = self.refusal(answer)
                self.assertEqual((said["status"], said["remote"]), (status, "127.0.0.1"))
                method = re.match(r"([A-Z]+) ", line)
                self.assertEqual(said["method"], method.group(1) if method else "")

    def test_only_what_no_worker_answered_is_logged(self):
        before = len(self.refused())
        self.ask(f"/{ID}/a.png")
        self.ask(f"/{ID}/a.png", headers={"If-None-Match": "*"})
        for status in (200, 404, 503):
            type(self).answer = f"Status: {status} X\r\nX-Request-Id: r-1\r\n\r\n".encode()
            self.assertEqual(self.ask("/api/v4/me").status, status)
        self.assertEqual(len(self.refused()), before)
        type(self).answer = b"X-Accel-Redirect: /.files/gone\r\nX-Request-Id: r-2\r\n\r\n"
        self.assertEqual(self.ask(f'/{ID}/a"\\b?secret=1').status, 404)
        # nginx writes the line once the answer is sent.
        wait_until(lambda: len(self.refused()) > before, what="a line in the log")
        said = self.refused()[before:]
        self.assertEqual([(line["id"], line["status"], line["path"]) for line in said],
                         [("r-2", 404, f'/{ID}/a"\\b')])

    def test_an_upload_has_no_ceiling_here(self):
        self.assertReachesWorker("/api/v4/upload", "POST", body=bytes(3_000_000))
        self.assertReachesWorker("/api/v4/upload", "POST", body=bytes(3_000_000), chunked=True)
        self.assertEqual(len(self.responder.called[-1][1]), 3_000_000)


class Fetches(Case):
    LIMIT = 64 * 1024

    def fetch(self, path=FETCH, method="POST", body=b"{}", **more):
        answer = self.ask(path, method, body=body, **more)
        return {418: "worker", 419: "slow"}.get(answer.status, answer.status)

    def test_only_they_go_to_the_slow_pool(self):
        rows = [
            # Whatever a worker takes for a fetch.
            ("POST", FETCH, "slow"), ("POST", FETCH + "?url=x", "slow"), ("POST", FETCH + "?", "slow"),
            ("POST", "/api/v4/upload%5Ffrom%5furl", "slow"), ("POST", "/%61pi/v4/upload_from_url", "slow"),
            ("POST", "http://other" + FETCH, "slow"),
            # A worker refuses these, so it matters only that one is asked.
            ("POST", "//api/v4/upload_from_url", "slow"), ("POST", "/api/v4/./upload_from_url", "slow"),
            ("POST", FETCH + "/", "worker"), ("POST", FETCH + "x", "worker"), ("POST", FETCH.upper(), "worker"),
            ("POST", "/x" + FETCH, "worker"), ("POST", FETCH + "%20", "worker"), ("POST", FETCH + ".png", "worker"),
            ("POST", FETCH + ";x", "worker"), ("POST", FETCH + "%3Fx", "worker"), ("POST", FETCH + "%23", "worker"),
            # Not a fetch.
            *((method, FETCH, "worker") for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "BREW")),
            ("POST", "/api/v4/upload", "worker"), ("POST", "/api/v4/uploads", "worker"), ("GET", "/api/v4/me", "worker"),
            ("GET", "/", "worker"), ("GET", "/up", "worker"), ("DELETE", f"/api/v4/upload/{ID}", "worker"),
            ("GET", f"/{ID}/upload_from_url", "worker"),
        ]
        for method, path, pool in rows:
            with self.subTest(method=method, path=path):
                self.assertEqual(self.fetch(path, method), pool)

    def test_parameters(self):
        self.fetch(FETCH + "?url=http%3A%2F%2Fx", headers={
            "Authorization": "Bearer x", "X-Download-Authorization": "y", "Content-Type": "application/json"})
        values, body = self.slow.called[-1]
        self.assertEqual(body, b"{}")
        self.assertEqual({name: values[name] for name in values if name != "HTTP_HOST"}, {
            "REQUEST_URI": FETCH + "?url=http%3A%2F%2Fx", "REQUEST_METHOD": "POST", "CONTENT_TYPE": "application/json",
            "CONTENT_LENGTH": "2", "REMOTE_ADDR": "127.0.0.1", "HTTP_AUTHORIZATION": "Bearer x",
            "HTTP_X_DOWNLOAD_AUTHORIZATION": "y", "HTTP_CONTENT_TYPE": "application/json", "HTTP_CONTENT_LENGTH": "2",
            "HTTP_CONNECTION": "close"})

    def test_a_body_is_small(self):
        for more in ({}, {"chunked": True}):
            with self.subTest(**more):
                self.assertEqual(self.fetch(body=b"x" * self.LIMIT, **more), "slow")
                values, body = self.slow.called.pop()
                self.assertEqual((len(body), values["CONTENT_LENGTH"]), (self.LIMIT, str(self.LIMIT)))
                self.assertRefusedHere(self.ask(FETCH, "POST", body=b"x" * (self.LIMIT + 1), **more), 413)
                self.assertEqual(self.slow.called, [])

    def test_a_body_is_here_before_a_worker_is_asked(self):
        with connect(self.nginx.address) as sock:
            sock.sendall(f"POST {FETCH} HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\n12".encode())
            self.assertEqual(self.fetch(), "slow")
            self.assertEqual(len(self.slow.called), 1)
            sock.sendall(b"34")
            self.assertEqual(read(sock).status, 419)
        self.assertEqual(self.slow.called[-1][1], b"1234")

    def test_a_body_that_is_malformed(self):
        with connect(self.nginx.address) as sock:
            sock.sendall(f"POST {FETCH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n".encode())
            answer = read(sock)
        self.assertRefusedHere(answer, 400)
        self.assertEqual(self.slow.called, [])

    def test_the_longest_fetch_may_stand_in_line_first(self):
        with open(os.path.join(self.folder.conf, "nginx.conf"), encoding="utf-8") as f:
            location = re.search(r"location = /api/v4/upload_from_url {(.*?)}", f.read(), re.S).group(1)
        with open(os.path.join(ROOT, ".env.example"), encoding="utf-8") as f:
            longest = int(re.search(r"^#CDN_FETCH_TIMEOUT=(\d+)$", f.read(), re.M).group(1))
        self.assertGreater(int(re.search(r"fastcgi_read_timeout (\d+)s;", location).group(1)), 2 * longest)


class SlowPool(Case):
    """A line of one, which nobody serves."""

    def line(self):
        path = os.path.join(self.folder.run, "slow.sock")
        os.unlink(path)
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(path)
        os.chmod(path, 0o600)
        listener.listen(0)
        return listener

    def test_a_full_line(self):
        listener = self.line()
        with connect(self.nginx.address) as first:
            first.sendall(f"POST {FETCH} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n".encode())
            select.select([listener], [], [], 10)
            self.assertRefusedHere(self.ask(FETCH, "POST"), 503, "5")
            self.assertReachesWorker("/api/v4/me")
            self.assertReachesWorker(FETCH, "OPTIONS")
            self.assertEqual(select.select([first], [], [], 0)[0], [], "the first still stands in line")
            listener.accept()[0].close()
            self.assertRefusedHere(read(first), 503, "5")

    def test_not_there(self):
        self.line().close()
        answer = self.ask(FETCH, "POST")
        self.assertRefusedHere(answer, 503, "5")
        self.assertEqual((answer.json["error"], answer.json["code"]), ("Service unavailable", "unavailable"))
        self.assertReachesWorker("/api/v4/upload", "POST", body=b"x")


class Shortened(Case):
    """With a wait shortened, so as to see its end."""
    wait = (None, None)

    @classmethod
    def setUpClass(cls):
        render = Folder.render

        def shortened(folder, *words, **values):
            path = render(folder, *words, **values)
            with open(path, encoding="utf-8") as f:
                text = f.read()
            with open(path, "w", encoding="utf-8") as f:
                f.write(re.sub(*cls.wait, text))
            return path

        with unittest.mock.patch.object(Folder, "render", shortened):
            super().setUpClass()


class Patience(Shortened):
    """For how long nginx waits for the slow pool."""
    wait = (r"(location = /api/v4/upload_from_url {[^}]*fastcgi_read_timeout )\d+s", r"\g<1>1s")

    def test_its_end_is_504(self):
        self.slow.answer = lambda values, body: time.sleep(1.5) or FROM_SLOW
        self.assertRefusedHere(self.ask(FETCH, "POST", body=b"{}"), 504, "5")
        self.responder.answer = lambda values, body: time.sleep(1.5) or FROM_WORKER
        self.assertReachesWorker("/api/v4/me")


class SlowBody(Shortened):
    """Where nginx takes the body first, it alone waits for it."""
    front = NginxBuffered
    wait = (r"client_body_timeout \d+s;", "client_body_timeout 1s;")

    def test_a_client_that_stops_sending(self):
        for path in ("/upload", "/uploads", "/upload/a.bin"):
            for framing in ("Content-Length: 100", "Transfer-Encoding: chunked"):
                with self.subTest(path=path, framing=framing), connect(self.nginx.address) as sock:
                    sock.sendall(f"PUT /cdn/api/v4{path} HTTP/1.1\r\nHost: x\r\n{framing}\r\n\r\n12\r\n".encode())
                    self.assertEqual(sock.recv(100), b"")
        self.assertEqual(self.responder.called, [])


class WithoutWorkers(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for pool in (cls.responder, cls.slow):
            pool.listener.shutdown(socket.SHUT_RDWR)
            pool.close()

    def test_pictures_still_answer_and_the_rest_says_502(self):
        self.assertEqual(self.ask(f"/{ID}/a.png").body, BYTES)
        for path in ("/api/v4/me", "/up", f"/{ID}/a.html", f"/{ID[:-3]}fff/a.png"):
            self.assertRefusedHere(self.ask(path), 502, "1")

    def test_the_log_has_the_method_that_was_asked_with(self):
        """An error page makes a GET of everything but a HEAD."""
        for method in ("GET", "HEAD", "POST", "DELETE", "BREW"):
            self.assertEqual(self.refusal(self.ask("/api/v4/upload", method))["method"], method)


main()
