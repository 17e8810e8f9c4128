"""cdnctl file show and file delete: what an administrator does with somebody else's file."""
import json
import os

from harness import SiteCase, main
from harness.samples import png

NOBODY = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
MEMBERS = ["id", "filename", "size", "content_type", "ext", "sha256", "created_at", "renamed_at", "provenance",
           "original_url", "owner", "email", "url", "bytes", "record", "redis"]


class Commands(SiteCase):
    def setUp(self):
        self.before = self.state()
        self.file = self.site.upload(png(), "Bad picture.png").json
        self.id = self.file["id"]
        self.account = "cdn:{" + self.site.me().json["id"] + "}"

    def state(self):
        return self.site.stored(), sorted(self.site.redis.command("KEYS", "*")), self.site.me().json["storage_used"]

    def path(self, top, ext):
        return os.path.join(self.site.folder.data, top, self.id[-3:], f"{self.id}.{ext}")

    def show(self, *words):
        return json.loads(self.site.cdnctl("file", "show", self.id, "--json", *words))

    def fails(self, status, says, *words):
        run = self.site.cdnctl("file", *words, check=False)
        self.assertEqual((run.returncode, run.stdout), (status, ""), run)
        self.assertIn(says, run.stderr)

    def delete(self, *words):
        self.assertEqual(
            self.site.cdnctl("file", "delete", self.id, *words).split("\t"),
            [self.id, "Bad picture.png", str(len(png())), "test@example.org", self.file["url"]])
        self.assertEqual(self.site.fetch(self.file["url"]).status, 404)
        self.assertEqual(self.state(), self.before)
        self.fails(1, "no record of " + self.id, "delete", self.id)
        self.fails(1, "no record of " + self.id, "delete", self.id, "--owner", "test@example.org")

    def tearDown(self):
        self.site.delete(self.id)

    def test_show(self):
        shown = self.show()
        self.assertEqual(list(shown), MEMBERS)
        for name in ("id", "filename", "size", "content_type", "url", "created_at", "sha256"):
            self.assertEqual(shown[name], self.file[name])
        self.assertEqual(shown["owner"], self.site.me().json["id"])
        self.assertEqual([shown[name] for name in MEMBERS[-3:]], ["there"] * 3)
        self.assertEqual((shown["email"], shown["ext"], shown["provenance"]), ("test@example.org", "png", "upload"))
        self.assertIsNone(shown["renamed_at"])
        self.assertIsNone(shown["original_url"])
        lines = dict(line.split("\t") for line in self.site.cdnctl("file", "show", self.id).splitlines())
        self.assertEqual(lines, {name: "-" if value is None else str(value) for name, value in shown.items()})
        self.assertEqual(self.show("--owner", "test@example.org"), shown)

    def test_by_url(self):
        """As somebody who complains names it."""
        shown = self.show()
        for url in (self.file["url"], self.file["url"].rpartition("/")[0] + "/other.png"):
            self.assertEqual(json.loads(self.site.cdnctl("file", "show", url, "--json")), shown)
        self.assertTrue(self.site.cdnctl("file", "delete", self.file["url"]).startswith(self.id))
        self.assertEqual(self.state(), self.before)

    def test_show_a_renamed_one(self):
        self.assertEqual(self.site.rename(self.id, "b.png").status, 200)
        shown = self.show()
        self.assertEqual((shown["filename"], shown["redis"]), ("b.png", "there"))
        self.assertRegex(shown["renamed_at"], r"\A20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")

    def test_show_what_differs(self):
        with open(self.path("records", "json"), encoding="utf-8") as f:
            record = json.load(f)
        with open(self.path("records", "json"), "w", encoding="utf-8") as f:
            json.dump({**record, "filename": "other.png", "size": 7}, f)
        shown = self.show()
        self.assertEqual(list(shown), [*MEMBERS, "redis_filename", "redis_size"])
        self.assertEqual([shown[name] for name in ("filename", "size", "redis", "redis_filename", "redis_size")],
                         ["other.png", 7, "differs", "Bad picture.png", str(len(png()))])

    def test_show_what_is_missing(self):
        os.unlink(self.path("files", "png"))
        self.assertEqual([self.show()[name] for name in MEMBERS[-3:]], ["missing", "there", "there"])
        os.unlink(self.path("records", "json"))
        self.fails(1, "--owner", "show", self.id)
        self.assertEqual([self.show("--owner", "test@example.org")[name] for name in MEMBERS[-3:]],
                         ["missing", "missing", "there"])

    def test_delete(self):
        self.delete()

    def test_delete_the_half_gone(self):
        """Each step of a delete may have been its last."""
        os.unlink(self.path("files", "png"))
        self.delete()
        self.setUp()
        os.unlink(self.path("files", "png"))
        os.unlink(self.path("records", "json"))
        self.fails(1, "--owner", "delete", self.id)
        self.delete("--owner", "test@example.org")

    def test_delete_a_damaged_one(self):
        """Redis knows enough, when it is told whose the file is."""
        with open(self.path("records", "json"), "w", encoding="utf-8") as f:
            f.write("{")
        self.fails(1, "damaged", "delete", self.id)
        self.delete("--owner", "test@example.org")

    def test_delete_what_redis_has_lost(self):
        """The bytes go all the same; what counts is what Redis counted."""
        kept = self.site.redis.command("HGET", self.account + ":records", self.id)
        self.site.redis.command("HDEL", self.account + ":records", self.id)
        self.assertEqual(self.show()["redis"], "missing")
        answer = self.site.cdnctl("file", "delete", self.id, "--json")
        self.assertEqual(json.loads(answer)["filename"], "Bad picture.png")
        self.assertEqual(self.site.fetch(self.file["url"]).status, 404)
        self.assertEqual(self.site.stored(), self.before[0])
        # So that the counters are right again afterwards.
        self.site.redis.command("HSET", self.account + ":records", self.id, kept)

    def test_refused(self):
        self.site.make_account("other@example.org")
        before = self.state()
        for verb in ("show", "delete"):
            self.fails(1, "belongs to another account", verb, self.id, "--owner", "other@example.org")
            self.fails(1, "no account has the email", verb, self.id, "--owner", "nobody@example.org")
            self.fails(1, "no record of " + NOBODY, verb, NOBODY)
            for word in ("x", "", self.id.upper(), "../" + self.id, self.id + "\n", self.file["url"] + "/x",
                         "http://other.example/" + self.id + "/x.png"):
                self.fails(1, "neither an id nor the URL of a file", verb, word)
            self.fails(2, "needs one ID_OR_URL", verb)
            self.fails(2, "one word too many", verb, self.id, self.id)
        self.assertEqual(self.state(), before)
        self.site.cdnctl("account", "remove", "other@example.org")

    def test_redis_is_down(self):
        """Nothing is done by halves that nobody is told of: the bytes are gone first, and the command says that it failed."""
        self.site.redis.pause()
        try:
            run = self.site.cdnctl("file", "delete", self.id, check=False)
        finally:
            self.site.redis.resume()
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        self.assertEqual(self.site.fetch(self.file["url"]).status, 200)
        self.delete()


main()
