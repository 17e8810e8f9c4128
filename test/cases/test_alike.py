"""A file says the same whichever way it is handed back: header by header, names and values, on every status.

The web server has a file from the static lane, from a worker that names it, or from a worker that sends it; the client,
and each cache between them, cannot tell. A validator that one way gave is good on the others: a 304 for
If-None-Match, the part for If-Range. Where one way may leave a header out, it stands here, with why.
"""
import base64
import email.utils
import hashlib
import random

from harness import SiteCase, main
from harness.samples import LANES, png

PICTURE = png() + random.Random(3).randbytes(3000)
# name, bytes, extension of the static lane or None
FILES = [
    ("picture.png", PICTURE, "png"), ("film.mp4", LANES["mp4"], "mp4"), ("sheet.pdf", LANES["pdf"], "pdf"),
    ("program.wasm", LANES["wasm"] + bytes(999), "wasm"),
    ("nothing.png", b"", "png"), ("words.txt", b"just some words\n", None), ("nothing", b"", None),
    ("page.html", b"<!DOCTYPE html><html><body><script>alert(1)</script></body></html>", None),
    ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', None),
    ("bytes.bin", b"\1\2\3\xfe\xff" * 99, None), ("\u0444\u0430\u0439\u043b \U0001f600.bin", b"\1\2\3\xfe", None),
]
# method, headers with what was said of the whole file, status. An empty file has no ranges.
QUESTIONS = {
    "whole": ("GET", {}, 200), "head": ("HEAD", {}, 200),
    "same": ("GET", {"If-None-Match": "{etag}"}, 304), "same for head": ("HEAD", {"If-None-Match": "{etag}"}, 304),
    "any": ("GET", {"If-None-Match": "*"}, 304), "since": ("GET", {"If-Modified-Since": "{date}"}, 304),
    "other": ("GET", {"If-None-Match": '"other"'}, 200),
    "compressed": ("GET", {"Accept-Encoding": "gzip, deflate, br"}, 200),
    "first bytes": ("GET", {"Range": "bytes=0-2"}, 206), "last bytes": ("GET", {"Range": "bytes=-2"}, 206),
    "from": ("GET", {"Range": "bytes=1-"}, 206),
    "if unchanged": ("GET", {"Range": "bytes=0-2", "If-Range": "{etag}"}, 206),
    "if since": ("GET", {"Range": "bytes=0-2", "If-Range": "{date}"}, 206),
    "if other": ("GET", {"Range": "bytes=0-2", "If-Range": '"other"'}, 200),
    # Conditions come first (RFC 9110 section 13.2.2).
    "meant": ("GET", {"If-Match": '"other", {etag}'}, 200), "unchanged": ("GET", {"If-Unmodified-Since": "{date}"}, 200),
    "another meant": ("GET", {"If-Match": '"other"'}, 412),
    "changed": ("GET", {"If-Unmodified-Since": "Mon, 01 Jan 2001 00:00:00 GMT"}, 412),
    "past the end, another meant": ("GET", {"Range": "bytes={size}-", "If-Match": '"other"'}, 412),
    "past the end, same": ("GET", {"Range": "bytes={size}-", "If-None-Match": "{etag}"}, 304),
    "past the end, since": ("GET", {"Range": "bytes={size}-", "If-Modified-Since": "{date}"}, 304),
    "past the end, if other": ("GET", {"Range": "bytes={size}-", "If-Range": '"other"'}, 200),
    "past the end": ("GET", {"Range": "bytes={size}-"}, 416), "far past the end": ("GET", {"Range": "bytes=99999999-"}, 416),
}
DATA = {name: data for name, data, _ in FILES}
AGE = 100
EVERY_WAY = ("handed", "streamed")
# Of the connection, of one request, or of the server.
OWN = {"date", "server", "connection", "keep-alive", "x-request-id", "transfer-encoding", "via"}
# The static lane does not read the record: it has neither the name nor the digest.
UNKNOWN_TO_STATIC = {"content-disposition", "repr-digest"}
MAY_LACK = {
    200: set(),
    # That ranges are to be had is plain from the answer (RFC 9110 section 14.3).
    206: {"accept-ranges"},
    # What describes the bytes is at hand already (RFC 9110 section 15.4.5).
    304: {"content-type", "content-length", "accept-ranges", "last-modified"},
}


class Alike(SiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = {name: cls.site.upload(data, name).json for name, data, _ in FILES}
        for made in cls.made.values():
            cls.site.age(made["id"], AGE)
        cls.answers, cls.several = {}, {}
        for way in ("static", *EVERY_WAY):
            if way == "streamed":
                cls.site.restart(CDN_SENDFILE="off")
            for name, data, extension in FILES:
                if way != "static" or extension:
                    last = extension if way == "static" else "other"
                    for question, answer in cls.ask_all(f"/{cls.made[name]['id']}/x.{last}", data).items():
                        cls.answers.setdefault((name, question), {})[way] = answer

                    if data:
                        several = cls.site.get(f"/{cls.made[name]['id']}/x.{last}", {"Range": "bytes=0-0,2-2"})
                        cls.several.setdefault(name, {})[way] = several

    @classmethod
    def ask_all(cls, path, data):
        whole = cls.site.get(path)
        values = {"etag": whole.header("ETag"), "date": whole.header("Last-Modified"), "size": len(data)}
        return {question: cls.site.request(method, path, {name: value.format(**values) for name, value in headers.items()})
                for question, (method, headers, _) in QUESTIONS.items() if data or "Range" not in headers}

    def test_status_and_bytes(self):
        parts = {"first bytes": slice(3), "last bytes": slice(-2, None), "from": slice(1, None), "if unchanged": slice(3),
                 "if since": slice(3)}
        for (name, question), ways in self.answers.items():
            data = DATA[name]
            for way, answer in ways.items():
                with self.subTest(name=name, question=question, way=way):
                    self.assertEqual(answer.status, QUESTIONS[question][2], answer)
                    if question in parts:
                        self.assertEqual(answer.body, data[parts[question]])
                    elif answer.status in (200, 304):
                        whole = answer.status == 200 and question != "head"
                        self.assertEqual(answer.body, data if whole else b"")

    def test_headers(self):
        """What one way says no other says differently, or twice, and none leaves out more than it may."""
        for (name, question), ways in self.answers.items():
            if QUESTIONS[question][2] in (412, 416):
                continue
            said = {way: self.headers(answer) for way, answer in ways.items()}
            if self.site.differs("one ETag"):
                for headers in said.values():
                    self.assertRegex(headers.pop("etag"), '^"[!#-~]+"$')
            for header in sorted(set().union(*said.values())):
                with self.subTest(name=name, question=question, header=header):
                    if header in MAY_LACK[QUESTIONS[question][2]]:
                        values = {way: headers[header] for way, headers in said.items() if header in headers}
                    else:
                        values = {way: headers.get(header) for way, headers in said.items()}
                    if header in UNKNOWN_TO_STATIC and values.get("static", "") is None:
                        del values["static"]
                    # It would be wrong of a refusal, and a worker does not know whether the web server will refuse.
                    if header == "repr-digest" and "past the end" in question and values["handed"] is None:
                        del values["handed"]
                    self.assertEqual(len(set(values.values())), 1, values)

    @staticmethod
    def headers(answer):
        return {name.lower(): answer.header(name) for name, _ in answer.headers if name.lower() not in OWN}

    def test_open_to_every_origin_once(self):
        for (name, question), ways in self.answers.items():
            for way, answer in ways.items():
                with self.subTest(name=name, question=question, way=way):
                    self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"], answer)

    def test_several_ranges(self):
        """All of them or the whole (RFC 9110 section 14.2): of either the file's headers, if not its type."""
        own = OWN | UNKNOWN_TO_STATIC | {"content-type", "content-length", "accept-ranges", "content-range"}
        for name, ways in self.several.items():
            whole = self.headers(self.answers[name, "whole"]["streamed"])
            for way, answer in ways.items():
                with self.subTest(name=name, way=way):
                    self.assertIn(answer.status, (200, 206))
                    said = self.headers(answer)
                    if self.site.differs("one ETag"):
                        said["etag"] = whole["etag"]
                    self.assertEqual({header: value for header, value in said.items() if header not in own},
                                     {header: value for header, value in whole.items() if header not in own})

    def test_past_the_end(self):
        for (name, question), ways in self.answers.items():
            if QUESTIONS[question][2] == 416:
                for way, answer in ways.items():
                    with self.subTest(name=name, way=way):
                        self.assertRefused(answer, way, len(DATA[name]))

    def assertRefused(self, answer, way, size):
        """The length alone is said of the file, and the refusal is not to be kept."""
        self.assertEqual(answer.header("Content-Range"), f"bytes */{size}")
        self.assertNotIn(PICTURE[:8], answer.body)
        if way == "static" and self.site.differs("its own 416"):
            return
        self.assertIn("Content-Range", answer.header("Access-Control-Expose-Headers").split(", "))
        self.assertEqual(answer.json["code"], "range_not_satisfiable")
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        ages = answer.all("Cache-Control")
        if way == "static" and self.site.differs("one age on a 416"):
            ages.remove("public, max-age=31536000, immutable")
        self.assertEqual(ages, ["no-store"])
        self.assertEqual([answer.header(name) for name in ("ETag", "Last-Modified", "Repr-Digest")], [None] * 3)

    def test_another_file_is_meant(self):
        """Refused with nothing that is said of the file, and not to be kept as if it were the file."""
        for (name, question), ways in self.answers.items():
            if QUESTIONS[question][2] == 412:
                for way, answer in ways.items():
                    with self.subTest(name=name, question=question, way=way):
                        self.assertEqual(answer.all("Cache-Control"), ["no-store"], answer)
                        if way != "streamed" and not answer.body:
                            self.assertTrue(self.site.differs("its own 412"))
                            continue
                        self.assertEqual((answer.json["status"], answer.json["code"]), (412, "precondition_failed"))
                        self.assertEqual(answer.json["request_id"], answer.header("X-Request-Id"))
                        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
                        self.assertEqual([answer.header(header) for header in (
                            "ETag", "Last-Modified", "Accept-Ranges", "Content-Range", "Repr-Digest",
                            "Content-Disposition")], [None] * 6)

    def test_digest(self):
        """RFC 9530: of the whole file, whatever part of it was sent."""
        for (name, question), ways in self.answers.items():
            if QUESTIONS[question][2] in (200, 206) and "past the end" not in question:
                data = DATA[name]
                want = f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"
                for way in EVERY_WAY:
                    self.assertEqual(ways[way].header("Repr-Digest"), want, (name, question, way))

    def test_dates(self):
        """Every way says when the file was made, as the account's list does."""
        for name, made in self.made.items():
            date = email.utils.parsedate_to_datetime(self.answers[name, "whole"]["streamed"].header("Last-Modified"))
            created = date.fromisoformat(made["created_at"].replace("Z", "+00:00"))
            self.assertLessEqual(abs((created - date).total_seconds() - AGE), 2)


class Gone(SiteCase):
    """Deleted: the same 404 on every way, which no cache keeps."""

    def test_every_way(self):
        for sendfile in ({}, {"CDN_SENDFILE": "off"}):
            if sendfile:
                self.site.restart(**sendfile)
            for name, data, extension in FILES:
                made = self.site.upload(data, name).json
                self.assertEqual(self.site.delete(made["id"]).status, 200)
                for last in {extension or "bin", "other"}:
                    for method in ("GET", "HEAD"):
                        for headers in ({}, {"Range": "bytes=0-1"}, {"If-None-Match": "*"}):
                            with self.subTest(name=name, last=last, method=method, headers=headers):
                                self.assertGone(self.site.request(method, f"/{made['id']}/x.{last}", headers), method)

    def assertGone(self, answer, method):
        self.assertEqual(answer.status, 404)
        self.assertEqual(answer.all("Cache-Control"), ["no-store"])
        self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])
        self.assertEqual(answer.all("X-Content-Type-Options"), ["nosniff"])
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual([answer.header(name) for name in (
            "ETag", "Last-Modified", "Content-Disposition", "Repr-Digest", "Content-Security-Policy")], [None] * 5)
        if method == "GET":
            self.assertEqual((answer.json["code"], answer.json["request_id"]), ("not_found", answer.header("X-Request-Id")))


main()
