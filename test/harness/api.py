"""unittest with a Site, for what every answer of the API has: the shapes of the contract, and something to fetch from."""
import http.server
import re
import threading

from harness import process
from harness.cases import SiteCase

ENVELOPE = ["error", "code", "message", "status", "documentation_url"]
FILE = ["id", "filename", "size", "content_type", "url", "created_at", "sha256"]
ACCOUNT = ["id", "email", "name", "storage_used", "storage_limit", "quota_tier"]
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
UNKNOWN = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "BREW")


class Source(http.server.ThreadingHTTPServer):
    """A web server on this machine, with the same bytes at every path; see settings.

    asked  the headers of each request
    open   answers wait for it
    """

    daemon_threads = True

    def __init__(self, data):
        asked = self.asked = []
        gate = self.open = threading.Event()
        gate.set()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                asked.append(self.headers)
                gate.wait(60)
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        # For a site that may fetch from here.
        self.settings = {"CDN_FETCH_OPEN": "127.0.0.1", "CDN_FETCH_PORTS": f"80,443,{self.server_port}"}
        threading.Thread(target=self.serve_forever, daemon=True).start()


class ApiCase(SiteCase):
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

    def assertOwnRefusal(self, answer, status, code, error):
        """Of the web server: in the same envelope, but no worker has logged it."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        doc = answer.json
        self.assertEqual(list(doc), [*ENVELOPE, "request_id"])
        self.assertEqual((doc["error"], doc["code"], doc["status"]), (error, code, status))
        self.assertTrue(doc["documentation_url"].startswith(self.site.url + "/"))
        self.assertEqual(doc["request_id"], answer.header("X-Request-Id"))
        self.assertNotIn(doc["request_id"], [line["id"] for line in self.site.access()])

    def assertFile(self, doc, **members):
        """A file object, with these values among others."""
        self.assertEqual(list(doc), FILE)
        self.assertRegex(doc["id"], "^" + UUID7 + "$")
        self.assertIs(type(doc["size"]), int)
        self.assertTrue(doc["url"].startswith(f"{self.site.url}/{doc['id']}/"))
        self.assertRegex(doc["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertRegex(doc["sha256"], "^[0-9a-f]{64}$")
        self.assertNotIn(None, doc.values())
        self.assertEqual({**doc, **members}, doc)

    def assertOtherMethods(self, path, allow):
        """405 and Allow for every method that is not in `allow`, "GET, HEAD" as in the header."""
        for method in METHODS:
            if method in allow.split(", "):
                continue
            with self.subTest(path=path, method=method):
                answer = self.site.request(method, path, key=True)
                if method == "BREW" and self.site.differs("methods it does not know"):
                    self.assertUnknownMethod(answer)
                    continue
                self.assertEqual((answer.status, answer.header("Allow")), (405, allow))
                if method != "HEAD":
                    self.assertError(answer, 405, "method_not_allowed", "Method not allowed")

    def assertUnknownMethod(self, answer):
        """The web server's own refusal, before it has looked at the path."""
        self.assertJson(answer, 405)
        self.assertEqual(answer.json["code"], "method_not_allowed")
        self.assertEqual(answer.header("Allow"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")

    def assertHead(self, path, **more):
        """HEAD answers as GET does, without the body."""
        get = self.site.get(path, **more)
        head = self.site.request("HEAD", path, **more)
        self.assertEqual((head.status, head.body), (get.status, b""))
        drop = {"X-Request-Id", "Date"}
        self.assertEqual([h for h in head.headers if h[0] not in drop], [h for h in get.headers if h[0] not in drop])

    def assertNeedsKey(self, method, path):
        for headers in ({}, {"Authorization": "Bearer sk_cdn_" + "0" * 64}, {"Authorization": self.site.key}):
            answer = self.site.request(method, path, headers)
            self.assertError(answer, 401, "invalid_auth", "invalid_auth")
            self.assertEqual(answer.header("WWW-Authenticate"), "Bearer")

    def logged(self, answer):
        own = answer.header("X-Request-Id")

        def line():
            return [line for line in self.site.access_so_far() if line["id"] == own]

        lines = process.wait_until(line, what="the request's line in the log")
        self.assertEqual(len(lines), 1)
        return lines[0]

    def preflight(self, path, method="GET"):
        """The answer, and the headers that it allows."""
        answer = self.site.request("OPTIONS", path, {
            "Origin": "https://example.org", "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization"})
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertIsNone(answer.header("Content-Length"))
        self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
        self.assertEqual(answer.header("Access-Control-Max-Age"), "86400")
        self.assertIsNone(answer.header("Access-Control-Allow-Credentials"))
        return answer, set(re.split(", ", answer.header("Access-Control-Allow-Headers")))
