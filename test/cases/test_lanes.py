"""A stored file on each of the three ways out: the static lane, handed over by a worker, and streamed by it.

static lane  the web server takes the file from the store by itself, and asks no worker
hand-off     a worker names the file (CDN_SENDFILE), the web server sends it: X-Accel-Redirect, X-Sendfile
streaming    a worker sends it, where a web server has no hand-off

All three have the headers of the contract, ranges and conditions, and none of them follows what was planted in the store.
"""
import base64
import email.parser
import email.utils
import hashlib
import os
import random

from harness import SiteCase, main
from harness.samples import LANES, png

EXPOSED = "Accept-Ranges, Content-Range, Content-Disposition, Content-Length, ETag"
POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data: 'self'"
PUBLIC = {
    "x-content-type-options": "nosniff", "cache-control": "public, max-age=31536000, immutable",
    "access-control-allow-origin": "*", "access-control-expose-headers": EXPOSED,
    "cross-origin-resource-policy": "cross-origin",
}
ON_WIRE = {"server", "date", "connection"}
SECRET = b"not part of the store"
SIZE = 5000
PICTURE = png() + random.Random(1).randbytes(SIZE - len(png()))
HTML = b"<!DOCTYPE html><html><body><script>alert(document.cookie)</script></body></html>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><rect width="9" height="9"/></svg>'
XHTML = b'<?xml version="1.0"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script></html>'
XSLT = b'<?xml version="1.0"?>\n<?xml-stylesheet type="text/xsl" href="a.xsl"?>\n<a>text</a>'
# name, bytes, type, whether a browser could run it
WORKER_LANE = [
    ("a.bin", b"\1\2\3\xfe\xff" * 50, "application/octet-stream", False),
    ("a", b"just some words\n", "text/plain; charset=utf-8", False),
    ("a.txt", b"just some words\n", "text/plain; charset=utf-8", False),
    ("a.css", b"body { color: red }\n", "text/css; charset=utf-8", True),
    ("a.js", b"alert(1)\n", "text/javascript; charset=utf-8", True),
    ("a.html", HTML, "text/html; charset=utf-8", True),
    ("a.png.html", HTML, "text/html; charset=utf-8", True),
    ("a.svg", SVG, "image/svg+xml", True),
    ("a.xhtml", XHTML, None, True),
    ("a.xml", XSLT, "text/xml; charset=utf-8", True),
    ("a.zip", b"PK\5\6" + bytes(18), "application/zip", False),
]


def counts(answer):
    found = {}
    for name, _ in answer.headers:
        found[name.lower()] = found.get(name.lower(), 0) + 1
    return found


def repr_digest(data):
    """RFC 9530: of the whole file, whatever part of it was asked for."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


class Case(SiteCase):
    lane = None  # "static", "handed" or "streamed"

    def put(self, data, name):
        answer = self.site.upload(data, name)
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def path(self, made):
        """Where this way's lane serves it."""
        extension = next(n for n in os.listdir(self.shard(made)) if n.startswith(made["id"])).rsplit(".", 1)[1]
        return f"/{made['id']}/x.{extension if self.lane == 'static' else 'other'}"

    def shard(self, made):
        return os.path.join(self.site.folder.data, "files", made["id"][-3:])

    def assertPublic(self, answer, may_run, more=(), data=PICTURE):
        """Exactly the headers of contract section 6, each once."""
        found = counts(answer)
        self.assertEqual({name for name, n in found.items() if n != 1}, set(), answer)
        for name, value in PUBLIC.items():
            self.assertEqual(answer.header(name), value, name)
        want = {*PUBLIC, *more}
        if may_run:
            self.assertEqual(answer.header("Content-Security-Policy"), POLICY)
            want.add("content-security-policy")
        # The static lane may leave to a worker what it does not do by itself.
        if self.lane != "static" or answer.header("X-Request-Id"):
            self.assertTrue(answer.header("Content-Disposition").startswith("inline; filename="))
            self.assertEqual(answer.header("Repr-Digest"), repr_digest(data))
            want |= {"content-disposition", "x-request-id", "repr-digest"}
        self.assertEqual(set(found) - ON_WIRE, want)


class Ways:
    """The tests of every way; the classes below say which."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = cls.site.upload(PICTURE, "picture.png").json

    def ask(self, headers=(), method="GET", made=None):
        return self.site.request(method, self.path(made or self.made), headers)

    def test_whole(self):
        for method in ("GET", "HEAD"):
            with self.subTest(method=method):
                answer = self.ask(method=method)
                self.assertEqual(answer.status, 200)
                self.assertEqual(answer.body, PICTURE if method == "GET" else b"")
                self.assertPublic(answer, True, {
                    "content-type", "content-length", "etag", "last-modified", "accept-ranges"})
                self.assertEqual(answer.header("Content-Type"), "image/png")
                self.assertEqual(answer.header("Content-Length"), str(SIZE))
                self.assertEqual(answer.header("Accept-Ranges"), "bytes")

    def test_one_range(self):
        rows = [
            ("bytes=0-0", 0, 0), ("bytes=5-", 5, 4999), ("bytes=-5", 4995, 4999), ("bytes=4999-4999", 4999, 4999),
            ("bytes=0-4999", 0, 4999), ("bytes=10-99999", 10, 4999), ("bytes=-99999", 0, 4999), ("bytes=7-7", 7, 7),
            ("BYTES=1-2", 1, 2), ("bytes= 1-2", 1, 2),
        ]
        for value, first, last in rows:
            with self.subTest(range=value):
                answer = self.ask({"Range": value})
                self.assertEqual((answer.status, answer.body), (206, PICTURE[first:last + 1]))
                self.assertEqual(answer.header("Content-Range"), f"bytes {first}-{last}/{SIZE}")
                self.assertPublic(answer, True, {
                    "content-type", "content-length", "etag", "last-modified", "content-range",
                    *({"accept-ranges"} & set(counts(answer)))})

    def test_unsatisfiable(self):
        for value in ("bytes=5000-", "bytes=5000-6000", "bytes=5000-5000", "bytes=4999999999-"):
            with self.subTest(range=value):
                answer = self.ask({"Range": value})
                self.assertEqual(answer.status, 416)
                self.assertEqual(answer.header("Content-Range"), f"bytes */{SIZE}")
                self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
                self.assertNotKept(answer)
                self.assertNotIn(b"IHDR", answer.body)
                self.assertIsNone(answer.header("Repr-Digest"))

    def assertNotKept(self, answer):
        ages = answer.all("Cache-Control")
        if self.lane == "static" and self.site.differs("one age on a 416"):
            # no-store wins over all else that is said (RFC 9111 section 5.2.2.5).
            self.assertEqual(sorted(ages), ["no-store", PUBLIC["cache-control"]])
        elif not (self.lane == "static" and self.site.differs("its own 416")):
            self.assertEqual(ages, ["no-store"])
        self.assertLessEqual({name for name, n in counts(answer).items() if n > 1}, {"cache-control"}, answer)

    def test_ranges_that_may_be_ignored_or_refused(self):
        """RFC 9110 section 14.2 leaves the choice; never a wrong part, never more work than the whole."""
        for value in ("bytes=5-2", "bytes=abc", "bytes=", "bytes", "bytes=-", "bytes=1", "bytes=0x1-2", "bytes=1-2-3",
                      "bytes=-0", "bytes=99999999999999999999-", "bytes=99999999999999999999-99999999999999999999",
                      "bytes=-99999999999999999999", "bytes=0-99999999999999999999", "bytes=18446744073709551616-"):
            with self.subTest(range=value):
                answer = self.ask({"Range": value})
                self.assertIn(answer.status, (200, 206, 416))
                if answer.status != 416:
                    self.assertEqual(answer.body, PICTURE)
                    continue
                self.assertIsNone(answer.header("Repr-Digest"))
                self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
                if not self.site.differs("its own 416"):
                    self.assertEqual(answer.header("Content-Range"), f"bytes */{SIZE}")
                    self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        for value in ("chars=0-5", "bits=0-1"):
            self.assertEqual(self.ask({"Range": value}).body, PICTURE)

    def test_several_ranges(self):
        rows = [[(0, 0), (2, 3)], [(10, 19), (4990, 4999)], [(n * 4, n * 4) for n in range(1000)],
                [(0, 4999)] * 1000, [(5, 5), (1, 1)]]
        for parts in rows:
            value = "bytes=" + ",".join(f"{first}-{last}" for first, last in parts)
            with self.subTest(range=value[:60]):
                answer = self.ask({"Range": value})
                if len(value) > 8000 and self.is_refused_as_text(answer):
                    self.assertMalformed(answer)
                    continue
                self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
                if answer.status == 200:
                    self.assertEqual(answer.body, PICTURE)
                    continue
                self.assertEqual(answer.status, 206)
                if answer.header("Content-Range"):
                    self.assertCoalesced(answer, parts)
                else:
                    self.assertEqual(self.parts(answer), parts)

    def assertCoalesced(self, answer, parts):
        """Ranges with hardly a gap between them may come as one (RFC 9110 section 15.3.7.2), but all of them."""
        first, last = map(int, answer.header("Content-Range").split()[1].split("/")[0].split("-"))
        self.assertEqual((first, last), (min(first for first, _ in parts), max(last for _, last in parts)))
        self.assertEqual(answer.body, PICTURE[first:last + 1])
        self.assertEqual(answer.header("Content-Type"), "image/png")

    def parts(self, answer):
        """multipart/byteranges, each part compared with the file; as (first, last) pairs."""
        head = f"Content-Type: {answer.header('Content-Type')}\n\n".encode()
        found = []
        for part in email.parser.BytesParser().parsebytes(head + answer.body.strip()).get_payload():
            first, last = map(int, part["Content-Range"].split()[1].split("/")[0].split("-"))
            self.assertEqual(part["Content-Type"], "image/png")
            found.append((first, last))
            if last - first > 1:
                self.assertIn(PICTURE[first + 1:last], answer.body)
        return found

    def test_conditions(self):
        # So long that what is later than the file need not be later than now (RFC 9110 section 13.1.3).
        self.site.age(self.made["id"], 10_000)
        whole = self.ask()
        etag, date = whole.header("ETag"), whole.header("Last-Modified")
        at = email.utils.parsedate_to_datetime(date).timestamp()
        later, earlier = (email.utils.formatdate(at + s, usegmt=True) for s in (3600, -3600))
        rows = [
            ({"If-None-Match": etag}, 304), ({"If-None-Match": "W/" + etag}, 304), ({"If-None-Match": "*"}, 304),
            ({"If-None-Match": f'"a", {etag}, "b"'}, 304), ({"If-None-Match": '"other"'}, 200),
            ({"If-None-Match": etag[1:-1]}, 200),
            ({"If-Modified-Since": date}, 304), ({"If-Modified-Since": later}, 304),
            ({"If-Modified-Since": earlier}, 200), ({"If-Modified-Since": "yesterday"}, 200),
            ({"If-None-Match": '"other"', "If-Modified-Since": date}, 200),
            ({"If-None-Match": etag, "If-Modified-Since": date}, 304),
            ({"If-None-Match": etag, "Range": "bytes=0-1"}, 304),
            ({"Range": "bytes=0-1", "If-Range": etag}, 206), ({"Range": "bytes=0-1", "If-Range": date}, 206),
            ({"Range": "bytes=0-1", "If-Range": '"other"'}, 200),
            ({"Range": "bytes=0-1", "If-Range": "W/" + etag}, 200),
            ({"Range": "bytes=0-1", "If-Range": earlier}, 200), ({"Range": "bytes=0-1", "If-Range": later}, 200),
            ({"Range": "bytes=0-1", "If-Range": "yesterday"}, 200), ({"If-Range": etag}, 200),
            ({"Range": f"bytes={SIZE}-", "If-Range": '"other"'}, 200),
        ]
        for headers, status in rows:
            for method in ("GET", "HEAD"):
                if method == "HEAD" and "Range" in headers:
                    continue
                with self.subTest(headers=headers, method=method):
                    answer = self.ask(headers, method)
                    self.assertEqual(answer.status, status)
                    body = {200: PICTURE, 206: PICTURE[:2], 304: b""}[status]
                    self.assertEqual(answer.body, body if method == "GET" else b"")
                    if status == 304:
                        self.assertUnchanged(answer, etag, date)

    def assertUnchanged(self, answer, etag, date):
        """What describes the bytes may be left out (RFC 9110 section 15.4.5)."""
        self.assertEqual(answer.header("ETag"), etag)
        self.assertIn(answer.header("Last-Modified"), (date, None))
        self.assertPublic(answer, True, {
            "etag", *({"last-modified", "content-type", "accept-ranges"} & set(counts(answer)))})

    def test_planted_in_place_of_a_file(self):
        outside = os.path.join(self.site.folder.path, "secret")
        with open(outside, "wb") as f:
            f.write(SECRET)
        plants = [("link", lambda path: os.symlink(outside, path)),
                  ("link within", lambda path: os.symlink(self.file_of(self.made), path)),
                  ("fifo", os.mkfifo), ("folder", os.mkdir), ("folder with a page", self.plant_page), ("nothing", lambda path: None)]
        for name, plant in plants:
            made = self.put(PICTURE, "picture.png")
            path = self.path(made)
            os.unlink(self.file_of(made))
            plant(self.file_of(made))
            with self.subTest(plant=name):
                answer = self.site.get(path, timeout=5)
                if "link" in name and self.lane == "static" and self.site.differs("links in the store"):
                    self.assertEqual((answer.status, answer.body), (200, SECRET if name == "link" else PICTURE))
                    continue
                self.assertNotIn(SECRET, answer.body)
                self.assertNotEqual(answer.body, PICTURE)
                self.assertIn(answer.status, (404, 301) if "folder" in name else (404,))
                if answer.status == 404:
                    self.assertEqual(answer.json["error"], "Not found")
                    self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
                    self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
                    self.assertEqual(answer.all("Cache-Control"), ["no-store"])
                    self.assertIsNone(answer.header("Repr-Digest"))

    @staticmethod
    def plant_page(path):
        os.mkdir(path)
        with open(os.path.join(path, "index.html"), "wb") as f:
            f.write(SECRET)

    def file_of(self, made):
        return os.path.join(self.shard(made), made["id"] + ".png")

    @classmethod
    def tearDownClass(cls):
        # The FIFO planted above is named as what it is.
        cls.site.expect_complaints("is not a regular file")
        super().tearDownClass()


class StaticLane(Ways, Case):
    lane = "static"

    def test_every_type(self):
        for extension, data in LANES.items():
            made = self.put(data, "whatever.html")
            self.assertTrue(os.path.exists(os.path.join(self.shard(made), f"{made['id']}.{extension}")), extension)
            before = len(self.site.access())
            with self.subTest(extension=extension):
                answer = self.site.get(self.path(made))
                self.assertEqual((answer.status, answer.body), (200, data))
                self.assertEqual(answer.header("Content-Type"), made["content_type"])
                self.assertEqual(len(self.site.access()), before + self.asked(1), "a worker was asked")

    def test_no_worker_is_asked(self):
        before = len(self.site.access())
        for headers in ({}, {"Range": "bytes=0-0"}, {"If-None-Match": "*"}):
            self.ask(headers)
        self.assertEqual(len(self.site.access()), before + self.asked(3))
        self.ask({"Range": "bytes=9999-"})
        asked = 1 if self.site.differs("no worker for a 416") else self.asked(1)
        self.assertEqual(len(self.site.access()), before + self.asked(3) + asked)

    def asked(self, count):
        """How many of so many requests are a worker's."""
        return count if self.site.differs("a static lane") else 0


class HandedOver(Ways, Case):
    lane = "handed"


class Streamed(Ways, Case):
    lane = "streamed"
    settings = {"CDN_SENDFILE": "off"}

    def test_every_type(self):
        for extension, data in LANES.items():
            made = self.put(data, "whatever.html")
            with self.subTest(extension=extension):
                answer = self.site.get(self.path(made))
                self.assertEqual((answer.status, answer.body), (200, data))
                self.assertEqual(answer.header("Content-Type"), made["content_type"])

    def test_a_range_means_nothing_for_head(self):
        """RFC 9110 section 14.2: only GET has ranges."""
        answer = self.ask({"Range": "bytes=0-1"}, "HEAD")
        self.assertEqual((answer.status, answer.header("Content-Length")), (200, str(SIZE)))


class WorkerLane(Case):
    lane = "handed"

    def test_types(self):
        for name, data, kind, may_run in WORKER_LANE:
            made = self.put(data, name)
            with self.subTest(name=name):
                if kind:
                    self.assertEqual(made["content_type"], kind)
                for path in (made["url"][len(self.site.url):], f"/{made['id']}/renamed.png", f"/{made['id']}/x"):
                    answer = self.site.get(path)
                    self.assertEqual((answer.status, answer.body), (200, data), path)
                    self.assertEqual(answer.header("Content-Type"), made["content_type"])
                    self.assertPublic(answer, may_run, {
                        "content-type", "content-length", "etag", "last-modified", "accept-ranges"}, data)

    def test_active_content_is_boxed_in_on_every_status(self):
        for name, data in [("a.html", HTML), ("a.svg", SVG), ("a.xhtml", XHTML), ("a.xml", XSLT),
                           ("a.html", b"GIF89a=1;/*<script>alert(1)</script>*/")]:
            made = self.put(data, name)
            path = made["url"][len(self.site.url):]
            etag = self.site.get(path).header("ETag")
            for headers, status in [({}, 200), ({"Range": "bytes=0-3"}, 206), ({"If-None-Match": etag}, 304)]:
                with self.subTest(name=name, kind=made["content_type"], status=status):
                    answer = self.site.get(path, headers)
                    self.assertEqual(answer.status, status)
                    self.assertEqual(answer.header("Content-Security-Policy"), POLICY)
                    self.assertEqual(answer.header("X-Content-Type-Options"), "nosniff")

    def test_any_name_answers(self):
        made = self.put(LANES["jpg"], "photo.jpg")
        for name in ("photo.jpg", "photo.jpeg", "photo.JPG", "photo", "x.png", "x.gif", "a%20b.jpg",
                     "%F0%9F%98%80.jpeg",
                     "photo.html", "photo.jpg?download=1", ".jpg", "...", "a.jpg.exe"):
            with self.subTest(name=name):
                answer = self.site.get(f"/{made['id']}/{name}")
                self.assertEqual((answer.status, answer.body), (200, LANES["jpg"]))
                self.assertEqual(answer.header("Content-Type"), "image/jpeg")
                self.assertEqual(answer.header("Content-Security-Policy"), POLICY)

    def test_empty_file(self):
        made = self.put(b"", "nothing.png")
        self.assertEqual((made["size"], made["content_type"]), (0, "image/png"))
        for name in ("nothing.png", "x"):
            answer = self.site.get(f"/{made['id']}/{name}")
            self.assertEqual((answer.status, answer.body), (200, b""))
            self.assertIn(self.site.get(f"/{made['id']}/{name}", {"Range": "bytes=0-0"}).status, (200, 416))

    def test_unknown(self):
        for path in ("/0193a1b2-c3d4-7e5f-8a9b-0123456ababc/a.png", "/0193a1b2-c3d4-7e5f-8a9b-0123456ababc/a",
                     "/not-an-id/a.png", "/x/y"):
            for method in ("GET", "HEAD"):
                with self.subTest(path=path, method=method):
                    answer = self.site.request(method, path)
                    self.assertEqual(answer.status, 404)
                    self.assertEqual(answer.header("Cache-Control"), "no-store")
                    self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
                    if method == "GET":
                        self.assertEqual(answer.json["code"], "not_found")


main()
