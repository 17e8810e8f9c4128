"""An account of 100,000 files: all of them are told, and what it costs is counted, in commands of Redis."""
import http.client
import json
import os
import re
import subprocess
import tempfile

from harness import SiteCase, listed, main
from harness.servers import RELEASE

FILES = 100_000
EARLY = 2000  # the oldest, with names that no other has
PAGES = FILES // 100


class Large(SiteCase):
    options = {"workers": 1}
    # Slow machines and sanitizers: nothing here is about time.
    settings = {"CDN_REDIS_COMMAND_TIMEOUT": "20000"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        redis, account = cls.site.redis, "cdn:{%s}" % cls.site.me().json["id"]
        redis.command("CONFIG", "SET", "appendfsync", "no")
        listed.fill(redis, account, [name(i) for i in range(FILES)])
        cls.connection = http.client.HTTPConnection(*cls.site.address)

    @classmethod
    def tearDownClass(cls):
        cls.connection.close()
        super().tearDownClass()

    def page(self, query):
        self.connection.request("GET", "/api/v4/uploads?" + query, headers={"Authorization": "Bearer " + self.site.key})
        answer = self.connection.getresponse()
        body = answer.read()
        self.assertEqual(answer.status, 200, body)
        return json.loads(body)

    def read_all(self, query, limit=100):
        """The numbers in the names of all files, and how many pages they came on."""
        found, pages, cursor = [], 0, ""
        while cursor is not None:
            page = self.page(f"{query}&limit={limit}{cursor}")
            found += [int(file["filename"][-10:-4]) for file in page["uploads"]]
            cursor = "&cursor=" + page["next_cursor"] if page["next_cursor"] else None
            pages += 1
        return found, pages

    def count(self, call):
        """What call() returns, and how often it made Redis run which command; scripts' own are counted too."""
        self.site.redis.command("CONFIG", "RESETSTAT")
        result = call()
        stats = self.site.redis.command("INFO", "commandstats")
        counts = {name: int(count) for name, count in re.findall(r"cmdstat_(\w+):calls=(\d+)", stats)}
        return result, {name: counts.get(name, 0) for name in ("evalsha", "zrevrange", "hmget", "hget", "zrangebylex")}

    def test_all_pages(self):
        (found, pages), counts = self.count(lambda: self.read_all(""))
        self.assertEqual(found, list(range(FILES - 1, -1, -1)))
        self.assertEqual(pages, PAGES)
        # A script a page, beside the note of the key's use; 17 steps to find the cursor's rank, and one range.
        self.assertLess(counts["evalsha"], PAGES + 100)
        self.assertLessEqual(counts["zrevrange"], PAGES * 18)
        # The key, the account, the records.
        self.assertLess(counts["hmget"], PAGES * 3 + 100)
        self.assertEqual((counts["hget"] < 200, counts["zrangebylex"]), (True, 0))

    def test_few_matches(self):
        for query, want in (("rare", list(range(95_000, 0, -10_000))), ("IMG_0999", list(range(99_999, 99_899, -1))),
                            ("img_054321.jpg", [54_321]), ("nothing", [])):
            (found, pages), counts = self.count(lambda query=query: self.read_all("query=" + query))
            self.assertEqual((found, pages), (want, 1))
            self.assertLessEqual(counts["evalsha"], 2)
            self.assertEqual((counts["zrangebylex"], counts["zrevrange"]), (1, 0))

    def test_all_match(self):
        page, counts = self.count(lambda: self.page("query=img&limit=100"))
        self.assertEqual([int(file["filename"][4:10]) for file in page["uploads"]], list(range(99_999, 99_899, -1)))
        self.assertLessEqual(counts["evalsha"], 2)
        self.assertLessEqual(counts["hmget"], 4)

    def test_only_the_oldest_match(self):
        """From the index, step by step, so that Redis can serve others in between."""
        (found, pages), counts = self.count(lambda: self.read_all("query=early"))
        self.assertEqual(found, list(range(EARLY - 1, -1, -1)))
        self.assertEqual(pages, EARLY // 100)
        # First two walks at the newest files, two full steps over the names and an empty one, and the records. From there on
        # each page is one walk, until the matches left are few; and the key's use.
        self.assertLessEqual(counts["evalsha"], pages + 6)
        self.assertEqual(counts["zrangebylex"], 3)

    def test_an_answer_has_its_bounds(self):
        """An index that does not know every file is of no use: 80,000 files are walked over, and the page is empty."""
        redis, account = self.site.redis, "cdn:{%s}" % self.site.me().json["id"]
        member = name(EARLY).lower() + "\0" + listed.make_id(EARLY)
        redis.command("ZREM", account + ":names", member)
        try:
            page, counts = self.count(lambda: self.page("query=early"))
            self.assertEqual(page["uploads"], [])
            self.assertLessEqual(counts["evalsha"], 64 + 2)
            self.assertLess(counts["hmget"], counts["evalsha"] * 6)
            page, counts = self.count(lambda: self.page("query=early&cursor=" + page["next_cursor"]))
            self.assertEqual(len(page["uploads"]), 50)
            self.assertLess(counts["evalsha"], 22)
        finally:
            redis.command("ZADD", account + ":names", 0, member)

    def test_more_matches_than_steps(self):
        """A pass that would be too long ends, and the files are walked over after all."""
        redis, key = self.site.redis, self.site.make_account("many@example.org")
        account = "cdn:{%s}" % self.site.me(key=key).json["id"]
        listed.fill(redis, account, [f"{'Many' if i < 257_500 else 'other'}_{i:06d}" for i in range(262_000)])
        answer, counts = self.count(lambda: self.site.get("/api/v4/uploads?query=many&limit=100", key=key))
        self.assertEqual([int(file["filename"][-6:]) for file in answer.json["uploads"]], list(range(257_499, 257_399, -1)))
        self.assertEqual(counts["zrangebylex"], 256)

    def test_cdnctl(self):
        """All files in the memory of a few: measured without sanitizers, which keep what was freed."""
        few, some = self.peak("--query", "rare")
        many, all_lines = self.peak()
        self.assertEqual((some, all_lines), (10, FILES))
        self.assertLess(many - few, 1024, "KiB")

    def test_cdnctl_without_a_reader(self):
        """It neither goes on for nobody nor ends well."""
        def run():
            with open("/dev/full", "wb") as full:
                return subprocess.run(self.command(), stdout=full, stderr=subprocess.PIPE)

        (tool, counts) = self.count(run)
        self.assertEqual((tool.returncode, tool.stderr), (1, b"cdnctl: standard output cannot be written\n"))
        self.assertLess(counts["evalsha"], 10)

    def command(self, *words):
        return [os.path.join(RELEASE, "cdnctl"), "--env", os.path.join(self.site.folder.path, ".env"), "file", "list",
                "test@example.org", *words]

    def peak(self, *words):
        with tempfile.TemporaryFile() as out:
            tool = subprocess.Popen(self.command(*words), stdout=out)
            _, status, usage = os.wait4(tool.pid, 0)
            tool.returncode = os.waitstatus_to_exitcode(status)
            self.assertEqual(tool.returncode, 0)
            out.seek(0)
            return usage.ru_maxrss, sum(1 for _ in out)


def name(i):
    """Early ones, ten rare ones, and the rest."""
    kind = "Early" if i < EARLY else "Rare" if i % 10000 == 5000 else "IMG"
    return f"{kind}_{i:06d}.jpg"


main()
