"""The table of calls that clients rely on, row by row, then the errors.

A web server leaves status, headers and body of every answer as they are: no page of its own in place of an error, no type,
age or cookie added, nothing compressed, HEAD without a body, every method passed on.
"""
import calendar
import hashlib
import json
import os
import time
import urllib.parse

from harness import Multipart, Part, client, main, wait_until
from harness.api import ACCOUNT, ENVELOPE, UNKNOWN, ApiCase, Source
from harness.samples import jpeg, png

SOURCE = Source(png())
MIB = 1024 * 1024
MANY = "Maximum 40 files per batch, got 41"
API = "/api/v4"


class Contract(ApiCase):
    settings = {**SOURCE.settings, "CDN_TIER_UNVERIFIED_TOTAL": "10M", "CDN_MAX_BODY": "32M", "CDN_FETCH_PER_MINUTE": "3",
                "CDN_FSYNC": "off"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.full = cls.site.make_account("full@example.org", "unverified")
        assert cls.site.upload(bytes(10 * MIB), "full", key=cls.full).status == 201
        cls.small = cls.site.make_account("small@example.org", "unverified")

    def send(self, method, path, document=None, key=True, **more):
        """A call with a JSON body, or none."""
        if document is None:
            return self.site.request(method, API + path, key=key, **more)
        body = document if isinstance(document, bytes) else json.dumps(document).encode()
        return self.site.request(method, API + path, {"Content-Type": "application/json"}, body, key=key, **more)

    def send_form(self, method, path, text, key=True):
        return self.site.request(method, API + path, {"Content-Type": "application/x-www-form-urlencoded"}, text.encode(),
                                 key=key)

    def make(self, name="a.png", data=png(), key=True):
        return self.site.upload(data, name, key=key).json

    def assertQuota(self, answer, code, error, used):
        percentage = round(used / (10 * MIB) * 100, 2)
        self.assertError(answer, 402, code, error, quota={
            "storage_used": used, "storage_limit": 10 * MIB, "quota_tier": "unverified", "percentage_used": percentage})

    # -- one method a row

    def test_post_upload(self):
        before, data = int(time.time()), jpeg()
        answer = self.site.upload(data, "my photo.jpg")
        self.assertJson(answer, 201)
        doc = answer.json
        self.assertFile(doc, filename="my photo.jpg", size=len(data), content_type="image/jpeg",
                        url=f"{self.site.url}/{doc['id']}/my%20photo.jpg", sha256=hashlib.sha256(data).hexdigest())
        created = calendar.timegm(time.strptime(doc["created_at"], "%Y-%m-%dT%H:%M:%SZ"))
        self.assertTrue(before <= created <= time.time())
        self.assertEqual(int(doc["id"][:8] + doc["id"][9:13], 16) // 1000, created)
        line = self.logged(answer)
        self.assertEqual((line["method"], line["path"], line["status"]), ("POST", "/api/v4/upload", 201))
        self.assertEqual(line["account"], self.site.me().json["id"])
        for form in (Multipart(Part(b"x", name="other", filename="a")), Multipart(Part(b"text", name="note")),
                     Multipart(Part(b"", filename="")), Multipart(Part(b"x", name="File", filename="a")), Multipart()):
            with self.subTest(body=form.body()[:80]):
                answer = self.site.upload(form=form)
                self.assertError(answer, 400, "missing_parameter", "Missing file parameter", parameter="file")
        form = {"Content-Type": Multipart().content_type}
        answer = self.site.announce("POST", "/api/v4/upload", 12 * MIB, form, key=self.small)
        self.assertQuota(answer, "file_too_large", "File size exceeds your limit of 10 MB per file", 0)
        self.assertQuota(self.site.upload(b"x", key=self.full), "quota_exceeded", "Storage quota exceeded", 10 * MIB)
        answer = self.site.announce("POST", "/api/v4/upload", 33 * MIB, form, key=True, above_all=True)
        check = self.assertOwnRefusal if self.site.differs("413 of a worker") else self.assertError
        check(answer, 413, "body_too_large", "Request body too large")
        key = {"Idempotency-Key": "row-1"}
        first, again = self.site.upload(b"one", headers=key), self.site.upload(b"one", headers=key)
        self.assertEqual((first.status, first.json), (again.status, again.json))
        self.assertEqual((first.header("Idempotency-Replayed"), again.header("Idempotency-Replayed")), (None, "true"))
        self.assertError(self.site.upload(b"two", headers=key), 422, "validation_failed", "Validation failed")
        self.assertNeedsKey("POST", "/api/v4/upload")
        self.assertOtherMethods("/api/v4/upload", "POST")

    def test_post_upload_from_url(self):
        key = self.site.make_account("fetcher@example.org")
        url = SOURCE.url + "/a/photo.png"
        for ask in (lambda: self.send("POST", "/upload_from_url", {"url": url}, key=key),
                    lambda: self.send_form("POST", "/upload_from_url", "url=" + url, key=key),
                    lambda: self.send("POST", "/upload_from_url?url=" + url, key=key)):
            answer = ask()
            self.assertJson(answer, 201)
            self.assertFile(answer.json, filename="photo.png", size=len(png()), content_type="image/png")
        answer = self.send("POST", "/upload_from_url", {"url": url}, key=key)
        self.assertError(answer, 429, "rate_limited", "Too many requests")
        self.assertRegex(answer.header("Retry-After"), r"^\d+$")
        answer = self.send("POST", "/upload_from_url", {})
        self.assertError(answer, 400, "missing_parameter", "Missing url parameter", parameter="url")
        answer = self.send("POST", "/upload_from_url", {"url": "ftp://example.org/"})
        self.assertError(answer, 422, "upload_failed", "Upload failed: URL scheme must be http or https.")
        answer = self.send("POST", "/upload_from_url", {"url": url}, key=self.full)
        self.assertQuota(answer, "quota_exceeded", "Storage quota exceeded", 10 * MIB)
        self.assertNeedsKey("POST", "/api/v4/upload_from_url")
        self.assertOtherMethods("/api/v4/upload_from_url", "POST")

    def test_get_me(self):
        answer = self.site.me()
        self.assertJson(answer, 200)
        self.assertEqual(list(answer.json), ACCOUNT)
        self.assertRegex(answer.json["id"], "^usr_[A-Za-z0-9]+$")
        self.assertEqual({**answer.json, "email": "test@example.org", "name": "Test",
                          "quota_tier": "functionally_unlimited", "storage_limit": 300 * 1024 ** 3}, answer.json)
        self.assertIs(type(answer.json["storage_used"]), int)
        self.assertNotIn(None, answer.json.values())
        self.assertHead("/api/v4/me", key=True)
        self.assertHead("/api/v4/me")
        self.assertNeedsKey("GET", "/api/v4/me")
        self.assertOtherMethods("/api/v4/me", "GET, HEAD")

    def test_post_uploads(self):
        parts = [Part(png(), name="files[]", filename="a.png"), Part(b"text", name="files", filename="b.txt")]
        answer = self.batch(*parts)
        self.assertJson(answer, 201)
        self.assertEqual((list(answer.json), answer.json["failed"]), (["uploads", "failed"], []))
        self.assertFile(answer.json["uploads"][0], filename="a.png", content_type="image/png")
        self.assertFile(answer.json["uploads"][1], filename="b.txt", size=4)
        answer = self.batch(Part(b"x", name="files[]", filename="c.txt"), key=self.full)
        self.assertJson(answer, 422)
        self.assertEqual(answer.json, {"uploads": [], "failed": [
            {"filename": "c.txt", "reason": "Storage quota already exceeded"}]})
        self.assertEqual(list(answer.json["failed"][0]), ["filename", "reason"])
        answer = self.batch(*[Part(bytes([n]), name="files[]", filename=f"{n}") for n in range(40)])
        self.assertEqual((answer.status, len(answer.json["uploads"])), (201, 40))
        answer = self.batch(*[Part(b"x", name="files[]", filename=f"{n}") for n in range(41)])
        self.assertError(answer, 400, "too_many_files", "Too many files", detail=MANY)
        answer = self.batch(Part(b"x", name="file", filename="a"))
        self.assertError(answer, 400, "missing_parameter", "Missing files[] parameter", parameter="files[]")
        self.assertNeedsKey("POST", "/api/v4/uploads")
        self.assertOtherMethods("/api/v4/uploads", "GET, HEAD, POST")

    def batch(self, *parts, key=True):
        form = Multipart(*parts)
        return self.site.request("POST", "/api/v4/uploads", {"Content-Type": form.content_type}, form.body(), key=key)

    def test_delete_upload_id(self):
        used = self.site.me().json["storage_used"]
        made = self.make()
        self.assertEqual(self.site.me().json["storage_used"], used + len(png()))
        answer = self.send("DELETE", "/upload/" + made["id"])
        self.assertJson(answer, 200)
        self.assertEqual(list(answer.json.items()), [("id", made["id"]), ("deleted", True)])
        self.assertEqual(self.site.me().json["storage_used"], used)
        self.assertEqual(self.site.fetch(made["url"]).status, 404)
        self.assertFalse([path for path in self.site.stored() if made["id"] in path])
        for id in (made["id"], UNKNOWN, made["id"].upper(), "x"):
            self.assertError(self.send("DELETE", "/upload/" + id), 404, "not_found", "Not found")
        self.assertNeedsKey("DELETE", "/api/v4/upload/" + UNKNOWN)
        self.assertOtherMethods("/api/v4/upload/" + UNKNOWN, "PUT, DELETE")

    def test_delete_uploads_batch(self):
        for ask in (lambda ids: self.send("DELETE", "/uploads/batch", {"ids": ids}),
                    lambda ids: self.send_form("DELETE", "/uploads/batch", "&".join("ids[]=" + id for id in ids)),
                    lambda ids: self.send("DELETE", "/uploads/batch?" + "&".join("ids[]=" + id for id in ids))):
            one, two = self.make("a.png"), self.make("b.txt", b"text")
            answer = ask([one["id"], UNKNOWN])
            self.assertJson(answer, 200)
            self.assertEqual(list(answer.json), ["deleted", "not_found"])
            self.assertEqual(list(answer.json["deleted"][0].items()), [("id", one["id"]), ("filename", "a.png")])
            self.assertEqual(answer.json["not_found"], [UNKNOWN])
            self.assertEqual(self.site.fetch(one["url"]).status, 404)
            self.assertEqual(ask([two["id"]]).json, {"deleted": [{"id": two["id"], "filename": "b.txt"}]})
        for document in ({}, {"ids": []}):
            answer = self.send("DELETE", "/uploads/batch", document)
            self.assertError(answer, 400, "missing_parameter", "Missing ids[] parameter", parameter="ids[]")
        self.assertNeedsKey("DELETE", "/api/v4/uploads/batch")
        self.assertOtherMethods("/api/v4/uploads/batch", "GET, HEAD, DELETE")

    def test_patch_uploads_id_rename(self):
        made = self.make("old.png")
        path = f"/uploads/{made['id']}/rename"
        for answer, name in [(self.send("PATCH", path, {"filename": "new.png"}), "new.png"),
                             (self.send_form("PATCH", path, "filename=neuer Name"), "neuer Name.png")]:
            self.assertJson(answer, 200)
            url = f"{self.site.url}/{made['id']}/{name.replace(' ', '%20')}"
            self.assertEqual(answer.json, {**made, "filename": name, "url": url})
            self.assertFile(answer.json)
            self.assertEqual(self.site.fetch(url).body, png())
        self.assertEqual(self.site.fetch(made["url"]).body, png())
        answer = self.send("PATCH", path, {})
        self.assertError(answer, 400, "missing_parameter", "Missing filename parameter", parameter="filename")
        answer = self.send("PATCH", f"/uploads/{UNKNOWN}/rename", {"filename": "x"})
        self.assertError(answer, 404, "upload_not_found", "Upload not found")
        answer = self.send("PATCH", path, {"filename": " "})
        self.assertEqual((answer.status, answer.json["code"]), (422, "rename_failed"))
        self.assertRegex(answer.json["error"], "^Rename failed: .")
        self.assertNeedsKey("PATCH", API + path)
        self.assertOtherMethods(API + path, "PATCH")

    def test_post_revoke(self):
        for body in (None, b"", b"whatever", {"any": "body"}):
            key = self.site.cdnctl("key", "add", "test@example.org", "--name", "laptop")
            answer = self.send("POST", "/revoke", body, key=key)
            self.assertJson(answer, 200)
            self.assertEqual(list(answer.json.items()), [
                ("success", True), ("owner_email", "test@example.org"), ("key_name", "laptop"), ("status", "complete")])
            self.assertError(self.site.me(key=key), 401, "invalid_auth", "invalid_auth")
        self.assertEqual(self.site.me().status, 200)
        self.assertNeedsKey("POST", "/api/v4/revoke")
        self.assertOtherMethods("/api/v4/revoke", "POST")

    def test_get_uploads(self):
        key = self.site.make_account("lister@example.org")
        made = [self.make(name, key=key) for name in ("one.png", "two.png", "Other.png")]
        answer = self.send("GET", "/uploads?limit=2", key=key)
        self.assertJson(answer, 200)
        self.assertEqual(list(answer.json), ["uploads", "next_cursor"])
        self.assertEqual(answer.json["uploads"], made[:0:-1])
        self.assertFile(answer.json["uploads"][0])
        cursor = answer.json["next_cursor"]
        answer = self.send("GET", f"/uploads?limit=2&cursor={cursor}", key=key)
        self.assertEqual(answer.json, {"uploads": made[:1], "next_cursor": None})
        answer = self.send("GET", "/uploads?query=o", key=key)
        self.assertCountEqual([file["filename"] for file in answer.json["uploads"]], ["one.png", "Other.png"])
        for query in ("limit=0", "limit=101", "limit=x", "cursor=x"):
            self.assertError(self.send("GET", "/uploads?" + query, key=key), 400, "bad_request", "Bad request")
        self.assertHead("/api/v4/uploads", key=key)
        self.assertNeedsKey("GET", "/api/v4/uploads")

    def test_get_uploads_id(self):
        made = self.make("a.png")
        answer = self.send("GET", "/uploads/" + made["id"])
        self.assertJson(answer, 200)
        self.assertFile(answer.json)
        self.assertEqual(answer.json, made)
        for id in (UNKNOWN, made["id"].upper(), "x"):
            self.assertError(self.send("GET", "/uploads/" + id), 404, "upload_not_found", "Upload not found")
        self.assertHead("/api/v4/uploads/" + made["id"], key=True)
        self.assertNeedsKey("GET", "/api/v4/uploads/" + made["id"])
        self.assertOtherMethods("/api/v4/uploads/" + made["id"], "GET, HEAD")

    def test_get_id_any_name(self):
        for name, data in [("a.png", png()), ("a.txt", b"Hello, world!\n")]:
            made = self.make(name, data)
            for path in (f"/{made['id']}/{name}", f"/{made['id']}/any%20name"):
                with self.subTest(path=path):
                    answer = self.site.get(path)
                    self.assertEqual((answer.status, answer.body), (200, data))
                    self.assertEqual(answer.header("Content-Type"), made["content_type"])
                    tag = answer.header("ETag")
                    self.assertEqual(self.site.get(path, {"If-None-Match": tag}).status, 304)
                    part = self.site.get(path, {"Range": "bytes=2-5"})
                    self.assertEqual((part.status, part.body), (206, data[2:6]))
                    self.assertEqual(self.site.get(path, {"Range": "bytes=1000-"}).status, 416)
                    self.assertHead(path)
                    self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])
                    self.assertOtherMethods(path, "GET, HEAD")
        self.assertError(self.site.get(f"/{UNKNOWN}/a.png"), 404, "not_found", "Not found")

    def test_options_id_any_name(self):
        made = self.make()
        for path in (f"/{made['id']}/a.png", f"/{made['id']}/other", f"/{UNKNOWN}/a.png", f"/{UNKNOWN}/x"):
            with self.subTest(path=path):
                answer, headers = self.preflight(path)
                self.assertEqual(answer.header("Access-Control-Allow-Methods"), "GET, HEAD")
                self.assertEqual(headers, {"*"})

    def test_get_rescue(self):
        made = self.make("a.png")
        old = "https://dead.example.net/a.png?x=1&y=2"
        self.site.cdnctl("rescue", "add", old, made["id"])
        for url in (old, urllib.parse.quote(old, safe="")):
            answer = self.site.get("/rescue?url=" + url)
            self.assertEqual((answer.status, answer.header("Location")), (302, made["url"]))
            self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
            self.assertEqual(answer.header("Cache-Control"), "public, max-age=604800")
        for url in ("https://dead.example.net/b.png", "https://dead.example.net/b.jpg", "https://dead.example.net/b.jpeg"):
            answer = self.site.get("/rescue?url=" + url)
            self.assertEqual((answer.status, answer.header("Content-Type")), (404, "image/svg+xml"))
            self.assertIn(b"<svg", answer.body)
        answer = self.site.get("/rescue?url=https://dead.example.net/b.gif")
        self.assertError(answer, 404, "not_found", "Not found")
        self.assertError(self.site.get("/rescue"), 400, "missing_parameter", "Missing url parameter", parameter="url")
        self.assertHead("/rescue?url=https://dead.example.net/b.png")
        self.assertOtherMethods("/rescue", "GET, HEAD")

    def test_get_up(self):
        answer = self.site.get("/up")
        self.assertJson(answer, 200)
        self.assertEqual(answer.body, b'{"status":"up"}')
        self.assertHead("/up")
        self.assertOtherMethods("/up", "GET, HEAD")

    def test_get_openapi_json(self):
        answer = self.site.get("/openapi.json")
        self.assertJson(answer, 200)
        self.assertRegex(answer.json["openapi"], r"^3\.1\.\d$")
        self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
        self.assertHead("/openapi.json")
        self.assertOtherMethods("/openapi.json", "GET, HEAD")

    # -- below the table

    def test_somebody_elses_file_is_404(self):
        made = self.make("mine.png")
        other = self.site.make_account("other@example.org")
        answer = self.send("DELETE", "/upload/" + made["id"], key=other)
        self.assertError(answer, 404, "not_found", "Not found")
        answer = self.send("GET", "/uploads/" + made["id"], key=other)
        self.assertError(answer, 404, "upload_not_found", "Upload not found")
        answer = self.send("PATCH", f"/uploads/{made['id']}/rename", {"filename": "theirs.png"}, key=other)
        self.assertError(answer, 404, "upload_not_found", "Upload not found")
        answer = self.send("DELETE", "/uploads/batch", {"ids": [made["id"]]}, key=other)
        self.assertEqual((answer.status, answer.json), (200, {"deleted": [], "not_found": [made["id"]]}))
        for query in ("", "?query=mine"):
            self.assertEqual(self.send("GET", "/uploads" + query, key=other).json["uploads"], [])
        self.assertEqual(self.site.fetch(made["url"]).body, png())
        self.assertEqual(self.send("GET", "/uploads/" + made["id"]).json, made)

    def test_every_other_path_is_404_as_json(self):
        for path in ("/api", "/api/", "/api/v3", "/api/v3/x", "/api/v3/new", "/api/v4", "/api/v4/", "/api/v4/nope",
                     "/api/v4/me/x", "/api/v4/upload/x/y", "/nope", "/", "/index.html", "/favicon.ico", "/robots.txt",
                     "/api/v4/ME", "/API/v4/me"):
            for method in ("GET", "POST", "DELETE", "PUT", "PATCH", "BREW"):
                with self.subTest(path=path, method=method):
                    answer = self.site.request(method, path, key=True)
                    if method == "BREW" and self.site.differs("methods it does not know"):
                        self.assertUnknownMethod(answer)
                        continue
                    self.assertError(answer, 404, "route_not_found", "Not found")
        self.assertHead("/api/v4/nope")
        self.assertHead("/nope")

    def test_a_post_without_a_length(self):
        """As curl -X POST sends it: neither a body nor the length of one."""
        key = self.site.cdnctl("key", "add", "test@example.org", "--name", "laptop")
        answer = self.send("POST", "/revoke", key=key, length=None)
        if self.site.differs("a POST without a length"):
            self.assertJson(answer, 411)
            self.assertEqual((answer.json["code"], answer.json["status"]), ("length_required", 411))
            answer = self.send("POST", "/revoke", key=key, length=0)
        self.assertEqual(answer.status, 200)

    def test_preflights_of_the_api(self):
        for path, methods in [("/upload", "POST"), ("/upload_from_url", "POST"), ("/me", "GET, HEAD"),
                              ("/uploads", "GET, HEAD, POST"), (f"/upload/{UNKNOWN}", "PUT, DELETE"),
                              (f"/uploads/{UNKNOWN}/rename", "PATCH"), ("/revoke", "POST")]:
            with self.subTest(path=path):
                answer, headers = self.preflight(API + path, methods.split(",")[0])
                self.assertEqual(answer.header("Access-Control-Allow-Methods"), methods)
                self.assertLessEqual({"Authorization", "Content-Type", "X-Download-Authorization", "Idempotency-Key"},
                                     headers)
        for path in ("/api/v4/me", "/api/v4/nope", f"/{UNKNOWN}/a"):
            answer = self.site.get(path, {"Origin": "https://example.org"})
            self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])

    # -- the errors of every call

    def test_400_bad_request(self):
        answer = self.send("POST", "/upload_from_url", b"{")
        self.assertError(answer, 400, "bad_request", "Bad request")

    def test_403_insufficient_scope(self):
        key = self.site.cdnctl("key", "add", "test@example.org", "--name", "reader", "--scopes", "read")
        for method, path in [("POST", "/upload"), ("POST", "/uploads"), ("PUT", "/upload/a"), ("POST", "/upload_from_url"),
                             ("DELETE", "/upload/" + UNKNOWN), ("DELETE", "/uploads/batch"),
                             ("PATCH", f"/uploads/{UNKNOWN}/rename")]:
            with self.subTest(method=method, path=path):
                answer = self.send(method, path, key=key)
                self.assertError(answer, 403, "insufficient_scope", "insufficient_scope")
        self.assertEqual(self.send("GET", "/uploads", key=key).status, 200)

    def test_415_unsupported_media_type(self):
        for method, path in [("POST", "/upload"), ("POST", "/uploads"), ("POST", "/upload_from_url"),
                             ("DELETE", "/uploads/batch"), ("PATCH", f"/uploads/{UNKNOWN}/rename")]:
            with self.subTest(path=path):
                answer = self.site.request(method, API + path, {"Content-Type": "image/png"}, b"x", key=True)
                self.assertError(answer, 415, "unsupported_media_type", "Unsupported media type")


class Twice(ApiCase):
    settings = SOURCE.settings
    options = {"slow": 2}

    def test_409_conflict(self):
        """A client that asks again while the first request is still being carried out."""
        body = json.dumps({"url": SOURCE.url + "/a.png"}).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": "k", "Content-Length": len(body)}
        asked = len(SOURCE.asked)
        SOURCE.open.clear()
        try:
            with self.site.begin("POST", API + "/upload_from_url", headers, key=True) as first:
                first.sendall(body)
                wait_until(lambda: len(SOURCE.asked) > asked, what="the fetch")
                answer = self.site.request("POST", API + "/upload_from_url", headers, body, length=None, key=True)
                self.assertError(answer, 409, "conflict", "Request in progress")
                self.assertRegex(answer.header("Retry-After"), r"^\d+$")
                SOURCE.open.set()
                self.assertEqual(client.read(first, "POST").status, 201)
        finally:
            SOURCE.open.set()


class Slow(ApiCase):
    settings = {"CDN_RECEIVE_TIMEOUT": "1"}

    def test_408_request_timeout(self):
        form = Multipart(Part(bytes(100), filename="a"))
        headers = {"Content-Type": form.content_type, "Content-Length": len(form.body())}
        with self.site.begin("POST", "/api/v4/upload", headers, key=True) as sock:
            sock.sendall(form.body()[:150])
            if self.site.differs("408 to a slow sender"):
                # The web server waits, and no worker does.
                self.assertEqual(self.site.me().status, 200)
                self.assertEqual([line["path"] for line in self.site.access()][-1:], ["/api/v4/me"])
                return
            answer = client.read(sock)
        if self.site.differs("408 of a worker"):
            self.assertEqual((answer.status, answer.json["code"]), (408, "request_timeout"))
            self.assertEqual(answer.json["request_id"], answer.header("X-Request-Id"))
        else:
            self.assertError(answer, 408, "request_timeout", "Request timeout")


class Down(ApiCase):
    """What is answered when a part of the service is down."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.id = cls.site.upload(b"x", "a.txt").json["id"]
        cls.site.restart(CDN_MIN_FREE="1000000G")
        cls.site.expect_errors()

    def test_503_unavailable(self):
        self.site.redis.pause()
        try:
            answer = self.site.me()
        finally:
            self.site.redis.resume()
        self.assertError(answer, 503, "unavailable", "Service unavailable")
        self.assertRegex(answer.header("Retry-After"), r"^\d+$")

    def test_503_of_get_up(self):
        answer = self.site.get("/up")
        self.assertJson(answer, 503)
        self.assertEqual(answer.json, {"status": "down", "checks": {"redis": "up", "store": "up", "free_space": "down"}})
        self.assertEqual(list(answer.json), ["status", "checks"])

    def test_500_internal_error(self):
        """Of a record that is none any more: as JSON, and not a word of what went wrong."""
        file = self.id
        with open(os.path.join(self.site.folder.data, "records", file[-3:], file + ".json"), "w", encoding="utf-8") as f:
            f.write("{nonsense")
        answer = self.site.get(f"/{file}/a")
        self.assertError(answer, 500, "internal_error", "Internal error")
        self.assertNotIn(b"nonsense", answer.body)
        self.assertLessEqual(set(answer.json), {*ENVELOPE, "request_id"})

    def test_507_storage_full(self):
        self.assertError(self.site.upload(b"x"), 507, "storage_full", "Storage full")


main()
