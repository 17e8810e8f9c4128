"""An account of 100,000 files: all of them are told, and what it costs is counted, in commands of Redis."""
import http.client
import json
import os
import re
import subprocess
import tempfile

from harness import SiteCase, main
from harness.servers import RELEASE

FILES = 100_000
EARLY = 2000  # the oldest, with names that no other has
PAGES = FILES // 100

# The keys and members that lib/store/lua/commit.lua writes; three files a millisecond.
FILL = """
for i = tonumber(ARGV[1]), tonumber(ARGV[2]) - 1 do
    local ms = 1700000000000 + math.floor(i / 3)
    local high = math.floor(ms / 65536)
    local id = string.format('%08x-%04x-7000-8000-%012x', high, ms - high * 65536, i)
    local name = (i < tonumber(ARGV[3]) and 'Early' or i % 10000 == 5000 and 'Rare' or 'IMG') .. string.format('_%06d.jpg', i)
    redis.call('HSET', KEYS[1] .. ':records', id, name .. '\\0001000\\0image/jpeg\\0jpg\\0upload\\0\\0' .. string.rep('x', 32))
    redis.call('ZADD', KEYS[1] .. ':files', ms, id)
    redis.call('ZADD', KEYS[1] .. ':names', 0, string.lower(name) .. '\\0' .. id)
end"""


class Large(SiteCase):
    options = {"workers": 1}
    # Slow machines and sanitizers: nothing here is about time.
    settings = {"CDN_REDIS_COMMAND_TIMEOUT": "20000"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        redis, account = cls.site.redis, "cdn:{%s}" % cls.site.me().json["id"]
        redis.command("CONFIG", "SET", "appendfsync", "no")
        for at in range(0, FILES, 5000):
            redis.command("EVAL", FILL, "1", account, at, at + 5000, EARLY)
        redis.command("HSET", account, "files", FILES)
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
        """Step by step, so that Redis can serve others in between, and never too many of them for one answer."""
        (found, pages), counts = self.count(lambda: self.read_all("query=early"))
        self.assertEqual(found, list(range(EARLY - 1, -1, -1)))
        # An answer walks over 80,000 files at most, and is then empty and not the last.
        self.assertEqual(pages, EARLY // 100 + 1)
        self.assertGreater(counts["evalsha"], 64)
        self.assertLess(counts["evalsha"], 64 + 20 + 100)
        # At most 500 records each.
        self.assertLess(counts["hmget"], counts["evalsha"] * 6)

    def test_an_answer_has_its_bounds(self):
        page, counts = self.count(lambda: self.page("query=early"))
        self.assertEqual(page["uploads"], [])
        self.assertLessEqual(counts["evalsha"], 64 + 1)
        page, counts = self.count(lambda: self.page("query=early&cursor=" + page["next_cursor"]))
        self.assertEqual(len(page["uploads"]), 50)
        self.assertLess(counts["evalsha"], 20)

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


main()
