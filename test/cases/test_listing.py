"""Listing, searching and showing files, by the API and by cdnctl.

A web server passes a query on as it was written: escaped or not, with letters of any alphabet, with + and & and =.
"""
import json
import os
import urllib.parse

from harness import SiteCase, main

NAMES = ["Holiday 1.jpg", "holiday 2.jpg", "smörgås.txt", "Ünder.txt", "a+b&c=d.txt", "(1).txt"]


class Listing(SiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.files = [cls.site.upload(b"%d" % i, name).json for i, name in enumerate(NAMES)]
        cls.newest = sorted(cls.files, key=lambda file: file["id"], reverse=True)

    def list(self, key=True, **query):
        answer = self.site.get("/api/v4/uploads" + ("?" + urllib.parse.urlencode(query) if query else ""), key=key)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(list(answer.json), ["uploads", "next_cursor"])
        return answer.json

    def test_pages(self):
        self.assertEqual(self.list(), {"uploads": self.newest, "next_cursor": None})
        found, cursor = [], {}
        while cursor is not None:
            page = self.list(limit=2, **cursor)
            self.assertEqual(len(page["uploads"]), 2)
            found += page["uploads"]
            cursor = {"cursor": page["next_cursor"]} if page["next_cursor"] else None
        self.assertEqual(found, self.newest)

    def test_search(self):
        for prefix in ("holiday", "HOLIDAY ", "s", "smö", "Smör", "SMÖ", "Ü", "ü", "a+b", "A+B&C=", "(", "", "x", "[", "1"):
            with self.subTest(prefix):
                want = [file for file in self.newest if lower(file["filename"]).startswith(lower(prefix))]
                self.assertEqual(self.list(query=prefix)["uploads"], want)

    def test_raw_query(self):
        for query, name in (("sm\u00f6r", "smörgås.txt"), ("(1", "(1).txt")):
            answer = self.site.get("/api/v4/uploads?query=" + query, key=True)
            self.assertEqual([file["filename"] for file in answer.json["uploads"]], [name])

    def test_show(self):
        for file in self.files:
            answer = self.site.get("/api/v4/uploads/" + file["id"], key=True)
            self.assertEqual((answer.status, answer.json), (200, file))
        head = self.site.request("HEAD", "/api/v4/uploads/" + file["id"], key=True)
        self.assertEqual((head.status, head.body), (200, b""))
        self.assertEqual(head.header("Content-Length"), str(len(answer.body)))
        self.assertEqual(self.site.request("HEAD", "/api/v4/uploads", key=True).status, 200)

    def test_somebody_else(self):
        key = self.site.make_account("other@example.org")
        self.assertEqual(self.list(key=key), {"uploads": [], "next_cursor": None})
        for path in [file["id"] for file in self.files] + [self.files[0]["id"].upper(), "x", "%2e%2e"]:
            answer = self.site.get("/api/v4/uploads/" + path, key=key)
            self.assertIn(answer.status, (400, 404) if "%" in path else (404,))
        cursor = self.list(limit=2)["next_cursor"]
        self.assertEqual(self.site.get("/api/v4/uploads?cursor=" + cursor, key=key).status, 400)

    def test_empty_parameters_are_absent(self):
        for query in ("cursor=", "limit=", "query=", "cursor=&limit=&query=", "cursor&limit&query"):
            answer = self.site.get("/api/v4/uploads?" + query, key=True)
            self.assertEqual((answer.status, answer.json), (200, {"uploads": self.newest, "next_cursor": None}), query)

    def test_refused(self):
        for query in ("limit=0", "limit=101", "limit=x", "limit=%20", "cursor=x", "cursor=%20", "query=%ff", "query=a%00", "query=%"):
            answer = self.site.get("/api/v4/uploads?" + query, key=True)
            self.assertEqual((answer.status, answer.json["code"]), (400, "bad_request"), query)
        answer = self.site.request("POST", "/api/v4/uploads/" + self.files[0]["id"], key=True)
        self.assertEqual(answer.status, 405)
        self.assertIn("GET, HEAD", answer.header("Allow"))

    def test_an_upload_and_a_delete_show_at_once(self):
        made = self.site.upload(b"x", "new.txt").json
        self.assertEqual(self.list(limit=1)["uploads"], [made])
        self.assertEqual(self.list(query="new")["uploads"], [made])
        self.assertEqual(self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=True).status, 200)
        self.assertEqual(self.list()["uploads"], self.newest)
        self.assertEqual(self.list(query="new")["uploads"], [])
        self.assertEqual(self.site.get("/api/v4/uploads/" + made["id"], key=True).status, 404)

    def test_a_rename_shows_at_once(self):
        file = self.newest[2]
        for name in ("Renamed.txt", file["filename"]):
            answer = self.site.request("PATCH", f"/api/v4/uploads/{file['id']}/rename", [("Content-Type", "application/json")],
                                       json.dumps({"filename": name}).encode(), key=True)
            self.assertEqual(answer.status, 200)
            self.assertEqual(self.list(query=name)["uploads"], [answer.json])
            self.assertEqual([row["id"] for row in self.list()["uploads"]], [row["id"] for row in self.newest])
        self.assertEqual(self.list(query="renamed")["uploads"], [])

    # -- the administrator

    def test_cdnctl(self):
        told = ("id", "filename", "size", "content_type", "created_at", "url")
        out = self.site.cdnctl("file", "list", "TEST@example.org", "--json")
        self.assertEqual([json.loads(line) for line in out.splitlines()],
                         [{name: file[name] for name in told} for file in self.newest])
        self.assertEqual(list(json.loads(out.splitlines()[0])), list(told))
        rows = [line.split("\t") for line in self.site.cdnctl("file", "list", "test@example.org").splitlines()]
        self.assertEqual(rows, [[str(file[name]) for name in told] for file in self.newest])
        out = self.site.cdnctl("file", "list", "test@example.org", "--query", "HOL", "--json")
        self.assertEqual([json.loads(line)["filename"] for line in out.splitlines()], ["holiday 2.jpg", "Holiday 1.jpg"])
        self.assertEqual(self.site.cdnctl("file", "list", "test@example.org", "--query", "none"), "")

    def test_cdnctl_misused(self):
        for status, *words in ((2,), (2, "a@example.org", "b@example.org"), (2, "test@example.org", "--query"),
                               (2, "test@example.org", "--query", os.fsdecode(b"\xff")), (1, "nobody@example.org")):
            run = self.site.cdnctl("file", "list", *words, check=False)
            self.assertEqual((run.returncode, run.stdout), (status, ""), words)
            self.assertTrue(run.stderr.startswith("cdnctl: "), run.stderr)


def lower(text):
    """As the service does: only letters of ASCII have a case."""
    return "".join(c.lower() if c.isascii() else c for c in text)


main()
