"""POST /api/v4/uploads: each file is judged by itself, in order; one body, streamed once.

A web server passes on a body of 40 files as it comes, with no limit or buffer made for one small form, and brings back the
longest answer there is, 40 file objects, whole.
"""
import hashlib
import json
import os
import random
import subprocess
import tempfile

from harness import Multipart, Part, SiteCase, main
from harness.client import cut
from harness.samples import png

K = 1024
NOISE = random.Random(40).randbytes(300_000)
MEMBERS = ["id", "filename", "size", "content_type", "url", "created_at", "sha256"]


class Case(SiteCase):
    number = 0

    def account(self, tier="unverified"):
        type(self).number += 1
        return self.site.make_account(f"{type(self).__name__}{self.number}@example.org".lower(), tier)

    def assertUploaded(self, answer, files):
        """Those are stored, in that order, and read back."""
        made = answer.json["uploads"]
        self.assertEqual([file["filename"] for file in made], [name for name, _ in files])
        for file, (_, data) in zip(made, files):
            self.assertEqual(list(file), MEMBERS)
            self.assertEqual((file["size"], file["sha256"]), (len(data), hashlib.sha256(data).hexdigest()))
            self.assertEqual(self.site.fetch(file["url"]).body, data)
        self.assertEqual(len({file["id"] for file in made}), len(files))

    def assertRefused(self, answer, status, code):
        self.assertEqual((answer.status, answer.json["code"]), (status, code), answer)
        self.assertEqual(self.site.unfinished(), [])


class Accepted(Case):
    def both(self, form, files, failed=()):
        for more in ({}, {"chunked": True}):
            answer = self.site.batch(form=form, **more)
            self.assertEqual(answer.status, 201, answer)
            self.assertEqual(list(answer.json), ["uploads", "failed"])
            self.assertUploaded(answer, files)
            self.assertEqual(answer.json["failed"], list(failed))
            self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
            self.assertEqual(answer.header("Cache-Control"), "no-store")

    def form(self, files, field="files[]"):
        return Multipart(*[Part(data, field, name) for name, data in files])

    def test_how_many(self):
        for count in (1, 2, 17, 40):
            files = [(f"{n}.bin", NOISE[n:n * 100]) for n in range(count)]
            self.both(self.form(files), files)

    def test_either_name_and_other_fields(self):
        a, b, c = [("a.bin", b"\1first"), ("b.bin", b"\2second"), ("c.bin", b"")]
        note, big = Part(b"text", "note"), Part(b"y" * 200_000, "big")
        parts = [Part(a[1], "files[]", a[0]), Part(b[1], "files", b[0]), Part(c[1], "files[]", c[0])]
        self.both(Multipart(*parts), [a, b, c])
        self.both(Multipart(note, parts[0], big, parts[1], Part(b"other", "file", "x.bin"), parts[2], note), [a, b, c])
        # Where none was chosen a browser sends an empty name.
        self.both(Multipart(Part(b"", "files[]", ""), parts[0], Part(b"", "files", "")), [a])
        self.both(Multipart(Part(b"x", "Files[]", "no"), Part(b"x", "files[0]", "no"), parts[1]), [b])

    def test_names(self):
        """Alike, empty after cleaning, as long as can be, of every alphabet."""
        long = "\u20ac" * 83 + ".txt"
        sent = ["a.txt", "a.txt", "../../etc/passwd", ".", "C:\\x\\y.txt", "\u65e5\u672c\u8a9e.txt", "\U0001f600.png",
                "x\u202egnp.exe", "100%.txt", "a%22b.txt", " ", long, "n" * 300 + ".txt"]
        want = ["a.txt", "a.txt", "passwd", "download", "y.txt", "\u65e5\u672c\u8a9e.txt", "\U0001f600.png",
                "xgnp.exe", "100-.txt", "a-b.txt", "download", long, "n" * 251 + ".txt"]
        self.both(self.form([(name, b"\1" + name.encode()) for name in sent]),
                  [(name, b"\1" + raw.encode()) for raw, name in zip(sent, want)])
        form = Multipart(Part(b"\1", headers=[("Content-Disposition", 'form-data; name="files[]"')]))
        self.both(form, [("download", b"\1")])

    def test_sizes(self):
        """Around every buffer, the large ones between small ones."""
        sizes = [0, 1, 8191, 8192, 8193, 16383, 16384, 262143, 262144, 262145, 0, 299_999, 5]
        self.both(self.form([(f"{n}", NOISE[:n]) for n in sizes]), [(f"{n}", NOISE[:n]) for n in sizes])

    def test_types(self):
        answer = self.site.batch([("a.html", png()), ("b.css", b""), ("c.md", b"# text\n"), ("d", b"\0\1\2\3")])
        self.assertEqual([file["content_type"] for file in answer.json["uploads"]],
                         ["image/png", "text/css; charset=utf-8", "text/markdown; charset=utf-8",
                          "application/octet-stream"])

    def test_pieces(self):
        files = [(f"{n}.bin", NOISE[n:n + 300]) for n in range(12)]
        form = self.form(files)
        answer = self.site.request("POST", "/api/v4/uploads", {"Content-Type": form.content_type},
                                   cut(form.body(), 7), chunked=True, key=True)
        self.assertUploaded(answer, files)

    def test_forty_of_the_longest(self):
        """The largest answer there can be."""
        name = "\u20ac" * 83 + "a.pptx"
        answer = self.site.batch([(name, b"")] * 40, headers={"X-Long": "h" * 8000})
        self.assertEqual((answer.status, len(answer.json["uploads"])), (201, 40))
        self.assertEqual({file["filename"] for file in answer.json["uploads"]}, {name})

    def test_curl(self):
        with tempfile.TemporaryDirectory() as folder:
            command = ["curl", "-sS", "--fail", "-H", "Authorization: Bearer " + self.site.key]
            for n in range(40):
                with open(os.path.join(folder, f"{n}.bin"), "wb") as f:
                    f.write(NOISE[n:n + 20_000])
                command += ["-F", f"files[]=@{f.name}"]
            for more in ([], ["-H", "Transfer-Encoding: chunked"], ["-H", "Expect: 100-continue"], ["--http1.0"]):
                run = subprocess.run([*command, *more, self.site.url + "/api/v4/uploads"], capture_output=True, check=True)
                made = json.loads(run.stdout)
                self.assertEqual([file["sha256"] for file in made["uploads"]],
                                 [hashlib.sha256(NOISE[n:n + 20_000]).hexdigest() for n in range(40)])
                self.assertEqual(made["failed"], [])

    def test_log(self):
        """The access line names every file that was stored."""
        answer = self.site.batch([(f"{n}", b"x") for n in range(3)])
        line, = [line for line in self.site.access() if line["id"] == answer.header("X-Request-Id")]
        self.assertEqual(line["files"], [file["id"] for file in answer.json["uploads"]])
        self.assertNotIn("file", line)


class Refused(Case):
    def test_too_many(self):
        before = self.site.stored()
        # All of it is read, to tell how many there were; what is too many is no other field that is too large.
        for count, size in ((41, 100), (100, 30_000), (1000, 0)):
            answer = self.site.batch([("a.bin", bytes(size))] * count)
            self.assertRefused(answer, 400, "too_many_files")
            self.assertEqual(answer.json["error"], "Too many files")
            self.assertEqual(answer.json["detail"], f"Maximum 40 files per batch, got {count}")
        # More parts than a form may have.
        self.assertRefused(self.site.batch([("a.bin", b"x")] * 1001), 400, "bad_request")
        # Parts that are no files do not count.
        form = Multipart(*[Part(b"x", "note")] * 900, *[Part(b"x", "files[]", "a.bin")] * 40, Part(b"", "files[]", ""))
        self.assertEqual(len(self.site.batch(form=form).json["uploads"]), 40)
        self.assertEqual(len(self.site.stored()), len(before) + 80)

    def test_none(self):
        for form in (Multipart(), Multipart(Part(b"x", "file", "a.bin")), Multipart(Part(b"x", "note")),
                     Multipart(Part(b"", "files[]", "")), Multipart(Part(b"x", "FILES[]", "a.bin"))):
            answer = self.site.batch(form=form)
            if form.parts:
                self.assertRefused(answer, 400, "missing_parameter")
                self.assertEqual((answer.json["error"], answer.json["parameter"]), ("Missing files[] parameter", "files[]"))
            else:
                self.assertEqual(answer.status, 400)

    def test_malformed(self):
        before = self.site.stored()
        good = [("a.bin", NOISE), ("b.bin", NOISE)]
        whole = Multipart(*[Part(data, "files[]", name) for name, data in good])
        for form in (Multipart(*whole.parts, closing=False), Multipart(*whole.parts, newline=b"\n"),
                     Multipart(*whole.parts, Part(b"x", headers=[b"nonsense"])),
                     Multipart(*whole.parts, Part(b"x", headers=[("X", "y" * 9000)]))):
            self.assertRefused(self.site.batch(form=form), 400, "bad_request")
        body = whole.body()
        for keep in (1, 100, 300_300, len(body) - 10):
            answer = self.site.request("POST", "/api/v4/uploads", {"Content-Type": whole.content_type}, body[:keep], key=True)
            self.assertRefused(answer, 400, "bad_request")
        self.assertEqual(self.site.stored(), before)

    def test_other_types(self):
        body = Multipart(Part(b"x", "files[]", "a")).body()
        for kind in ("application/json", "application/x-www-form-urlencoded", "text/plain", "multipart/mixed; boundary=x"):
            answer = self.site.request("POST", "/api/v4/uploads", {"Content-Type": kind}, body, key=True)
            self.assertRefused(answer, 415, "unsupported_media_type")
        answer = self.site.batch([("a", b"x")], headers={"Content-Encoding": "gzip"})
        self.assertRefused(answer, 415, "unsupported_media_type")

    def test_too_much_beside_the_files(self):
        before = self.site.stored()
        file = Part(b"f", "files[]", "a.x")
        for parts in ([Part(b"y" * 1_200_000, "big"), file], [file, Part(b"y" * 1_200_000, "big")]):
            self.assertRefused(self.site.batch(form=Multipart(*parts)), 413, "body_too_large")
        self.assertEqual(self.site.stored(), before)

    def test_other_methods(self):
        answer = self.site.request("PUT", "/api/v4/uploads", key=True, body=b"x")
        self.assertEqual(answer.status, 405)
        self.assertIn("POST", answer.header("Allow"))


class Quota(Case):
    settings = {"CDN_TIER_UNVERIFIED_FILE": "10K", "CDN_TIER_UNVERIFIED_TOTAL": "30K", "CDN_MAX_BODY": "1M"}

    def test_in_the_middle(self):
        """A file that does not fit disturbs none of the others; each hears why."""
        key = self.account()
        files = [("a", 10 * K), ("large", 10 * K + 1), ("b", 10 * K), ("c", 9 * K), ("no room", 1025), ("d", 1024),
                 ("full", 1), ("empty", 0), ("full and large", 20 * K)]
        files = [(name, NOISE[:size]) for name, size in files]
        answer = self.site.batch(files, key=key)
        self.assertEqual(answer.status, 201)
        self.assertUploaded(answer, [file for file in files if file[0] in ("a", "b", "c", "d", "empty")])
        self.assertEqual(answer.json["failed"], [
            {"filename": "large", "reason": "File size (10 KB) exceeds limit of 10 KB"},
            {"filename": "no room", "reason": "Would exceed storage quota (1 KB remaining)"},
            {"filename": "full", "reason": "Storage quota already exceeded"},
            {"filename": "full and large", "reason": "Storage quota already exceeded"}])
        self.assertEqual(self.site.me(key).json["storage_used"], 30 * K)
        again = self.site.batch([("a", b"x"), ("b", b"y")], key=key)
        self.assertEqual((again.status, again.json), (422, {"uploads": [], "failed": [
            {"filename": name, "reason": "Storage quota already exceeded"} for name in "ab"]}))
        # Within the batch a file of nothing still fits.
        self.assertEqual(self.site.batch([("e", b"")], key=key).status, 201)

    def test_all_too_large(self):
        answer = self.site.batch([("a", NOISE[:20 * K]), ("b", NOISE[:15 * K])], key=self.account())
        self.assertEqual((answer.status, answer.json), (422, {"uploads": [], "failed": [
            {"filename": "a", "reason": "File size (20 KB) exceeds limit of 10 KB"},
            {"filename": "b", "reason": "File size (15 KB) exceeds limit of 10 KB"}]}))
        self.assertEqual(self.site.unfinished(), [])

    def test_over_the_ceiling(self):
        """413, by the length before the body is read, or while it comes; never 402."""
        key, before = self.account(), self.site.stored()
        files = [("a", NOISE[:1000])] + [("big", NOISE)] * 4
        for more in ({}, {"chunked": True}):
            answer = self.site.batch(files, key=key, **more)
            self.assertRefused(answer, 413, "body_too_large")
        self.assertEqual(self.site.stored(), before)
        self.assertEqual(self.site.me(key).json["storage_used"], 0)


main()
