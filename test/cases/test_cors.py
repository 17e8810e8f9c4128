"""What scripts of other origins may read: every answer of the API and of files says so once, whoever gave it."""
import functools
import os
import shutil
import signal

from harness import Multipart, Nginx, Part, main, process
from harness.cases import SiteCase
from harness.samples import png

ID = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
API_HEADERS = "Authorization, Content-Type, X-Download-Authorization, Idempotency-Key"
ORIGIN = {"Origin": "https://other.example"}
HTML = b"<html><body>page</body></html>"
BYTES = b"\1\2\3\xfe\xff" * 9


class Case(SiteCase):
    def assertOpen(self, answer, status):
        """Exactly one origin, all of them, and no credentials."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"], answer)
        self.assertEqual(answer.all("Access-Control-Allow-Credentials"), [], answer)
        return answer

    def check(self, rows):
        for method, path, status, more in rows:
            with self.subTest(method=method, path=path[:60], status=status):
                more = dict(more)
                headers = {**ORIGIN, **more.pop("headers", {})}
                self.assertOpen(self.site.request(method, path, headers, **more), status)

    def path(self, data, name):
        return self.site.upload(data, name).json["url"][len(self.site.url):]

    def check_file(self, path, size, gone=True):
        """All that a file's address may answer."""
        whole = self.assertOpen(self.site.get(path, ORIGIN), 200)
        since = {"If-None-Match": whole.header("ETag")}
        self.check([
            ("HEAD", path, 200, {}), ("GET", path + "?x=y", 200, {}),
            ("GET", path, 304, {"headers": since}), ("HEAD", path, 304, {"headers": since}),
            ("GET", path, 206, {"headers": {"Range": "bytes=0-3"}}),
            ("GET", path, 206, {"headers": {"Range": "bytes=-3"}}),
            ("GET", path, 416, {"headers": {"Range": f"bytes={size}-"}}),
            ("POST", path, 405, {"body": b"x"}), ("PUT", path, 405, {"body": b"x"}), ("DELETE", path, 405, {}),
            ("PATCH", path, 405, {"body": b"x"}), ("TRACE", path, 405, {}), ("BREW", path, 405, {}),
        ])
        name = path.split("/")[1]
        self.preflight(path)
        if gone:
            shutil.rmtree(os.path.join(self.site.folder.data, "files", name[-3:]))
            self.check([("GET", path, 404, {}), ("HEAD", path, 404, {})])
            self.preflight(path)

    def preflight(self, path, methods="GET, HEAD", headers="*", asked="GET"):
        answer = self.site.request("OPTIONS", path, {
            **ORIGIN, "Access-Control-Request-Method": asked, "Access-Control-Request-Headers": "authorization"})
        self.assertOpen(answer, 204)
        self.assertEqual(answer.body, b"")
        self.assertEqual([answer.header("Access-Control-" + name) for name in (
            "Allow-Methods", "Allow-Headers", "Max-Age")], [methods, headers, "86400"])


class Files(Case):
    settings = {"CDN_SENDFILE": "x-accel-redirect"}

    def test_static_lane(self):
        self.check_file(self.path(png(), "a.png"), len(png()))

    def test_not_of_the_static_lane(self):
        for data, name in ((HTML, "a.html"), (BYTES, "a.bin"), (b"text", "a.txt"), (HTML, "a.png")):
            self.check_file(self.path(data, name), len(data))

    def test_nobody_knows_them(self):
        for path in (f"/{ID}/a.png", f"/{ID}/a.html", f"/{ID}/%2e%2e%2fa", "/nobody/knows", f"/{ID}/a//b.png"):
            status = 400 if "%2f" in path or "//" in path else 404
            self.check([("GET", path, status, {}), ("HEAD", path, status, {})])
        for path in (f"/{ID}/a.png", f"/{ID}/a.html", "/nobody/knows", f"/{ID}/a%20b.png"):
            self.preflight(path)

    def test_odd_spellings_of_a_file(self):
        path = self.path(png(), "a.png")
        self.check([("GET", path[:-5] + "%61.png", 200, {}), ("GET", path + "%zz", 400, {}),
                    ("GET", "/" + path, 400, {}), ("GET", path + "%00.png", 400, {})])

    def test_store_away(self):
        path = self.path(HTML, "a.html")
        marker = os.path.join(self.site.folder.data, ".cdn-store")
        os.rename(marker, marker + ".away")
        self.site.expect_errors()
        try:
            self.check([("GET", path, 503, {}), ("HEAD", path, 503, {})])
        finally:
            os.rename(marker + ".away", marker)


class StreamedFiles(Case):
    settings = {"CDN_SENDFILE": "off"}

    def test_worker_lane(self):
        for data, name in ((HTML, "a.html"), (BYTES, "a.bin")):
            self.check_file(self.path(data, name), len(data))


class Api(Case):
    settings = {"CDN_MAX_BODY": "1M"}

    def test_preflight(self):
        for path, methods in (
                ("/api/v4/upload", "POST"), ("/api/v4/upload_from_url", "POST"), ("/api/v4/me", "GET, HEAD"),
                ("/api/v4/revoke", "POST")):
            for asked in ("GET", "POST", "BREW"):
                self.preflight(path, methods, API_HEADERS, asked)
        self.check([("OPTIONS", "/api/v4/nothing", 404, {}), ("OPTIONS", "/api", 404, {})])

    def test_answers(self):
        form = Multipart(Part(b"x", filename="a.txt"))
        typed = {"Content-Type": form.content_type}
        rows = [
            ("POST", "/api/v4/upload", 201, {"headers": typed, "body": form.body(), "key": True}),
            ("POST", "/api/v4/upload", 400, {"headers": typed, "body": form.body()[:-3], "key": True}),
            ("POST", "/api/v4/upload", 401, {"headers": typed, "body": form.body()}),
            ("POST", "/api/v4/upload", 413, {"headers": typed, "body": bytes(2 << 20), "key": True}),
            ("POST", "/api/v4/upload", 415, {"headers": {"Content-Type": "text/plain"}, "body": b"x", "key": True}),
            ("POST", "/api/v4/upload_from_url?url=ftp://x", 422, {"key": True}),
            ("POST", "/api/v4/upload_from_url", 400, {"key": True}),
            ("GET", "/api/v4/me", 200, {"key": True}), ("HEAD", "/api/v4/me", 200, {"key": True}),
            ("GET", "/api/v4/me", 401, {}), ("HEAD", "/api/v4/me", 401, {}),
            ("DELETE", "/api/v4/me", 405, {"key": True}), ("BREW", "/api/v4/me", 405, {}),
            ("DELETE", f"/api/v4/upload/{ID}", 404, {"key": True}), ("DELETE", f"/api/v4/upload/{ID}", 401, {}),
            ("GET", "/api/v4/nothing", 404, {}), ("GET", "/api/v3/upload", 404, {}), ("GET", "/api", 404, {}),
            ("GET", "/api/v4/%zz", 400, {}), ("GET", "/api//v4/me", 400, {}), ("GET", "/api/v4/../me", 400, {}),
        ]
        self.check(rows)

    def test_scope_and_quota(self):
        key = self.site.cdnctl("key", "add", "test@example.org", "--name", "r", "--scopes", "read")
        self.check([("DELETE", f"/api/v4/upload/{ID}", 403, {"key": key}),
                    ("POST", "/api/v4/upload", 403, {"key": key, "body": b"x"}),
                    ("POST", "/api/v4/revoke", 200, {"key": key}), ("POST", "/api/v4/revoke", 401, {"key": key})])
        small = self.site.make_account("small@example.org", "unverified")
        account = self.site.me(small).json["id"]
        self.site.redis.command("HSET", f"cdn:{{{account}}}", "bytes", 50 << 20)
        self.assertOpen(self.site.upload(b"x" * 99, "a.bin", key=small, headers=ORIGIN), 402)
        self.site.redis.command("HSET", f"cdn:{{{account}}}", "bytes", 0)

    def test_refused_by_nginx(self):
        long = {"X": "y" * 64000}
        self.check([
            ("GET", "/api/v4/me", 400, {"headers": long}), ("GET", f"/{ID}/a.png", 400, {"headers": long}),
            ("GET", "/api/v4/" + "x" * 20000, 400, {}), ("GET", f"/{ID}/" + "x" * 20000, 400, {}),
            ("TRACE", "/api/v4/me", 405, {}), ("TRACE", "/api/v4/upload", 405, {}),
            ("TRACE", "/api/v4/upload_from_url", 405, {}),
            ("POST", "/api/v4/revoke", 413, {"body": bytes(2 << 20), "key": True}),
            ("POST", "/api/v4/upload_from_url", 413, {"body": bytes(1 << 17), "key": True}),
            ("POST", "/api/v4/me", 400, {"body": b"x", "length": "abc"}),
            ("GET", "/.error/404", 404, {}), ("GET", "/.files/x", 404, {}),
        ])
        self.assertEqual(self.site.me().status, 200)


class WithoutRedis(Case):
    def test_answers(self):
        path = self.path(HTML, "a.html")
        self.site.redis.stop()
        self.site.expect_errors()
        self.check([("GET", "/api/v4/me", 503, {"key": True}), ("GET", "/api/v4/me", 401, {}),
                    ("POST", "/api/v4/revoke", 503, {"key": True}), ("GET", path, 200, {})])
        self.assertOpen(self.site.upload(b"x", "a.bin", headers=ORIGIN), 503)
        self.preflight("/api/v4/me", "GET, HEAD", API_HEADERS)


class WithoutWorkers(Case):
    def test_answers(self):
        static, other = self.path(png(), "a.png"), self.path(HTML, "a.html")
        for pool in self.site.pools:
            pool.stop()
        self.check([("GET", static, 200, {}), ("GET", other, 502, {}), ("GET", "/api/v4/me", 502, {"key": True}),
                    ("GET", f"/{ID}/a.png", 502, {}), ("OPTIONS", "/api/v4/me", 502, {}),
                    ("POST", "/api/v4/upload", 502, {"key": True, "body": b"x"}),
                    ("POST", "/api/v4/upload_from_url", 503, {"key": True, "body": b"url=x"})])


class SilentWorkers(Case):
    """nginx waits for a worker that answers nothing."""
    options = {"front": functools.partial(Nginx, extra="fastcgi_read_timeout 1s;")}

    def test_answers(self):
        for pid in self.site.pool.pids():
            process.kill(pid, signal.SIGSTOP)
        try:
            self.check([("GET", "/api/v4/me", 504, {}), ("GET", f"/{ID}/a.html", 504, {})])
        finally:
            for pid in self.site.pool.pids():
                process.kill(pid, signal.SIGCONT)


main()
