"""The calls of the API as the contract has them: shapes, headers, errors, methods."""
import calendar
import hashlib
import re
import time

from harness import Multipart, Part, SiteCase, main
from harness.samples import jpeg, png

ENVELOPE = ["error", "code", "message", "status", "documentation_url"]
FILE = ["id", "filename", "size", "content_type", "url", "created_at", "sha256"]
ACCOUNT = ["id", "email", "name", "storage_used", "storage_limit", "quota_tier"]
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
UNKNOWN = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"


class Case(SiteCase):
    def assertJson(self, answer, status):
        """What every JSON answer has."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        self.assertEqual(answer.header("X-Content-Type-Options"), "nosniff")
        self.assertRegex(answer.header("X-Request-Id"), "^" + UUID7 + "$")
        self.assertIsNone(answer.header("Set-Cookie"))

    def assertError(self, answer, status, code, error, **more):
        self.assertJson(answer, status)
        doc = answer.json
        self.assertEqual(list(doc)[:5], ENVELOPE)
        self.assertLessEqual(set(doc) - set(ENVELOPE), {
            "hint", "parameter", "detail", "details", "quota", "request_id"})
        self.assertEqual((doc["error"], doc["code"], doc["status"]), (error, code, status))
        self.assertIsInstance(doc["error"], str)
        self.assertRegex(doc["message"], r"^[A-Z].*\.$")
        self.assertTrue(doc["documentation_url"].startswith(self.site.url + "/"))
        self.assertEqual(doc["request_id"], answer.header("X-Request-Id"))
        for name, value in more.items():
            self.assertEqual(doc[name], value)
        line = self.logged(answer)
        self.assertEqual((line["status"], line["error"]), (status, code))
        self.assertTrue(line["detail"])

    def logged(self, answer):
        lines = [line for line in self.site.access() if line["id"] == answer.header("X-Request-Id")]
        self.assertEqual(len(lines), 1)
        return lines[0]


class Success(Case):
    def test_file_object(self):
        before = int(time.time())
        data = jpeg()
        answer = self.site.upload(data, "my photo.jpg")
        self.assertJson(answer, 201)
        doc = answer.json
        self.assertEqual(list(doc), FILE)
        self.assertRegex(doc["id"], "^" + UUID7 + "$")
        self.assertEqual(doc["filename"], "my photo.jpg")
        self.assertIs(type(doc["size"]), int)
        self.assertEqual((doc["size"], doc["content_type"]), (len(data), "image/jpeg"))
        self.assertEqual(doc["url"], f"{self.site.url}/{doc['id']}/my%20photo.jpg")
        self.assertRegex(doc["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        created = calendar.timegm(time.strptime(doc["created_at"], "%Y-%m-%dT%H:%M:%SZ"))
        self.assertTrue(before <= created <= time.time())
        self.assertEqual(int(doc["id"][:8] + doc["id"][9:13], 16) // 1000, created)
        self.assertEqual(doc["sha256"], hashlib.sha256(data).hexdigest())
        line = self.logged(answer)
        self.assertEqual((line["method"], line["path"], line["status"]), ("POST", "/api/v4/upload", 201))
        self.assertEqual(line["account"], self.site.me().json["id"])

    def test_numbers_are_written_as_integers(self):
        answer = self.site.upload(b"x" * 1234, "a")
        self.assertIn(b'"size":1234,', answer.body)
        self.assertRegex(self.site.me().body, rb'"storage_used":\d+,"storage_limit":322122547200,')

    def test_account_object(self):
        answer = self.site.me()
        self.assertJson(answer, 200)
        self.assertEqual(list(answer.json), ACCOUNT)
        self.assertRegex(answer.json["id"], "^usr_[A-Za-z0-9]+$")
        self.assertEqual(answer.json["email"], "test@example.org")
        self.assertEqual(answer.json["name"], "Test")
        self.assertEqual(answer.json["quota_tier"], "functionally_unlimited")
        self.assertNotIn(None, answer.json.values())

    def test_delete(self):
        used = self.site.me().json["storage_used"]
        made = self.site.upload(png(), "a.png").json
        self.assertEqual(self.site.me().json["storage_used"], used + len(png()))
        answer = self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=True)
        self.assertJson(answer, 200)
        self.assertEqual(list(answer.json.items()), [("id", made["id"]), ("deleted", True)])
        self.assertEqual(self.site.me().json["storage_used"], used)
        self.assertEqual(self.site.fetch(made["url"]).status, 404)
        self.assertFalse([path for path in self.site.stored() if made["id"] in path])
        again = self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=True)
        self.assertError(again, 404, "not_found", "Not found")

    def test_up(self):
        answer = self.site.get("/up")
        self.assertJson(answer, 200)
        self.assertEqual(answer.body, b'{"status":"up"}')

    def test_head_wherever_get(self):
        for path, key in [("/up", None), ("/api/v4/me", True), ("/api/v4/me", None), ("/nope", None),
                          ("/api/v4/nope", None)]:
            with self.subTest(path=path, key=key):
                get = self.site.get(path, key=key)
                head = self.site.request("HEAD", path, key=key)
                self.assertEqual((head.status, head.body), (get.status, b""))
                drop = {"X-Request-Id", "Date"}
                self.assertEqual([h for h in head.headers if h[0] not in drop],
                                 [h for h in get.headers if h[0] not in drop])


class Errors(Case):
    def upload(self, headers=(), body=b"", kind=None, key=True):
        headers = dict(headers)
        if kind:
            headers["Content-Type"] = kind
        return self.site.request("POST", "/api/v4/upload", headers, body, key=key)

    def test_not_found_is_json_everywhere(self):
        for path in ("/api", "/api/", "/api/v3/x", "/api/v3/new", "/api/v4", "/api/v4/", "/api/v4/nope",
                     "/api/v4/me/x", "/api/v4/upload/x/y", "/nope", "/", "/index.html", "/favicon.ico", "/robots.txt",
                     "/api/v4/ME", "/API/v4/me"):
            for method in ("GET", "POST", "DELETE", "PUT", "PATCH", "BREW"):
                with self.subTest(path=path, method=method):
                    answer = self.site.request(method, path, key=True)
                    self.assertError(answer, 404, "route_not_found", "Not found")

    def test_other_methods(self):
        rows = [("/api/v4/me", "GET, HEAD"), ("/api/v4/upload", "POST"), (f"/api/v4/upload/{UNKNOWN}", "PUT, DELETE"),
                ("/up", "GET, HEAD"), (f"/{UNKNOWN}/a.png", "GET, HEAD"), (f"/{UNKNOWN}/a", "GET, HEAD")]
        for path, allow in rows:
            for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW"):
                if method in allow.split(", "):
                    continue
                with self.subTest(path=path, method=method):
                    answer = self.site.request(method, path, key=True)
                    self.assertEqual((answer.status, answer.header("Allow")), (405, allow))
                    if method != "HEAD":
                        self.assertError(answer, 405, "method_not_allowed", "Method not allowed")

    def test_missing_file(self):
        forms = [Multipart(Part(b"x", name="other", filename="a")), Multipart(Part(b"text", name="note")),
                 Multipart(Part(b"", filename="")), Multipart(Part(b"x", name="File", filename="a")), Multipart()]
        for form in forms:
            with self.subTest(body=form.body()[:80]):
                answer = self.site.upload(form=form)
                self.assertError(answer, 400, "missing_parameter", "Missing file parameter", parameter="file")

    def test_kinds_of_body(self):
        kind = "multipart/form-data; boundary=b"
        rows = [
            (kind, b"", 400, "bad_request"), (kind, b"no boundary here", 400, "bad_request"),
            ("multipart/form-data", b"x", 400, "bad_request"),
            ("multipart/form-data; boundary=", b"x", 400, "bad_request"),
            ("multipart/form-data; boundary=" + "b" * 71, b"x", 400, "bad_request"),
            ("multipart/form-data; boundary=a; boundary=b", b"x", 400, "bad_request"),
            ("application/json", b"{}", 415, "unsupported_media_type"),
            ("application/x-www-form-urlencoded", b"file=x", 415, "unsupported_media_type"),
            ("multipart/mixed; boundary=b", b"x", 415, "unsupported_media_type"),
            ("image/png", b"x", 415, "unsupported_media_type"),
        ]
        words = {"bad_request": "Bad request", "unsupported_media_type": "Unsupported media type"}
        for kind, body, status, code in rows:
            with self.subTest(kind=kind[:60]):
                self.assertError(self.upload(body=body, kind=kind), status, code, words[code])
        form = Multipart(Part(b"x", filename="a"))
        answer = self.site.upload(form=form, headers={"Content-Encoding": "gzip"})
        self.assertError(answer, 415, "unsupported_media_type", "Unsupported media type")
        answer = self.upload(body=b"x")
        self.assertIn(answer.status, (400, 415))
        self.assertFalse(self.site.unfinished())

    def test_lengths(self):
        form = Multipart(Part(b"x", filename="a"))
        for length in ("abc", "1e3", "+5", "5,5", str(2 ** 63), str(2 ** 64 + 5), "-1", "-5"):
            with self.subTest(length=length):
                answer = self.site.request("POST", "/api/v4/upload", {"Content-Type": form.content_type}, key=True,
                                           length=length)
                self.assertEqual(answer.status, 400)
                self.assertEqual(answer.json["code"], "bad_request")
                self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")


class Preflight(Case):
    def test_files(self):
        made = self.site.upload(png(), "a.png").json
        for path in (f"/{made['id']}/a.png", f"/{made['id']}/other", f"/{UNKNOWN}/a.png", f"/{UNKNOWN}/x"):
            with self.subTest(path=path):
                answer = self.site.request("OPTIONS", path, {
                    "Origin": "https://example.org", "Access-Control-Request-Method": "GET"})
                self.assertEqual((answer.status, answer.body), (204, b""))
                self.assertIsNone(answer.header("Content-Length"))
                self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
                self.assertEqual(answer.header("Access-Control-Allow-Methods"), "GET, HEAD")
                self.assertEqual(answer.header("Access-Control-Allow-Headers"), "*")
                self.assertEqual(answer.header("Access-Control-Max-Age"), "86400")

    def test_api(self):
        for path, methods in [("/api/v4/upload", "POST"), ("/api/v4/me", "GET, HEAD"),
                              (f"/api/v4/upload/{UNKNOWN}", "PUT, DELETE")]:
            with self.subTest(path=path):
                answer = self.site.request("OPTIONS", path, {
                    "Origin": "https://example.org", "Access-Control-Request-Method": methods.split(",")[0],
                    "Access-Control-Request-Headers": "authorization"})
                self.assertEqual((answer.status, answer.body), (204, b""))
                self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
                self.assertEqual(answer.header("Access-Control-Allow-Methods"), methods)
                allowed = re.split(", ", answer.header("Access-Control-Allow-Headers"))
                self.assertLessEqual({"Authorization", "Content-Type", "X-Download-Authorization", "Idempotency-Key"},
                                     set(allowed))
                self.assertIsNone(answer.header("Access-Control-Allow-Credentials"))

    def test_answers_can_be_read_by_any_page(self):
        for path in ("/api/v4/me", "/api/v4/nope", f"/{UNKNOWN}/a"):
            answer = self.site.get(path, {"Origin": "https://example.org"})
            self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")


main()
