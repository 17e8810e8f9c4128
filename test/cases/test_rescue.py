"""Old URLs, claimed by cdnctl and asked for as pages write them.

They stand behind url= as they are, with "//", "/../", "?", "&" and escapes: a web server that tidies, decodes or encodes a
query breaks links that are kept alive for ever. A redirect is passed on, not followed.
"""
import datetime
import json
import os
import pty
import subprocess
import urllib.parse
import xml.dom.minidom

from harness import SiteCase, main, samples
from harness.servers import SANITIZERS

NOBODYS = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
PICTURE = samples.png()
OLD = "https://old.example"
# What a page may write behind url= as it stands, and is to be found like that.
AS_THEY_STAND = [
    OLD + "/a.png", "http://old.example/a.png", OLD + "//double//slash/", OLD + "/../up/./here", OLD + "/a%2Fb%2f%20%zz",
    OLD + "/a?b=c&d=e&url=f", OLD + "/?a=https://x.example/?b&c", OLD + "/a+b", OLD + "/a;b,c'(d)*!@$", OLD + "/[a]{b}|^`\\\"<>",
    "HTTPS://Old.Example/A", "https://user:secret@old.example:8443/a", OLD + "/%C3%A9%e6%97%a5", "http://127.0.0.1/a", OLD + "/%00%0d%0a",
    "https:///", OLD + "/" + "a" * (4096 - len(OLD) - 1),
]


class Rescue(SiteCase):
    def setUp(self):
        self.file = self.upload()

    def upload(self, name="a b.png"):
        return self.site.upload(PICTURE, name).json

    def ask(self, url, method="GET", **more):
        """url: as it stands behind url=."""
        return self.site.request(method, "/rescue?url=" + url, **more)

    def found(self, url, file, method="GET"):
        answer = self.ask(url, method)
        self.assertEqual(answer.status, 302, (url, answer))
        self.assertEqual(answer.all("Location"), [file["url"]])
        self.assertEqual(answer.all("Cache-Control"), ["public, max-age=604800"])
        self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])
        self.assertEqual(answer.body, b"")

    def missed(self, answer):
        self.assertEqual(answer.status, 404, answer)
        self.assertEqual(answer.json["code"], "not_found")
        self.assertEqual(answer.all("Cache-Control"), ["no-store"])
        self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])

    def add(self, *words):
        self.assertEqual(self.site.cdnctl("rescue", "add", *words), "")

    def refused(self, status, says, *words):
        run = self.site.cdnctl("rescue", *words, check=False)
        self.assertEqual((run.returncode, run.stdout), (status, ""), (words, run.stderr))
        self.assertIn(says, run.stderr)
        self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)

    def listed(self):
        rows = [json.loads(line) for line in self.site.cdnctl("rescue", "list", "--json").splitlines()]
        return {row["url"]: row["id"] for row in rows}

    def import_lines(self, text, *words, name="-"):
        return subprocess.run(
            [os.path.join(self.site.build, "cdnctl"), "--env", os.path.join(self.site.folder.path, ".env"), "rescue", "import",
             name, *words], input=text.encode() if isinstance(text, str) else text, capture_output=True,
            env={**os.environ, **SANITIZERS}, timeout=60)

    # -- asked for

    def claim_all(self):
        run = self.import_lines("".join(f"{url}\t{self.file['id']}\n" for url in AS_THEY_STAND), "--replace")
        self.assertEqual((run.returncode, run.stderr), (0, b""))

    def test_as_it_stands(self):
        self.claim_all()
        for url in AS_THEY_STAND:
            self.found(url, self.file)
            self.found(url, self.file, "HEAD")
        self.assertEqual(self.site.fetch(self.file["url"]).body, PICTURE)
        self.assertLessEqual(set(AS_THEY_STAND), set(self.listed()))

    def test_encoded(self):
        self.claim_all()
        for url in AS_THEY_STAND:
            encoded = urllib.parse.quote(url, safe="")
            if len(encoded) < 8000:
                self.found(encoded, self.file)
                self.found(encoded + "&width=100", self.file)
            answer = self.site.get("/rescue?utm=x&url=" + url)
            self.assertEqual((answer.status, answer.header("Location")), (302, self.file["url"]))

    def test_exactly(self):
        self.add(OLD + "/exact?a", self.file["id"])
        for url in ("/exact", "/exact?", "/exact?a&", "/exact?A", "/Exact?a", "/exact%3Fa", "//exact?a", "/exact?a "[:-1] + "%20"):
            self.missed(self.ask(OLD + url))
        self.missed(self.ask("http://old.example/exact?a"))
        # No part of a request's address (RFC 9112 section 3.2).
        self.assertIn(self.ask(OLD + "/exact?a#").status, (400, 404))
        self.found(OLD + "/exact?a", self.file)

    def test_placeholder(self):
        for url in (OLD + "/lost.png", OLD + "/lost.JPEG?x=.gif", "http%3A%2F%2Fold.example%2Flost.jpg"):
            answer = self.ask(url)
            self.assertEqual(answer.status, 404)
            self.assertEqual(answer.all("Content-Type"), ["image/svg+xml"])
            self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])
            self.assertEqual(answer.all("X-Content-Type-Options"), ["nosniff"])
            self.assertEqual(answer.all("Cache-Control"), ["public, max-age=300"])
            self.assertIn("sandbox", answer.header("Content-Security-Policy"))
            self.assertEqual(xml.dom.minidom.parseString(answer.body).documentElement.tagName, "svg")
            self.assertNotIn(b"old.example", answer.body)
            head = self.ask(url, "HEAD")
            self.assertEqual((head.status, head.body), (404, b""))
            self.assertEqual(head.header("Content-Length"), str(len(answer.body)))
        self.missed(self.ask(OLD + "/lost.gif"))

    def test_refused(self):
        for query in ("", "?", "?url", "?url=", "?u=" + OLD):
            answer = self.site.get("/rescue" + query)
            self.assertEqual((answer.status, answer.json["error"]), (400, "Missing url parameter"))
        for query in ("x", "ftp://old/a.png", "%zz", "https%3A//old/%00", "//evil.example/", "javascript:alert(1)", "%0d%0aX:y"):
            answer = self.ask(query)
            self.assertEqual((answer.status, answer.json["code"]), (400, "bad_request"), query)
            self.assertIsNone(answer.header("Location"))

    def test_long(self):
        """A request line of 8,000 bytes arrives whole (RFC 9112 section 3); what is longer is refused, and nothing breaks."""
        before = len(f"GET {self.site.front.prefix}/rescue?url=  HTTP/1.1")
        longest = OLD + "/" + "a" * (8000 - before - len(OLD) - 1)
        self.missed(self.ask(longest))
        for length in (8300, 16_000):
            self.assertMalformed(self.ask(OLD + "/" + "a" * length), (400, 414))

    def test_other_methods(self):
        answer = self.ask(OLD, "OPTIONS", headers=[("Origin", "https://a.example"), ("Access-Control-Request-Method", "GET")])
        self.assertEqual((answer.status, answer.all("Access-Control-Allow-Origin")), (204, ["*"]))
        self.assertEqual(answer.header("Access-Control-Allow-Methods"), "GET, HEAD")
        answer = self.ask(OLD, "POST", body=b"url=x")
        self.assertEqual((answer.status, answer.header("Allow")), (405, "GET, HEAD"))

    # -- the file

    def test_its_present_name(self):
        self.add(OLD + "/renamed", self.file["id"])
        self.assertEqual(self.site.rename(self.file["id"], "né w?").status, 200)
        self.found(OLD + "/renamed", {"url": f"{self.site.url}/{self.file['id']}/n%C3%A9%20w-.png"})

    def test_its_file_is_deleted(self):
        self.add(OLD + "/deleted", self.file["id"])
        self.add(OLD + "/deleted.png", self.file["id"])
        self.site.request("DELETE", "/api/v4/upload/" + self.file["id"], key=True)
        self.missed(self.ask(OLD + "/deleted"))
        self.assertEqual(self.ask(OLD + "/deleted.png").header("Content-Type"), "image/svg+xml")
        # Nobody has to know of the old claim to make a new one; but it must be said.
        other = self.upload()
        self.refused(1, "already; --replace", "add", OLD + "/deleted", other["id"])
        self.add(OLD + "/deleted", other["id"], "--replace")
        self.found(OLD + "/deleted", other)

    def test_a_url_of_this_service(self):
        """It may have had other files under its name before."""
        for path in ("/a/old.png", "/rescue?url=" + OLD):
            self.add(self.site.url + path, self.file["url"])
            self.found(self.site.url + path, self.file)

    def test_without_redis(self):
        self.add(OLD + "/before", self.file["id"])
        self.site.redis.stop()
        try:
            self.found(OLD + "/before", self.file)
            self.add(OLD + "/during", self.file["url"])
            self.found(OLD + "/during", self.file)
            self.assertEqual(self.ask(OLD + "/never.png").header("Content-Type"), "image/svg+xml")
            self.assertIn(OLD + "/during", self.listed())
            run = self.import_lines(f"{OLD}/imported {self.file['id']}\n")
            self.assertEqual((run.returncode, run.stderr), (0, b""))
            self.found(OLD + "/imported", self.file)
        finally:
            self.site.redis.start()

    # -- cdnctl

    def test_add(self):
        url = OLD + "/add"
        before = datetime.datetime.now(datetime.timezone.utc).replace(microsecond=0)
        for target in (self.file["id"], self.file["url"], f"{self.site.url}/{self.file['id']}/any"):
            self.add(url, target)
        self.assertEqual(self.listed()[url], self.file["id"])
        row = next(row for row in self.site.cdnctl("rescue", "list").splitlines() if row.startswith(url + "\t")).split("\t")
        self.assertEqual(row[:2], [url, self.file["id"]])
        made = datetime.datetime.strptime(row[2], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=datetime.timezone.utc)
        self.assertLess(abs((made - before).total_seconds()), 60)
        other = self.upload()
        self.refused(1, f"claimed for the file {self.file['id']} already; --replace changes that", "add", url, other["id"])
        self.found(url, self.file)
        self.add("--replace", url, other["url"])
        self.found(url, other)

    def test_add_refused(self):
        identity, before = self.file["id"], self.listed()
        for url in ("", "old.example/a", "ftp://old/a", "https://", OLD + "/a b", OLD + "/a\tb", OLD + "/a\n", " " + OLD,
                    OLD + "/\udcff", OLD + "/\x7f", OLD + "/\u009b", OLD + "/é.png", OLD + "/" + "a" * 4096, OLD + "/" + "a" * 100_000):
            self.refused(1, "not an old URL", "add", url, identity)
        self.refused(1, "written as browsers send it (%20 for a blank, %C3%A9 for é)", "add", OLD + "/é.png", identity)
        for target in ("", "x", identity.upper(), identity + "0", "../" + identity, OLD + "/" + identity + "/a.png",
                       self.site.url, f"{self.site.url}/{identity}"):
            self.refused(1, "neither an id nor the URL of a file under", "add", OLD + "/refused", target)
        self.refused(1, "no file has the id " + NOBODYS, "add", OLD + "/refused", NOBODYS)
        self.refused(2, "needs an OLD_URL", "add")
        self.refused(2, "needs an OLD_URL", "add", OLD)
        self.refused(2, "one word too many: more", "add", OLD, identity, "more")
        self.refused(2, "one word too many: x", "list", "x")
        self.refused(2, "needs one FILE", "import")
        self.refused(2, "one word too many: b", "import", "a", "b")
        self.refused(1, "No such file", "import", "/nowhere/at/all")
        self.assertEqual(self.listed(), before)

    def test_import(self):
        identity, url, other = self.file["id"], self.file["url"], self.upload()["id"]
        text = (f"# moved in spring\n\n{OLD}/i1\t{identity}\n{OLD}/i2   {url}\r\n{OLD}/i,3.png,{identity}\n"
                f"  {OLD}/i4?a=b&c#d \t {identity}  \n{OLD}/i5,{url}\n{OLD}/i1 {identity}\n{OLD}/i6 {other}")
        path = os.path.join(self.site.folder.path, "claims")
        with open(path, "w", encoding="utf-8", newline="") as f:
            f.write(text)
        self.assertEqual(self.site.cdnctl("rescue", "import", path), "6 added, 0 replaced, 1 unchanged, 0 refused")
        listed = self.listed()
        for name in ("/i1", "/i2", "/i,3.png", "/i4?a=b&c#d", "/i5"):
            self.assertEqual(listed[OLD + name], identity)
        self.found(OLD + "/i,3.png", self.file)
        # Again, from standard input.
        run = self.import_lines(text, "--json")
        self.assertEqual((run.returncode, run.stderr), (0, b""))
        self.assertEqual(json.loads(run.stdout), {"added": 0, "replaced": 0, "unchanged": 7, "refused": 0})
        self.assertEqual(self.listed(), listed)
        run = self.import_lines(f"{OLD}/i1 {other}\n{OLD}/i6 {other}\n", "--replace")
        self.assertEqual(run.stdout, b"0 added, 1 replaced, 1 unchanged, 0 refused\n")
        self.assertEqual(self.listed(), {**listed, OLD + "/i1": other})

    def test_import_bad_lines(self):
        """Each is named, and the good ones are taken."""
        identity = self.file["id"]
        self.add(OLD + "/b0", self.file["id"])
        other = self.upload()["id"]
        lines = [
            (f"{OLD}/b1 {identity}", None), ("nonsense", "no id or URL"), (f"{OLD}/b2 {NOBODYS}", "no file has the id"),
            (f"ftp://old/b {identity}", "not an old URL"), (f"{OLD}/b0 {other}", "claimed for the file"),
            (f"{OLD}/b3, {identity}", "both a comma and white space"), (f"{OLD}/b4 {identity} more", "neither an id nor"),
            (f"{OLD}/b\0 {identity}", "not an old URL"), (f"{OLD}/{'b' * 5000} {identity}", "not an old URL"),
            (f"{OLD}/{'b' * 40000} {identity}", "too long"), (identity, "no id or URL"), (f"{OLD}/b5 https://x.example/{identity}/a", "neither"),
            ("", None), (f"{OLD}/b6,{self.file['url']}", None),
        ]
        text = "".join(line + "\n" for line, _ in lines).encode() + b"\xef\xbb\xbf" + OLD.encode() + b"/\xff " + identity.encode()
        run = self.import_lines(text)
        said = run.stderr.decode().splitlines()
        expected = [(i, why) for i, (_, why) in enumerate(lines, 1) if why] + [(len(lines) + 1, "not an old URL")]
        self.assertEqual(run.returncode, 1)
        self.assertEqual(len(said), len(expected), said)
        for line, (number, why) in zip(said, expected):
            self.assertTrue(line.startswith(f"cdnctl: line {number}: "), line)
            self.assertIn(why, line)
        self.assertEqual(run.stdout.decode(), f"2 added, 0 replaced, 0 unchanged, {len(expected)} refused\n")
        for name in ("/b1", "/b6", "/b0"):
            self.found(OLD + name, self.file)

    def test_import_a_folder_or_nothing(self):
        run = self.site.cdnctl("rescue", "import", self.site.folder.path, check=False)
        self.assertEqual(run.returncode, 1)
        self.assertIn("Is a directory", run.stderr)
        run = self.import_lines("")
        self.assertEqual((run.returncode, run.stdout), (0, b"0 added, 0 replaced, 0 unchanged, 0 refused\n"))

    def test_progress_on_a_terminal(self):
        ours, theirs = pty.openpty()
        run = subprocess.run(
            [os.path.join(self.site.build, "cdnctl"), "--env", os.path.join(self.site.folder.path, ".env"), "rescue", "import", "-"],
            input=f"{OLD}/p1 {self.file['id']}\nx\n".encode(), stdout=subprocess.PIPE, stderr=theirs, timeout=60)
        os.close(theirs)
        said = os.read(ours, 4096)
        os.close(ours)
        self.assertEqual(run.returncode, 1)
        self.assertIn(b"\r1 lines\r\x1b[Kcdnctl: line 2: ", said)
        self.assertTrue(said.endswith(b"\r\x1b[K") or said.endswith(b"\n"), said)

    def test_full_standard_output(self):
        self.add(OLD + "/full", self.file["id"])
        with open("/dev/full", "w", encoding="ascii") as full:
            run = subprocess.run(
                [os.path.join(self.site.build, "cdnctl"), "--env", os.path.join(self.site.folder.path, ".env"), "rescue", "list"],
                stdout=full, stderr=subprocess.PIPE, timeout=30)
        self.assertEqual(run.returncode, 1)


class OldStore(SiteCase):
    """A store from before there were claims."""

    def test_first_claim(self):
        os.rmdir(os.path.join(self.site.folder.data, "rescue"))
        self.assertEqual(self.site.get(f"/rescue?url={OLD}/a").status, 404)
        self.assertEqual(self.site.cdnctl("rescue", "list"), "")
        made = self.site.upload(PICTURE, "a.png").json
        self.site.cdnctl("rescue", "add", OLD + "/a", made["id"])
        self.assertEqual(self.site.get(f"/rescue?url={OLD}/a").header("Location"), made["url"])
        self.assertEqual(self.site.cdnctl("rescue", "list").split("\t")[:2], [OLD + "/a", made["id"]])

    def test_not_mounted(self):
        made = self.site.upload(PICTURE, "a.png").json
        self.site.cdnctl("rescue", "add", OLD + "/m", made["id"])
        self.site.expect_errors("not mounted")
        self.site.expect_errors('"status":503')
        marker = os.path.join(self.site.folder.data, ".cdn-store")
        os.rename(marker, marker + ".away")
        try:
            for url in ("/m", "/never.png"):
                answer = self.site.get(f"/rescue?url={OLD}{url}")
                self.assertEqual((answer.status, answer.header("Retry-After")), (503, "5"))
            for words in (["add", OLD + "/n", made["id"]], ["list"], ["import", "/dev/null"]):
                run = self.site.cdnctl("rescue", *words, check=False)
                self.assertEqual((run.returncode, run.stdout), (1, ""))
                self.assertIn("not mounted", run.stderr)
        finally:
            os.rename(marker + ".away", marker)
        self.assertEqual(self.site.get(f"/rescue?url={OLD}/m").status, 302)


main()
