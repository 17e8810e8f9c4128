"""What a request says arrives: the key on every call, each header that a worker reads, a body framed either way.

A web server passes on Authorization, which several drop unless told not to, and every other header as it came; a header
that only looks like one of its own parameters is none of them. It takes bodies with Content-Length and in chunks, answers
Expect, and writes a key into no log.
"""
import base64
import glob
import hashlib
import json
import os
import re
import socket
import subprocess

from harness import Multipart, Part, SiteCase, main
from harness.api import UNKNOWN, Source
from harness.client import chunks, connect, cut, head, read
from harness.samples import png

API = "/api/v4"
OTHER = "sk_cdn_" + "0" * 64
SOURCE = Source(png())
# Every call that needs a key: method, path, Content-Type, body, and what is answered to one that has a key.
CALLS = [
    ("GET", "/me", None, None, 200), ("HEAD", "/me", None, None, 200),
    ("GET", "/uploads", None, None, 200), ("GET", f"/uploads/{UNKNOWN}", None, None, 404),
    ("POST", "/upload", "multipart/form-data; boundary=b", b"--b--", 400),
    ("POST", "/uploads", "multipart/form-data; boundary=b", b"--b--", 400),
    ("PUT", "/upload/a.txt", "text/plain", b"words", 201),
    ("POST", "/upload_from_url", "application/json", b'{"url":"ftp://x/"}', 422),
    ("DELETE", f"/upload/{UNKNOWN}", None, None, 404),
    ("DELETE", "/uploads/batch", "application/json", b'{"ids":["x"]}', 200),
    ("PATCH", f"/uploads/{UNKNOWN}/rename", "application/json", b'{"filename":"a"}', 404),
]


class Authorization(SiteCase):
    def me(self, *values, **more):
        return self.site.get(API + "/me", [("Authorization", value) for value in values], **more)

    def assertRefused(self, answer):
        self.assertEqual(answer.status, 401, answer)
        self.assertEqual((answer.json["error"], answer.json["code"]), ("invalid_auth", "invalid_auth"))
        self.assertEqual(answer.header("WWW-Authenticate"), "Bearer")

    def test_on_every_call(self):
        for method, path, kind, body, status in CALLS:
            for chunked in ((False,) if not body else self.site.framings() if method == "PUT" else (False, True)):
                with self.subTest(method=method, path=path, chunked=chunked):
                    headers = {"Content-Type": kind} if kind else {}
                    answer = self.site.request(method, API + path, headers, body, key=True, chunked=chunked)
                    self.assertEqual(answer.status, status, answer)
                    for key in (None, OTHER):
                        answer = self.site.request(method, API + path, headers, body, key=key, chunked=chunked)
                        self.assertEqual((answer.status, answer.header("WWW-Authenticate")), (401, "Bearer"))

    def test_accepted(self):
        key = self.site.key
        for value in (f"Bearer {key}", f"Token {key}", f"bearer {key}", f"BEARER {key}", f"bEaReR {key}",
                      f"token {key}", f"TOKEN {key}", f"Bearer  {key}", f"Bearer {key}  "):
            with self.subTest(value=value.replace(key, "KEY")):
                self.assertEqual(self.me(value).status, 200)
        for name in ("authorization", "AUTHORIZATION", "aUTHORIZATION"):
            self.assertEqual(self.site.get(API + "/me", {name: "Bearer " + key}).status, 200)

    def test_refused(self):
        key = self.site.key
        rows = ["", key, "Bearer", "Bearer ", f"Basic {key}", "Basic dXNlcjpwYXNz", f"Digest {key}",
                f"Bearer{key}", f"Bearer {OTHER}", f"Bearer {key[:-1]}", f"Bearer {key}0", f"Bearer {key.upper()}",
                f"Bearer {key[7:]}", f"Bearer {key}, Bearer {OTHER}", f"Bearer {key},Bearer {key}",
                f"Bearer {key} {key}", f"Bearer \"{key}\"", f"Bearer token={key}", "Bearer " + "x" * 4000,
                f"Bearer sk_live_{key[7:]}", f"Bearer {key[:20]}\xe9{key[21:]}"]
        for value in rows:
            with self.subTest(value=value.replace(key, "KEY")[:60]):
                self.assertRefused(self.me(value))
        self.assertRefused(self.me())

    def test_more_than_one_header_should_say(self):
        """Refused by the web server already, or by the worker; never taken."""
        for values in (["Bearer " + "x" * 65000], ["Bearer " + self.site.key] * 2,
                       ["Bearer " + OTHER, "Bearer " + self.site.key], ["Bearer " + self.site.key, "Basic eDp5"],
                       [f"Bearer {self.site.key}\x01"]):
            self.assertMalformed(self.me(*values), (400, 401, 431))

    def test_nothing_else_is_a_key(self):
        value = "Bearer " + self.site.key
        for name in ("Proxy-Authorization", "X-Authorization", "Redirect-Http-Authorization", "REDIRECT_HTTP_AUTHORIZATION",
                     "Redirect-Authorization", "Http-Authorization", "HTTP_AUTHORIZATION", "X-Api-Key", "X-HTTP-Authorization",
                     "X-Download-Authorization", "Remote-User"):
            with self.subTest(name=name):
                self.assertRefused(self.site.get(API + "/me", {name: value}))
        self.assertRefused(self.site.get(API + "/me", {"Cookie": "Authorization=" + value}))
        self.assertRefused(self.site.get(f"{API}/me?access_token={self.site.key[:20]}"))

    def test_no_key_in_any_log(self):
        """The web server's, or the workers'; not even of a request that was refused."""
        key = self.site.key
        for value in (f"Bearer {key}", f"Basic {key}", key, f"Bearer {key}x", f"Bearer {key}, Bearer {key}"):
            self.me(value)
        self.me("Bearer " + key, "Bearer " + key)
        self.me(f"Bearer {key} " + "x" * 20000)
        try:
            self.site.upload(b"x", "a", length="5,5")
        except ConnectionResetError:
            pass  # Refused, and closed, with the body still on its way.
        if self.site.differs("no query in its log"):
            self.site.get(f"{API}/%zz?a=of-the-query", key=True)
            self.assertIn("a=of-the-query", self.site.front.log_text())
        else:
            self.site.get(f"{API}/%zz?key={key}", key=True)
        for path in ("/me", "/nothing", "//me"):
            self.site.get(f"{API}{path}?key={key}", key=True)
        self.site.get(f"/{UNKNOWN}/a.png?key={key}")
        self.site.access()
        for path in glob.glob(os.path.join(self.site.folder.log, "**"), recursive=True):
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    self.assertFalse(re.search(key[10:30].encode(), f.read()), path)


class Headers(SiteCase):
    settings = SOURCE.settings

    def put(self, data, *headers, name="a.txt", **more):
        return self.site.put(data, name, headers=headers, **more)

    def test_idempotency_key(self):
        first, again = (self.put(b"once", ("Idempotency-Key", "key-1")) for _ in range(2))
        self.assertEqual((first.status, again.status, again.json["id"]), (201, 201, first.json["id"]))
        self.assertEqual((first.header("Idempotency-Replayed"), again.header("Idempotency-Replayed")), (None, "true"))
        self.assertEqual(self.put(b"other", ("Idempotency-Key", "key-1")).status, 422)

    def test_content_digest(self):
        for data, status in ((b"words", 201), (b"other", 400)):
            value = f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
            self.assertEqual(self.put(b"words", ("Content-Digest", value)).status, status)

    def test_accept(self):
        answer = self.put(b"words", ("Accept", "text/plain"))
        self.assertEqual((answer.status, answer.header("Content-Type")), (201, "text/plain; charset=utf-8"))
        self.assertTrue(answer.body.decode().startswith(self.site.url + "/"))

    def test_content_encoding_and_range(self):
        self.assertEqual(self.put(b"words", ("Content-Encoding", "gzip")).status, 415)
        self.assertEqual(self.put(b"words", ("Content-Range", "bytes 0-4/9")).status, 400)

    def test_download_authorization(self):
        body = json.dumps({"url": SOURCE.url + "/a.png"}).encode()
        for value in ("Bearer of-the-source", "Basic dXNlcjpwYXNz"):
            answer = self.site.request("POST", API + "/upload_from_url", {
                "Content-Type": "application/json", "X-Download-Authorization": value}, body, key=True)
            self.assertEqual(answer.status, 201, answer)
            self.assertEqual(SOURCE.asked[-1].get_all("Authorization"), [value])

    def test_many_and_long(self):
        """60 of them, with 7,000 bytes in one: browsers bring cookies of the whole domain."""
        headers = [(f"X-Filler-{n}", "v" * 50) for n in range(60)] + [("Cookie", "c=" + "v" * 7000)]
        self.assertEqual(self.site.get(API + "/me", headers, key=True).status, 200)
        self.assertEqual(self.put(b"words", *headers).status, 201)

    def test_content_type_as_it_came(self):
        form = Multipart(Part(b"words", filename="a.txt"), boundary="odd (chars), /here:=?")
        for kind in (f'multipart/form-data; boundary="{form.boundary}"', f'Multipart/Form-Data;charset=x;BOUNDARY="{form.boundary}"'):
            answer = self.site.request("POST", API + "/upload", {"Content-Type": kind}, form.body(), key=True)
            self.assertEqual(answer.status, 201, answer)

    def test_the_query_as_it_came(self):
        """A worker reads the request's own line: nothing of it is decoded, tidied or encoded on the way."""
        made = self.put(b"x", name="a+b%26c=%C3%A9.txt").json
        for query in ("a%2Bb%26c%3D", "%61%2bb%26c%3d%C3%A9", "a%2Bb%26c=%c3%a9"):
            answer = self.site.get(f"{API}/uploads?query={query}", key=True)
            self.assertEqual([file["id"] for file in answer.json["uploads"]], [made["id"]], query)


class Framing(SiteCase):
    """The same upload, however its length is told."""

    def headers(self, form, *more):
        return [("Host", "localhost"), ("Connection", "close"), ("Authorization", "Bearer " + self.site.key),
                ("Content-Type", form.content_type), *more]

    def form(self, size):
        return Multipart(Part(bytes(size), filename="a.bin"))

    def send(self, headers, pieces, version=None):
        with connect(self.site.address) as sock:
            text = head("POST", self.site.front.prefix + API + "/upload", headers)
            sock.sendall(text.replace(b"HTTP/1.1", version) if version else text)
            for piece in pieces:
                sock.sendall(piece)
            return read(sock, "POST")

    def assertStored(self, answer, size):
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual((answer.json["size"], answer.json["sha256"]), (size, hashlib.sha256(bytes(size)).hexdigest()))

    def test_length_and_chunks(self):
        for size in (0, 1, 20_000, 600_000):
            form = self.form(size)
            body = form.body()
            with self.subTest(size=size):
                self.assertStored(self.send(self.headers(form, ("Content-Length", len(body))), [body]), size)
                for step in (len(body), 9_999):
                    answer = self.send(self.headers(form, ("Transfer-Encoding", "chunked")), chunks(cut(body, step)))
                    self.assertStored(answer, size)

    def test_chunks_with_extensions_and_trailers(self):
        form = self.form(100)
        body = form.body()
        pieces = [b'%X;name="value"\r\n%s\r\n' % (len(body), body), b"0\r\nX-Trailer: a\r\n\r\n"]
        self.assertStored(self.send(self.headers(form, ("Transfer-Encoding", "chunked")), pieces), 100)

    def test_http_1_0(self):
        form = self.form(5000)
        body = form.body()
        answer = self.send(self.headers(form, ("Content-Length", len(body))), [body], b"HTTP/1.0")
        self.assertStored(answer, 5000)

    def test_one_byte_at_a_time(self):
        form = self.form(50)
        body = form.body()
        answer = self.send(self.headers(form, ("Content-Length", len(body))), cut(body, 1))
        self.assertStored(answer, 50)

    def test_a_connection_that_is_kept(self):
        """Refused or not, with a body or without: the next request on it is understood."""
        form = self.form(3000)
        body = form.body()
        with connect(self.site.address) as sock:
            for key, status in ((self.site.key, 201), (OTHER, 401), (self.site.key, 201)):
                sock.sendall(head("POST", self.site.front.prefix + API + "/upload", [
                    ("Host", "localhost"), ("Authorization", "Bearer " + key), ("Content-Type", form.content_type),
                    ("Content-Length", len(body))]) + body)
                answer = read(sock, "POST")
                self.assertEqual(answer.status, status)
                if (answer.header("Connection") or "").lower() == "close":
                    return
                for method in ("GET", "HEAD"):
                    sock.sendall(head(method, self.site.front.prefix + "/up", [("Host", "localhost")]))
                    self.assertEqual(read(sock, method).status, 200)

    def test_length_and_chunked_at_once(self):
        """RFC 9112 section 6.3: refused, or the chunks count; what follows is never a second request."""
        form = self.form(10)
        body = b"".join(chunks([form.body()]))
        smuggled = head("DELETE", self.site.front.prefix + API + "/upload/" + UNKNOWN, [
            ("Host", "localhost"), ("Authorization", "Bearer " + self.site.key)])
        before = len(self.site.access())
        for length in (5, len(body), len(body) + len(smuggled)):
            headers = self.headers(form, ("Content-Length", length), ("Transfer-Encoding", "chunked"))
            answer = self.send(headers, [body + smuggled])
            self.assertIn(answer.status, (201, 400), answer)
        self.assertNotIn("DELETE", [line["method"] for line in self.site.access()[before:]])

    def test_lengths_that_are_none(self):
        form = self.form(1)
        for length in ("abc", "1e3", "+5", "5,5", str(2 ** 63), str(2 ** 64 + 5), "-1", "-5", "0x10", "5 5"):
            with self.subTest(length=length):
                answer = self.site.request("POST", API + "/upload", {"Content-Type": form.content_type}, key=True,
                                           length=length)
                self.assertMalformed(answer, (400, 413))
        self.assertFalse(self.site.unfinished())

    def test_expect(self):
        """The client waits for 100 before it sends; what would be refused anyway may be refused instead of it."""
        form = self.form(2_000_000)
        body = form.body()
        for key, status in ((self.site.key, 201), (OTHER, 401)):
            headers = {"Connection": "close", "Content-Type": form.content_type, "Content-Length": len(body),
                       "Expect": "100-continue"}
            with self.site.begin("POST", API + "/upload", headers, key=key) as sock, self.subTest(status=status):
                first = sock.recv(25, socket.MSG_PEEK)
                if first.startswith(b"HTTP/1.1 100"):
                    for piece in cut(body):
                        try:
                            sock.sendall(piece)
                        except (BrokenPipeError, ConnectionResetError):
                            break
                # http.client passes over a 100.
                self.assertEqual(read(sock, "POST").status, status)

    def test_expect_of_curl(self):
        run = subprocess.run(
            ["curl", "-sS", "-H", "Expect: 100-continue", "-H", "Authorization: Bearer " + self.site.key, "-F",
             "file=@-;filename=a.bin", self.site.url + API + "/upload"], input=bytes(2_000_000),
            capture_output=True, check=True)
        self.assertIn(b'"size":2000000', run.stdout)


main()
