"""PUT /api/v4/upload/:name: a file by itself, as curl -T and others send it.

A web server passes PUT on, whatever the name in its path: with any escape, any extension, none, or one that it would
serve, run or forbid by itself; and a body of any type.
"""
import hashlib
import http.client
import json
import os
import random
import subprocess
import tempfile
import urllib.parse

from harness import Multipart, Part, SiteCase, main, process
from harness.client import cut, read
from harness.samples import png

K, M = 1024, 1024 * 1024
NOISE = random.Random(41).randbytes(1_000_000)


class Case(SiteCase):
    def assertStored(self, answer, data, name=None):
        self.assertEqual(answer.status, 201, answer)
        made = answer.json
        self.assertEqual((made["size"], made["sha256"]), (len(data), hashlib.sha256(data).hexdigest()))
        if name is not None:
            self.assertEqual(made["filename"], name)
        self.assertEqual(self.site.fetch(made["url"]).body, data)

    def assertRefused(self, answer, status, code):
        self.assertEqual((answer.status, answer.json["code"]), (status, code), answer)
        process.wait_until(lambda: not self.site.unfinished(), what="an empty tmp/")


# As it stands in the path, and the name that is stored.
NAMES = [
    ("photo.jpg", "photo.jpg"), ("my%20photo%20(1).jpg", "my photo (1).jpg"), ("a%22b.txt", "a-b.txt"),
    (".htaccess", ".htaccess"), ("CON.txt", "CON.txt"), ("-rf", "-rf"), ("...", "..."), ("%20", "download"),
    ("%20spaced.txt%20", "spaced.txt"), ("n" * 296 + ".txt", "n" * 251 + ".txt"),
    ("e" * 250 + "%C3%A9%C3%A9.t", "e" * 250 + "\u00e9.t"), ("%E2%82%AC" * 100, "\u20ac" * 85),
    ("x%E2%80%AEgnp.exe", "xgnp.exe"), ("%E2%81%A6a%E2%80%8F.txt", "a.txt"), ("%E2%80%AE", "download"),
    ("%F0%9F%98%80%20party.png", "\U0001f600 party.png"), ("%E6%97%A5%E6%9C%AC%E8%AA%9E.txt", "\u65e5\u672c\u8a9e.txt"),
    ("%D7%A9%D7%9C%D7%95%D7%9D.txt", "\u05e9\u05dc\u05d5\u05dd.txt"), ("cafe%CC%81.txt", "cafe\u0301.txt"),
    ("\u00e9.txt", "\u00e9.txt"), ("100%25.txt", "100-.txt"), ("%2541.txt", "-41.txt"), ("%252F..%252F.txt", "-2F..-2F.txt"),
    ("a%24%7C%3A%3Bb%3Cc%3Ed%3Fe%2Af.txt", "a----b-c-d-e-f.txt"), ("a&b=c+d~e!@'(),.txt", "a&b=c+d~e!@'(),.txt"),
    ("what.txt?query=1", "what.txt"), ("what%23frag.png", "what#frag.png"),
    ("01a2036f-86e3-71f6-9d61-5422299dc9ec", "01a2036f-86e3-71f6-9d61-5422299dc9ec"), ("batch", "batch"),
]
BAD_NAMES = ["%", "%zz", "a%2Fb.txt", "..%2F..%2Fetc%2Fpasswd", "a%5Cb.txt", "%2e%2e", "%2e", "a%00b", "a%0D%0ASet-Cookie:x",
             "%0A", "a%7Fb", "%C0%AF.txt", "%FF%FE", "%ED%A0%80", "n" * 9000]


class Accepted(Case):
    def test_sizes(self):
        for chunked in self.site.framings():
            for size in (0, 1, 100, 8191, 8192, 8193, 65536, 262143, 262144, 262145, 1_000_000):
                with self.subTest(size=size, chunked=chunked):
                    self.assertStored(self.site.put(NOISE[:size], chunked=chunked), NOISE[:size], "a.bin")

    def test_pieces(self):
        asked = len(self.site.access())
        answer = self.site.request("PUT", "/api/v4/upload/a.x", (), cut(NOISE[:3000], 7), chunked=True, key=True)
        if self.site.differs("a PUT in chunks"):
            self.assertRefused(answer, 411, "length_required")
            self.assertEqual((answer.header("Content-Type"), answer.header("Cache-Control"), answer.json["status"]),
                             ("application/json; charset=utf-8", "no-store", 411))
            self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])
            self.assertEqual(len(self.site.access()), asked)
            return
        self.assertStored(answer, NOISE[:3000], "a.x")

    def test_no_body_at_all(self):
        self.assertStored(self.site.request("PUT", "/api/v4/upload/a.css", key=True), b"", "a.css")

    def test_names(self):
        for raw, name in NAMES:
            with self.subTest(raw=raw[:60]):
                answer = self.site.put(NOISE[:100], raw)
                self.assertStored(answer, NOISE[:100], name)
                quoted = urllib.parse.quote(name, safe="-._~!$&()*+,;=:@'")
                self.assertEqual(answer.json["url"], f"{self.site.url}/{answer.json['id']}/{quoted}")

    def test_names_that_are_none(self):
        before = self.site.stored()
        for raw in BAD_NAMES:
            with self.subTest(raw=raw[:60]):
                answer = self.site.put(b"x", raw)
                if self.is_refused_as_text(answer):
                    self.assertMalformed(answer, (400, 403, 404, 414))
                else:
                    self.assertIn((answer.status, answer.json["code"]), [(400, "bad_request"), (404, "not_found")])
                self.assertIsNone(answer.header("Set-Cookie"))
        for path in ("/api/v4/upload/", "/api/v4/upload/a/b", "/api/v4/upload/a/"):
            self.assertEqual(self.site.request("PUT", path, (), b"x", key=True).status, 404, path)
        self.assertEqual(self.site.request("PUT", "/api/v4/upload", (), b"x", key=True).status, 405)
        self.assertEqual(self.site.stored(), before)

    def test_types(self):
        """What the client says of the type counts for nothing, garbage included."""
        for kind in (None, "image/jpeg", "application/octet-stream", "application/x-www-form-urlencoded", "text/html",
                     "application/json", "garbage", ";;;", "image/", "\u00e9", "multipart/mixed; boundary=x"):
            with self.subTest(kind=kind):
                answer = self.site.put(png(), "a.html", headers={"Content-Type": kind} if kind else {})
                self.assertStored(answer, png(), "a.html")
                self.assertEqual(answer.json["content_type"], "image/png")

    def test_bytes_of_a_form(self):
        """Whatever the bytes look like, they are the file."""
        body = Multipart(Part(b"x", filename="inner.txt")).body()
        self.assertStored(self.site.put(body, "form.bin"), body, "form.bin")

    def test_expect_continue(self):
        headers = {"Connection": "close", "Content-Length": 1000, "Expect": "100-continue"}
        with self.site.begin("PUT", "/api/v4/upload/a.bin", headers, key=True) as sock:
            self.assertTrue(sock.recv(100).startswith(b"HTTP/1.1 100 "))
            sock.sendall(NOISE[:1000])
            self.assertStored(read(sock, "PUT"), NOISE[:1000])

    def test_curl(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, data in (("photo.png", png()), ("na\u00efve file;1 #2?.bin", NOISE), ("empty", b""), ("100%.txt", b"a")):
                path = os.path.join(folder, name)
                with open(path, "wb") as f:
                    f.write(data)
                where = self.site.url + "/api/v4/upload/"
                # With a slash at its end curl appends the name; from a pipe there is none, and no length.
                for words in (["-T", path, where], ["-T", path, where + "other.bin"], ["--http1.0", "-T", path, where],
                              ["-T", "-", where + "piped.bin"], ["-T", ".", where + "piped.bin"],
                              ["-H", "Expect: 100-continue", "-T", path, where],
                              ["-X", "PUT", "--data-binary", "@" + path, where + "other.bin"]):
                    if words[1] in ("-", ".") and True not in self.site.framings():
                        continue
                    with self.subTest(name=name, words=words[:2]):
                        run = subprocess.run(["curl", "-sS", "--fail", "-H", "Authorization: Bearer " + self.site.key, *words],
                                             input=data, capture_output=True, check=True)
                        made = json.loads(run.stdout)
                        self.assertEqual(made["sha256"], hashlib.sha256(data).hexdigest())
                        if words[-1] == where:
                            self.assertEqual(made["filename"], name.translate({ord(c): "-" for c in ";?%"}))

    def test_http_client(self):
        connection = http.client.HTTPConnection(*self.site.address)
        for n in range(3):
            framing = {"Transfer-Encoding": "chunked"} if True in self.site.framings() else {"Content-Length": len(NOISE)}
            connection.request("PUT", f"{self.site.front.prefix}/api/v4/upload/{n}.bin", iter([NOISE[:70_000], NOISE[70_000:]]), {
                "Authorization": "Bearer " + self.site.key, **framing}, encode_chunked="Transfer-Encoding" in framing)
            answer = connection.getresponse()
            self.assertEqual(answer.status, 201)
            self.assertEqual(json.loads(answer.read())["sha256"], hashlib.sha256(NOISE).hexdigest())
        connection.close()


class Refused(Case):
    def test_forms_and_codings(self):
        for kind in ("multipart/form-data; boundary=x", "Multipart/Form-Data", "multipart/form-data;boundary=\"a b\""):
            answer = self.site.put(b"x", headers={"Content-Type": kind})
            self.assertRefused(answer, 415, "unsupported_media_type")
            self.assertEqual(answer.json["detail"], "Send the bytes of the file by themselves")
        for coding in ("gzip", "identity", "br, gzip"):
            self.assertRefused(self.site.put(b"x", headers={"Content-Encoding": coding}), 415, "unsupported_media_type")
        self.assertEqual(self.site.stored(), [])

    def test_part_of_a_file(self):
        """curl -C sends the rest of a file: that is not the file."""
        answer = self.site.put(b"x", headers={"Content-Range": "bytes 5-5/6"})
        self.assertRefused(answer, 400, "bad_request")
        self.assertEqual(answer.json["detail"], "Send the whole file, without Content-Range")

    def test_lengths(self):
        for length in ("abc", "1e3", "+5", "5,5", str(2**63), str(2**64 + 5), "-5"):
            answer = self.site.request("PUT", "/api/v4/upload/a.bin", length=length, key=True)
            self.assertEqual(answer.status, 400, length)
        self.assertEqual(self.site.stored(), [])


class Limits(Case):
    settings = {"CDN_TIER_UNVERIFIED_FILE": "10K", "CDN_TIER_UNVERIFIED_TOTAL": "25K", "CDN_MAX_BODY": "1M"}

    def used(self, key):
        return self.site.me(key).json["storage_used"]

    def test_by_the_length(self):
        """Refused before a byte of it was sent, exactly where it begins to be too much."""
        key = self.site.make_account("early@example.org", "unverified")

        def asked(length):
            """What is said to the head alone."""
            return self.site.announce("PUT", "/api/v4/upload/a", length, key=key)
        for length in (10 * K + 1, M):
            self.assertRefused(asked(length), 402, "file_too_large")
        for length in (M + 1, self.site.front.longest):
            answer = self.site.announce("PUT", "/api/v4/upload/a", length, key=key, above_all=True)
            self.assertRefused(answer, 413, "body_too_large")
        for _ in range(2):
            self.assertStored(self.site.put(NOISE[:10 * K], key=key), NOISE[:10 * K])
        self.assertRefused(asked(5 * K + 1), 402, "quota_exceeded")
        self.assertStored(self.site.put(NOISE[:5 * K], key=key), NOISE[:5 * K])
        answer = asked(1)
        self.assertRefused(answer, 402, "quota_exceeded")
        self.assertEqual(answer.json["quota"], {"storage_used": 25 * K, "storage_limit": 25 * K,
                                                "quota_tier": "unverified", "percentage_used": 100})
        self.assertStored(self.site.put(b"", key=key), b"")
        self.assertEqual(self.used(key), 25 * K)

    def test_while_it_comes(self):
        if True not in self.site.framings():
            return
        key, before = self.site.make_account("late@example.org", "unverified"), len(self.site.stored())
        self.assertRefused(self.site.put(bytes(10 * K + 1), key=key, chunked=True), 402, "file_too_large")
        self.assertStored(self.site.put(NOISE[:10 * K], key=key, chunked=True), NOISE[:10 * K])
        self.assertStored(self.site.put(NOISE[:10 * K], key=key, chunked=True), NOISE[:10 * K])
        self.assertRefused(self.site.put(bytes(5 * K + 1), key=key, chunked=True), 402, "quota_exceeded")
        answer = self.site.put(bytes(M + 1), key=True, chunked=True)
        self.assertRefused(answer, 413, "body_too_large")
        self.assertStored(self.site.put(NOISE[:M], key=True, chunked=True), NOISE[:M])
        self.assertEqual(self.used(key), 20 * K)
        self.assertEqual(len(self.site.stored()), before + 6)


main()
