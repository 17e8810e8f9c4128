"""POST /api/v4/upload_from_url as the contract describes it: what is sent, what is stored, what is kept of the URL."""
import hashlib
import json
import os
import re
import urllib.parse

from harness import client, internet, main, origin, samples, wait_until
from harness.fetching import FetchCase

HOST = "http://files.test"
DATA = samples.png()
MEMBERS = ["id", "filename", "size", "content_type", "url", "created_at", "sha256"]

# The path after the host, and the name that is stored.
NAMES = [
    ("/photo.jpg", "photo.jpg"), ("/a/b/c/photo.jpg", "photo.jpg"), ("", "download"), ("/", "download"), ("/a/", "download"),
    ("?x=/y.png", "download"), ("/photo.jpg?size=large&x=/y.png", "photo.jpg"), ("/photo.jpg#/z.png", "photo.jpg"),
    ("/my%20photo.jpg", "my photo.jpg"), ("/my photo.jpg", "my photo.jpg"), ("/caf%C3%A9.png", "caf\u00e9.png"),
    ("/\u65e5\u672c.png", "\u65e5\u672c.png"), ("/a%2Fb.png", "a-b.png"), ("/a%5Cb.png", "a-b.png"), ("/a%zz.png", "a-zz.png"),
    ("/..%2F..%2Fetc%2Fpasswd", "..-..-etc-passwd"), ("/%2e%2e", "download"), ("/%0d%0aSet-Cookie:a", None),
    ("/x%E2%80%AEgnp.exe", "xgnp.exe"), ("/bad%FF.txt", "bad\ufffd.txt"), ("/" + "n" * 300 + ".txt", "n" * 251 + ".txt"),
    ("/a:b*c.png", "a-b-c.png"), ("/.htaccess", ".htaccess"), ("/a+b.png", "a+b.png"),
]

# What the origin sends, under which name, and the type that is stored, whatever the origin calls it.
TYPES = [
    (samples.png(), "x", "image/png"), (samples.jpeg(), "x.png", "image/jpeg"), (samples.gif(), "x.html", "image/gif"),
    (b"<!doctype html><script>alert(1)</script>", "x.png", "text/html; charset=utf-8"),
    (b"a { color: red }", "x.css", "text/css; charset=utf-8"), (b"plain text", "x", "text/plain; charset=utf-8"),
    (b"\0\1\2\3\xfe\xff", "x", "application/octet-stream"), (b"", "x.txt", "text/plain; charset=utf-8"),
]


class Fetch(FetchCase):
    def setUp(self):
        super().setUp()
        internet.dns.say("files.test", [internet.PUBLIC])
        internet.origin.on("/a.png", origin.whole(DATA))

    def post(self, content_type, body, query=""):
        headers = [("Content-Type", content_type)] if content_type else []
        return self.site.request("POST", "/api/v4/upload_from_url" + query, headers, body, key=True)

    def record(self, answer):
        identity = answer.json["id"]
        with open(os.path.join(self.site.folder.data, "records", identity[-3:], identity + ".json"), encoding="utf-8") as f:
            return json.load(f)

    def test_claims_nothing(self):
        """Whoever fetches an address has not thereby claimed it (contract section 7)."""
        made = self.fetch(HOST + "/a.png")
        self.assertEqual((made.status, self.record(made)["original_url"]), (201, HOST + "/a.png"))
        answer = self.site.get("/rescue?url=" + HOST + "/a.png")
        self.assertEqual((answer.status, answer.header("Location")), (404, None))
        self.assertEqual(os.listdir(os.path.join(self.site.folder.data, "rescue")), [])

    def test_the_file_object(self):
        used = self.site.me().json["storage_used"]
        answer = self.fetch(HOST + "/a.png")
        self.assertFetched(answer, DATA)
        made = answer.json
        self.assertEqual(list(made), MEMBERS)
        self.assertEqual((made["filename"], made["content_type"]), ("a.png", "image/png"))
        self.assertEqual(made["sha256"], hashlib.sha256(DATA).hexdigest())
        self.assertEqual(made["url"], f"{self.site.url}/{made['id']}/a.png")
        self.assertRegex(made["created_at"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(self.site.me().json["storage_used"], used + len(DATA))
        self.assertEqual(self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=True).status, 200)
        self.assertNothingLeft()

    def test_json_form_and_query(self):
        url = HOST + "/a.png"
        quoted = "url=" + urllib.parse.quote(url, safe="")
        for given in (
                ("application/json", json.dumps({"url": url}).encode()),
                ("application/json; charset=utf-8", json.dumps({"more": [1], "url": url}).encode()),
                ("application/x-www-form-urlencoded", quoted.encode()), (None, None, "?" + quoted),
                ("application/json", b"{}", "?" + quoted)):
            with self.subTest(given):
                self.assertFetched(self.post(*given), DATA)

    def test_what_the_origin_sees(self):
        self.fetch(HOST + "/a.png")
        request = internet.origin.requests[0]
        self.assertEqual((request.method, request.path, request.version), ("GET", "/a.png", "HTTP/1.1"))
        self.assertEqual(dict(request.headers), {"Host": "files.test", "User-Agent": "cdn.fcgi", "Accept": "*/*"})

    def test_the_download_authorization(self):
        internet.origin.on("/private", origin.whole(DATA))
        self.assertFetched(self.fetch(HOST + "/private", "Bearer abc def"), DATA)
        self.assertEqual(internet.origin.requests[0].header("Authorization"), "Bearer abc def")

    def test_name_and_password(self):
        self.assertFetched(self.fetch("http://ann:s3cret@files.test/a.png"), DATA)
        self.assertEqual(internet.origin.requests[0].header("Authorization"), "Basic YW5uOnMzY3JldA==")

    def test_names(self):
        internet.origin.fallback = origin.whole(DATA)
        self.addCleanup(setattr, internet.origin, "fallback", origin.status(404))
        for path, name in NAMES:
            with self.subTest(path):
                answer = self.fetch(HOST + path)
                self.assertFetched(answer, DATA)
                stored = answer.json["filename"]
                if name is not None:
                    self.assertEqual(stored, name)
                self.assertNotRegex(stored, r"[\x00-\x1f/\\:*?\"<>|%$;`]")

    def test_the_name_is_that_of_the_url_given(self):
        internet.origin.on("/short", origin.redirect(302, "/long/other.jpg"))
        internet.origin.on("/long/other.jpg", origin.whole(
            DATA, "Content-Disposition: attachment; filename=evil.exe", "Content-Type: text/html"))
        self.assertEqual(self.fetch(HOST + "/short").json["filename"], "short")

    def test_types(self):
        for data, name, content_type in TYPES:
            with self.subTest(name=name, data=data[:20]):
                internet.origin.on("/" + name, origin.whole(data, "Content-Type: image/svg+xml"))
                answer = self.fetch(f"{HOST}/{name}")
                self.assertFetched(answer, data)
                self.assertEqual(answer.json["content_type"], content_type)

    def test_what_is_kept_of_the_url(self):
        internet.origin.fallback = origin.whole(DATA)
        self.addCleanup(setattr, internet.origin, "fallback", origin.status(404))
        for given, kept in (
                ("http://files.test/a.png?token=1&x=%20#part", "http://files.test/a.png?token=1&x=%20#part"),
                ("http://ann:s3cret@files.test/a.png", "http://files.test/a.png"),
                ("http://ann@files.test:80/a b.png", "http://files.test:80/a b.png"),
                ("HTTP://FILES.test/a@b.png", "HTTP://FILES.test/a@b.png"),
                ("  http://files.test/a.png ", "http://files.test/a.png")):
            with self.subTest(given):
                answer = self.fetch(given)
                self.assertEqual(answer.status, 201)
                record = self.record(answer)
                self.assertEqual((record["original_url"], record["provenance"]), (kept, "url"))
                in_redis = self.site.record(f"cdn:{{{record['owner']}}}", record["id"])
                self.assertEqual((in_redis["original_url"], in_redis["provenance"]), (kept, "url"))
        everything = json.dumps([self.record(answer), self.site.redis.command("KEYS", "*")])
        self.assertNotIn("s3cret", everything + self.site.slow.log_bytes().decode())

    def test_an_upload_has_no_original_url(self):
        self.assertNotIn("original_url", self.record(self.site.upload(b"x", "a.txt")))

    def test_no_key_no_fetch(self):
        for key in (None, "sk_cdn_" + "0" * 64):
            answer = self.fetch(HOST + "/a.png", key=key)
            self.assertEqual((answer.status, answer.json["error"]), (401, "invalid_auth"))
        self.assertEqual(self.dialled(), set())
        self.assertEqual(internet.dns.asked, [])

    def test_what_the_log_keeps(self):
        """Who fetched what from whom: for the answer to whoever complains."""
        internet.origin.on("/a.png?secret", origin.whole(DATA))
        internet.origin.on("/gone", origin.status(410))
        stored, failed = (self.fetch(url) for url in (HOST + "/a.png?secret", "http://ann:s3cret@files.test/gone"))
        lines = {line["id"]: line for line in self.site.access(self.site.slow)}
        account = self.site.me().json["id"]
        for answer, file in ((stored, stored.json["id"]), (failed, None)):
            line = lines[answer.header("X-Request-Id")]
            self.assertEqual((line["account"], line["origin"], line.get("file")), (account, "files.test", file))
        self.assertEqual(lines[failed.header("X-Request-Id")]["detail"], "files.test: 410: only 200 is a success")
        self.assertNotIn("secret", json.dumps(lines))

    def test_a_client_that_leaves(self):
        """Nobody would be told where the file is: nothing is fetched any more, nothing is left, the worker is free."""
        internet.origin.on("/stall", origin.stall(origin.head(200, "Content-Length: 10") + b"12345"))
        body = json.dumps({"url": HOST + "/stall"})
        with client.connect(self.site.address) as sock:
            sock.sendall(client.head("POST", "/api/v4/upload_from_url", [
                ("Host", "localhost"), ("Authorization", "Bearer " + self.site.key),
                ("Content-Type", "application/json"), ("Content-Length", len(body))]) + body.encode())
            wait_until(lambda: internet.origin.requests, what="the origin being asked")
        wait_until(lambda: internet.origin.closed, what="the origin being left")
        self.assertNothingLeft()
        self.assertFetched(self.fetch(HOST + "/a.png"), DATA)
        line, = [line for line in self.site.access() if "the client left" in line.get("detail", "")]
        self.assertEqual(line["status"], 400)

    def test_from_a_browser(self):
        answer = self.site.request("OPTIONS", "/api/v4/upload_from_url", [
            ("Origin", "https://app.test"), ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization,content-type,x-download-authorization")])
        self.assertEqual(answer.status, 204)
        self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
        self.assertIn("X-Download-Authorization", answer.header("Access-Control-Allow-Headers"))
        self.assertEqual(self.fetch(HOST + "/a.png").header("Access-Control-Allow-Origin"), "*")


class Rate(FetchCase):
    settings = {}

    def test_ten_a_minute(self):
        internet.dns.say("files.test", [internet.PUBLIC])
        internet.origin.on("/a.png", origin.whole(DATA))
        answers = [self.fetch(HOST + "/a.png") for _ in range(12)]
        self.assertEqual([answer.status for answer in answers], [201] * 10 + [429] * 2)
        self.assertEqual(len(internet.origin.requests), 10)
        refused = answers[-1]
        self.assertEqual((refused.json["error"], refused.json["code"]), ("Too many requests", "rate_limited"))
        self.assertTrue(re.fullmatch(r"[1-9]|[1-5]\d|60", refused.header("Retry-After")), refused)
        # Ended, they count for the rest of the minute alone.
        name, = self.site.redis.command("KEYS", "*:rate:fetch")
        until = self.site.redis.command("ZRANGE", name, 0, -1, "WITHSCORES")[1::2]
        now = int(self.site.redis.command("TIME")[0])
        self.assertEqual([end for end in until if float(end) > (now + 61) * 1000], [])
        # What is refused for what it says is not counted, and uploads are not held up.
        self.assertEqual(self.fetch("ftp://files.test/").status, 422)
        self.assertEqual(self.site.upload(b"x", "a.txt").status, 201)
        other = self.site.make_account("other@example.org")
        self.assertEqual(self.fetch(HOST + "/a.png", key=other).status, 201)


internet.enter()
main()
