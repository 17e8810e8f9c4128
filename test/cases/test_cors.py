"""What scripts of other origins may read: every answer of the API and of files says so once, whoever gave it.

A web server adds no Access-Control header of its own to what a worker answers, on no status, and to what it answers by
itself it adds the same ones that a worker would. It answers no preflight by itself.
"""
import os
import shutil

from harness import Multipart, Part, main
from harness.origins import ORIGIN, OpenCase
from harness.samples import png

ID = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
API_HEADERS = "Authorization, Content-Type, X-Download-Authorization, Idempotency-Key"
HTML = b"<html><body>page</body></html>"
BYTES = b"\1\2\3\xfe\xff" * 9


class Case(OpenCase):
    def check_file(self, path, size, gone=True):
        """All that a file's address may answer."""
        whole = self.assertOpen(self.site.get(path, ORIGIN), 200)
        since = {"If-None-Match": whole.header("ETag")}
        self.check([
            ("HEAD", path, 200, {}), ("GET", path + "?x=y", 200, {}),
            ("GET", path, 206, {"headers": {"Range": "bytes=0-3"}}),
            ("GET", path, 206, {"headers": {"Range": "bytes=-3"}}),
            ("GET", path, 416, {"headers": {"Range": f"bytes={size}-"}}),
            ("POST", path, 405, {"body": b"x"}), ("PUT", path, 405, {"body": b"x"}), ("DELETE", path, 405, {}),
            ("PATCH", path, 405, {"body": b"x"}), ("TRACE", path, 405, {}), ("BREW", path, 405, {}),
        ])
        self.check([("GET", path, 304, {"headers": since}), ("HEAD", path, 304, {"headers": since})])
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
    def test_static_lane(self):
        self.check_file(self.path(png(), "a.png"), len(png()))

    def test_not_of_the_static_lane(self):
        for data, name in ((HTML, "a.html"), (BYTES, "a.bin"), (b"text", "a.txt"), (HTML, "a.png")):
            self.check_file(self.path(data, name), len(data))

    def test_nobody_knows_them(self):
        for path in (f"/{ID}/a.png", f"/{ID}/a.html", f"/{ID}/%2e%2e%2fa", "/nobody/knows", f"/{ID}/a//b.png"):
            status = (400, 404) if "%2f" in path or "//" in path else 404
            self.check([("GET", path, status, {}), ("HEAD", path, status, {})])
        for path in (f"/{ID}/a.png", f"/{ID}/a.html", "/nobody/knows", f"/{ID}/a%20b.png"):
            self.preflight(path)

    def test_odd_spellings_of_a_file(self):
        path = self.path(png(), "a.png")
        self.check([("GET", path[:-5] + "%61.png", 200, {}), ("GET", path + "%zz", (400, 404), {}),
                    ("GET", "/" + path, (400, 404), {}), ("GET", path + "%00.png", (400, 404), {})])

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
            ("GET", "/api/v4/%zz", (400, 404), {}), ("GET", "/api//v4/me", (400, 404), {}),
            ("GET", "/api/v4/../me", (400, 404), {}),
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


class WithoutRedis(Case):
    def test_answers(self):
        path = self.path(HTML, "a.html")
        self.site.redis.stop()
        self.site.expect_errors()
        self.check([("GET", "/api/v4/me", 503, {"key": True}), ("GET", "/api/v4/me", 401, {}),
                    ("POST", "/api/v4/revoke", 503, {"key": True}), ("GET", path, 200, {})])
        self.assertOpen(self.site.upload(b"x", "a.bin", headers=ORIGIN), 503)
        self.preflight("/api/v4/me", "GET, HEAD", API_HEADERS)


main()
