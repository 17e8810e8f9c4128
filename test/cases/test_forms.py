"""Upload bodies: as real clients send them, and as nobody should.

A web server passes a body on byte for byte, in whatever pieces it comes, with a length or in chunks, and leaves it to a
worker to say what is wrong with it.
"""
import hashlib
import http.client
import json
import os
import random
import subprocess
import tempfile
import threading
import time
import uuid

from harness import Multipart, Part, SiteCase, main
from harness.client import cut
from harness.samples import png

BINARY = random.Random(7).randbytes(300_000)


class Case(SiteCase):
    def put(self, form, status=201, **more):
        answer = self.site.upload(form=form, **more)
        self.assertEqual(answer.status, status, answer)
        return answer.json

    def assertStored(self, made, data, name=None):
        self.assertEqual((made["size"], made["sha256"]), (len(data), hashlib.sha256(data).hexdigest()))
        if name is not None:
            self.assertEqual(made["filename"], name)
        self.assertEqual(self.site.fetch(made["url"]).body, data)


class Accepted(Case):
    def test_with_a_length_and_chunked(self):
        for more in ({}, {"chunked": True}):
            for size in (0, 1, 100, 8191, 8192, 8193, 65536, 300_000):
                with self.subTest(size=size, more=more):
                    form = Multipart(Part(BINARY[:size], filename="a.x"))
                    self.assertStored(self.put(form, **more), BINARY[:size], "a.x")

    def test_tiny_chunks(self):
        form = Multipart(Part(BINARY[:3000], filename="a.x"))
        answer = self.site.request("POST", "/api/v4/upload", {"Content-Type": form.content_type}, cut(form.body(), 7),
                                   chunked=True, key=True)
        self.assertStored(answer.json, BINARY[:3000])

    def test_the_part_s_own_type_counts_for_nothing(self):
        for kind in (None, "image/png", "text/html", "garbage", "application/octet-stream; charset=x"):
            with self.subTest(kind=kind):
                made = self.put(Multipart(Part(png(), filename="a.html", content_type=kind)))
                self.assertEqual(made["content_type"], "image/png")

    def test_other_fields_in_any_order(self):
        file, note = Part(BINARY, filename="a.x"), Part(b"text", name="note")
        big = Part(b"y" * 200_000, name="big")
        other_file = Part(b"other", name="thumbnail", filename="b.x")
        for parts in ([note, file], [file, note], [note, big, file, big, note], [other_file, file], [file, other_file],
                      [Part(b"", name=""), file], [Part(b"", name="note"), file]):
            self.assertStored(self.put(Multipart(*parts)), BINARY, "a.x")

    def test_of_several_files_the_last_wins(self):
        used = self.site.me().json["storage_used"]
        before = len(self.site.stored())
        made = self.put(Multipart(Part(b"first", filename="1.txt"), Part(b"second", filename="2.txt"),
                                  Part(b"third", filename="3.txt")))
        self.assertStored(made, b"third", "3.txt")
        self.assertEqual(self.site.me().json["storage_used"], used + 5)
        self.assertEqual(len(self.site.stored()), before + 2)
        made = self.put(Multipart(Part(b"chosen", filename="1.txt"), Part(b"", filename="")))
        self.assertStored(made, b"chosen", "1.txt")

    def test_very_many_files_with_long_names(self):
        """However many names come before it, the last file is stored: none of them is kept."""
        parts = [Part(b"x", filename=f"{i:0250d}.txt") for i in range(999)]
        self.assertStored(self.put(Multipart(*parts)), b"x", f"{998:0250d}.txt")

    def test_too_much_beside_the_file(self):
        before = self.site.stored()
        for parts in ([Part(b"y" * 1_200_000, name="big"), Part(b"f", filename="a.x")],
                      [Part(b"f", filename="a.x"), Part(b"y" * 1_200_000, name="big")]):
            form = Multipart(*parts)
            answer = self.site.upload(form=form)
            self.assertEqual((answer.status, answer.json["code"]), (413, "body_too_large"))
        self.assertEqual(self.site.stored(), before)

    def test_an_empty_file(self):
        made = self.put(Multipart(Part(b"", filename="empty.css")))
        self.assertStored(made, b"", "empty.css")
        self.assertEqual(made["content_type"], "text/css; charset=utf-8")
        made = self.put(Multipart(Part(b"", filename="empty")))
        self.assertEqual(made["content_type"], "application/octet-stream")

    def test_around_the_parts(self):
        file = Part(BINARY, filename="a.x")
        for form in (Multipart(file, preamble=b"This is a multipart message."),
                     Multipart(file, epilogue=b"\r\nbye\r\n"), Multipart(file, final_newline=False),
                     Multipart(file, boundary="x"), Multipart(file, boundary="b" * 70),
                     Multipart(file, boundary="'+_-.")):
            self.assertStored(self.put(form), BINARY)
        form = Multipart(file, boundary="odd (chars), /here:=?")
        answer = self.site.request("POST", "/api/v4/upload", {
            "Content-Type": f'multipart/form-data; boundary="{form.boundary}"'}, form.body(), key=True)
        self.assertStored(answer.json, BINARY)
        answer = self.site.request("POST", "/api/v4/upload", {
            "Content-Type": "Multipart/Form-Data; charset=utf-8; BOUNDARY=bound"},
            Multipart(file, boundary="bound").body(), key=True)
        self.assertStored(answer.json, BINARY)

    def test_data_that_looks_like_a_boundary(self):
        b = b"frontier"
        rows = [b"\r\n--frontieX", b"\r\r\n--frontie", b"\r\n--frontie", b"x--frontier", b"\r\n-", b"\r\n--",
                b"\r\n" * 5000,
                b"\r" * 100_000, b"\r\n-" * 50_000, b"\r\n--frontierX data", b"\n--frontier--", b"\r\n--Frontier--\r\n",
                b"\r\n--frontier-\r\n", b + b"--", b"\0\r\n\0--frontier"]
        for data in rows:
            for wrapped in (data, b"before" + data, data + b"after"):
                with self.subTest(data=wrapped[:30]):
                    made = self.put(Multipart(Part(wrapped, filename="a"), boundary="frontier"))
                    self.assertStored(made, wrapped)

    def test_transfer_encoding_of_a_part_is_left_alone(self):
        headers = [("Content-Disposition", 'form-data; name="file"; filename="a.txt"'),
                   ("Content-Transfer-Encoding", "base64")]
        self.assertStored(self.put(Multipart(Part(b"aGVsbG8=", headers=headers))), b"aGVsbG8=")


class Refused(Case):
    def assertRefused(self, answer, status=400):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.json["code"], {400: "bad_request", 415: "unsupported_media_type"}[status])
        self.assertEqual(self.site.me().json["storage_used"], 0)
        self.assertEqual([path for path in self.site.stored() if path.endswith((".bin", ".json", ".png"))], [])
        self.assertEqual(self.site.unfinished(), [])

    def test_malformed(self):
        good = [("Content-Disposition", 'form-data; name="file"; filename="a"')]
        file = Part(b"data", filename="a")
        forms = {
            "not closed": Multipart(file, closing=False), "bare LF": Multipart(file, newline=b"\n"),
            "header of 9 kB": Multipart(Part(b"x", headers=[*good, ("X", "y" * 9000)])),
            "200 headers": Multipart(Part(b"x", headers=[*good, *[("X", "y")] * 200])),
            "folded": Multipart(Part(b"x", headers=[b"Content-Disposition: form-data;\r\n name=\"file\""])),
            "no colon": Multipart(Part(b"x", headers=[*good, b"nonsense"])),
            "NUL": Multipart(Part(b"x", headers=[*good, b"X: a\0b"])),
            "10,000 empty parts": Multipart(*[Part(b"", name="x")] * 10_000),
            "second part bad": Multipart(file, Part(b"x", headers=[b"nonsense"])),
        }
        for name, form in forms.items():
            with self.subTest(form=name):
                begin = time.monotonic()
                self.assertRefused(self.site.upload(form=form))
                self.assertLess(time.monotonic() - begin, 5)
        cut_short = Multipart(Part(BINARY, filename="a")).body()
        for keep in (1, 100, 1000, 200_000, len(cut_short) - 10):
            with self.subTest(keep=keep):
                self.assertRefused(self.site.request("POST", "/api/v4/upload", {
                    "Content-Type": Multipart().content_type}, cut_short[:keep], key=True))


class Clients(Case):
    """Other people's programs."""

    def test_curl(self):
        with tempfile.TemporaryDirectory() as folder:
            for name, data in [("photo.png", png()), ("na\u00efve file;1.bin", BINARY), ('q"uo\\te.txt', b"text\n"),
                               ("empty", b"")]:
                path = os.path.join(folder, name)
                with open(path, "wb") as f:
                    f.write(data)
                quoted = path.replace("\\", "\\\\").replace('"', '\\"')
                for more in ([], ["-H", "Transfer-Encoding: chunked"], ["-F", "note=text"], ["--http1.0"],
                             ["-H", "Expect:"]):
                    with self.subTest(name=name, more=more):
                        run = subprocess.run(
                            ["curl", "-sS", "--fail", "-H", "Authorization: Bearer " + self.site.key, *more, "-F",
                             f'file=@"{quoted}"', self.site.url + "/api/v4/upload"], capture_output=True, check=True)
                        self.assertStored(json.loads(run.stdout), data)

    def test_http_client_with_a_body_as_requests_builds_it(self):
        boundary = uuid.uuid4().hex
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="file"; filename="photo.png"\r\n\r\n'
        body = head.encode() + png() + f"\r\n--{boundary}--\r\n".encode()
        connection = http.client.HTTPConnection(*self.site.address)
        for _ in range(3):
            connection.request("POST", self.site.front.prefix + "/api/v4/upload", body, {
                "Content-Type": f"multipart/form-data; boundary={boundary}", "Accept-Encoding": "gzip, deflate",
                "Authorization": "Bearer " + self.site.key, "Connection": "keep-alive"})
            answer = connection.getresponse()
            self.assertEqual(answer.status, 201)
            self.assertStored(json.loads(answer.read()), png(), "photo.png")
        connection.close()

    def test_many_at_once(self):
        made, threads = [], []

        def put(n):
            data = BINARY[n:n + 100_000]
            made.append((self.site.upload(data, f"{n}.x").json, data))

        for n in range(16):
            threads.append(threading.Thread(target=put, args=(n,)))
            threads[-1].start()
        for thread in threads:
            thread.join()
        self.assertEqual(len({file["id"] for file, _ in made}), 16)
        for file, data in made:
            self.assertStored(file, data)


main()
