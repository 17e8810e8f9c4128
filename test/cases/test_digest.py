"""Integrity from end to end: Content-Digest on the way in, Repr-Digest on the way out.

A web server passes on every line of a header that comes more than once, up to 8,000 bytes of it, and a body byte for byte;
to what it sends in a worker's place it adds the digest that the worker said.
"""
import base64
import hashlib
import os
import random
import subprocess

from harness import Multipart, Part, SiteCase, main
from harness.samples import png

DATA = random.Random(7).randbytes(300_000)
MISMATCH = "Content-Digest does not match the body"


def digest(data):
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


class Case(SiteCase):
    def state(self):
        return self.site.me().json["storage_used"], self.site.stored()

    def assertNothingLeft(self, before):
        self.assertEqual(self.state(), before)
        self.assertFalse(self.site.unfinished())

    def assertRefused(self, answer, detail=MISMATCH):
        self.assertEqual((answer.status, answer.json["code"]), (400, "bad_request"), answer)
        self.assertEqual(answer.json["detail"], detail)


class ContentDigest(Case):
    def ask(self, method, path, body, kind, headers=(), **more):
        headers = [("Content-Type", kind), *headers]
        return self.site.request(method, path, headers, body, key=True, **more)

    def calls(self):
        for name in ("file", "files[]"):
            form = Multipart(Part(DATA, name=name, filename="a.bin"), preamble=b"before", epilogue=b"after")
            yield "POST", "/api/v4/upload" + ("" if name == "file" else "s"), form.body(), form.content_type
        yield "PUT", "/api/v4/upload/a.bin", DATA, "application/octet-stream"

    def test_right_and_wrong(self):
        for method, path, body, kind in self.calls():
            for chunked in self.site.framings() if method == "PUT" else (False, True):
                with self.subTest(method=method, path=path, chunked=chunked):
                    right = [("Content-Digest", digest(body))]
                    answer = self.ask(method, path, body, kind, right, chunked=chunked)
                    self.assertEqual(answer.status, 201, answer)
                    before = self.state()
                    for wrong in (body[:-1] + b"?", b"?" + body[1:], body + b"?", body[:-1], b""):
                        headers = [("Content-Digest", digest(wrong))]
                        self.assertRefused(self.ask(method, path, body, kind, headers, chunked=chunked))
                    self.assertNothingLeft(before)

    def test_several_lines(self):
        """Web servers hand them on one by one, or joined by commas."""
        other, right, wrong = "sha-512=:YQ==:", digest(DATA), digest(b"other")
        rows = [((other, right), 201), ((right, other), 201), ((other, wrong), 400), ((wrong, other), 400),
                ((right, wrong), 400), ((wrong, right), 201), ((other, "nonsense!"), 400), ((right, "nonsense!"), 400)]
        for lines, status in rows:
            for values in (lines, [", ".join(lines)]):
                with self.subTest(values=values):
                    answer = self.ask("PUT", "/api/v4/upload/a", DATA, "image/png",
                                      [("Content-Digest", value) for value in values])
                    self.assertEqual(answer.status, status, answer)

    def test_hostile_headers(self):
        """Of 8,000 bytes at the most, which every web server takes."""
        before = self.state()
        rows = ["nonsense!", "sha-256", "sha-256=:YQ==:", "SHA-256=" + digest(DATA)[9:-1], digest(DATA)[:-1],
                "a," * 3900, "a=(" + "1 " * 3900, "a" * 7900 + ";", digest(DATA) + "," * 7900, 'a="' + "\\\\" * 3900]
        for value in rows:
            with self.subTest(value=value[:40]):
                answer = self.ask("PUT", "/api/v4/upload/a", DATA, "image/png", [("Content-Digest", value)])
                self.assertEqual((answer.status, answer.json["code"]), (400, "bad_request"), answer)
                self.assertTrue(answer.json["detail"].startswith("Content-Digest "))
        self.assertNothingLeft(before)
        for value in ("sha-512=:" + "A" * 7900 + ":", "sha-512=:YQ==:", digest(b"x") + ", " + "a, " * 2500 + digest(DATA)):
            answer = self.ask("PUT", "/api/v4/upload/a", DATA, "image/png", [("Content-Digest", value)])
            self.assertEqual(answer.status, 201, answer)

    def test_no_body(self):
        """Of upload_from_url and of an empty file."""
        before = self.state()
        path = "/api/v4/upload_from_url?url=ftp://x/"
        for method, path, right in (("POST", path, 422), ("PUT", "/api/v4/upload/empty", 201)):
            for body in (b"", None):
                headers = [("Content-Digest", digest(b"x"))]
                self.assertRefused(self.site.request(method, path, headers, body, key=True))
                self.assertNothingLeft(before)
        for body in (b"", None):
            headers = [("Content-Digest", digest(b""))]
            self.assertEqual(self.site.request("PUT", "/api/v4/upload/e", headers, body, key=True).status, 201)

    def test_url_in_json(self):
        body = b'{"url":"ftp://x/"}'
        for data, status in ((body, 422), (b"other", 400)):
            answer = self.ask("POST", "/api/v4/upload_from_url", body, "application/json",
                              [("Content-Digest", digest(data))])
            self.assertEqual(answer.status, status, answer)

    def test_workers_go_on(self):
        """The rest of a refused body is taken from the socket as ever, and the worker is free at once."""
        form = Multipart(Part(DATA * 20, filename="a"))
        before = set(self.site.pool.pids())
        for _ in range(10):
            answer = self.site.upload(form=form, headers={"Content-Digest": digest(b"x")})
            self.assertRefused(answer)
            self.assertTrue(answer.sent_all)
            self.assertEqual(self.site.upload(b"x", "a").status, 201)
        self.assertEqual(set(self.site.pool.pids()), before)


class Curl(Case):
    def curl(self, *words):
        run = subprocess.run(["curl", "-sS", "-H", f"Authorization: Bearer {self.site.key}", *words],
                             capture_output=True, check=True, timeout=60)
        return run.stdout

    def test_there_and_back(self):
        """As the README says: the digest of the file, the URL alone, and the digest of what comes back."""
        path = os.path.join(self.site.folder.path, "photo.png")
        picture = png() + DATA
        with open(path, "wb") as f:
            f.write(picture)
        made = subprocess.run(f"openssl dgst -sha256 -binary '{path}' | base64", shell=True, check=True,
                              capture_output=True, text=True).stdout.strip()
        words = ["-H", f"Content-Digest: sha-256=:{made}:", "-H", "Accept: text/plain"]
        url = self.curl("-T", path, *words, self.site.url + "/api/v4/upload/")
        self.assertRegex(url, rb"^http://[!-~]+/photo\.png\n$")
        url = url.decode().strip()
        self.assertEqual(self.curl(url), picture)
        head = self.curl("-I", url.replace("photo.png", "photo"))
        self.assertIn(f"repr-digest: sha-256=:{made}:\r\n", head.decode().lower().replace(made.lower(), made))
        before = self.state()
        with open(path, "ab") as f:
            f.write(b"!")
        answer = self.curl("-T", path, *words, self.site.url + "/api/v4/upload/")
        self.assertIn(MISMATCH.encode(), answer)
        self.assertNothingLeft(before)

    def test_accept(self):
        path = os.path.join(self.site.folder.path, "a.txt")
        with open(path, "wb") as f:
            f.write(b"some text\n")
        call = self.site.url + "/api/v4/upload"
        url = rb"^http://[!-~]+/a\.txt\n$"
        self.assertRegex(self.curl("-F", f"file=@{path}", "-H", "Accept: text/plain", call), url)
        self.assertRegex(self.curl("-F", f"files=@{path}", "-H", "Accept: text/plain", call + "s"), url)
        self.assertTrue(self.curl("-F", f"file=@{path}", call).startswith(b'{"id"'))
        self.assertTrue(self.curl("-F", "file=@/dev/null;filename=", "-H", "Accept: text/plain", call)
                        .startswith(b'{"error"'))


main()
