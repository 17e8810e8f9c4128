"""Listing and showing files while Redis fails: 503, or nothing is noticed; never a page that lacks files."""
from faulty import ProxyCase
from harness import main

ERRORS = ("LOADING Redis is loading the dataset in memory", "BUSY Redis is busy running a script.", "ERR unknown command")


class Listing(ProxyCase):
    def setUp(self):
        super().setUp()
        if not hasattr(self, "paths"):
            files = [self.site.upload(b"x", f"a{i}.txt").json for i in range(3)]
            type(self).paths = {"/api/v4/uploads": 3, "/api/v4/uploads?query=a": 3, "/api/v4/uploads/" + files[0]["id"]: 0}
            super().setUp()

    def whole(self, path):
        answer = self.site.get(path, key=True)
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(len(answer.json.get("uploads", "")), self.paths[path])

    def commands(self, path):
        self.proxy.forget()
        self.whole(path)
        return self.proxy.forget()

    def test_one_round_trip(self):
        """The key and its account, then one script."""
        for path in self.paths:
            self.assertEqual(self.commands(path), ["HMGET", "HMGET", "EVALSHA"])

    def test_errors(self):
        for path in self.paths:
            for nth in range(1, len(self.commands(path)) + 1):
                for error in ERRORS:
                    with self.subTest(path, nth=nth, error=error):
                        self.proxy.when(nth=nth, do="error", text=error)
                        self.unavailable(self.site.get(path, key=True))
                        self.assertEqual(self.proxy.struck, 1)
                        self.whole(path)

    def test_cut_off(self):
        """A question whose connection broke is asked again."""
        for path in self.paths:
            for nth in range(1, len(self.commands(path)) + 1):
                for do in ("before", "after"):
                    self.proxy.when(nth=nth, do=do)
                    self.whole(path)
                    self.assertEqual(self.proxy.struck, 1)

    def test_scripts_forgotten(self):
        for path in self.paths:
            self.site.redis.command("SCRIPT", "FLUSH")
            self.whole(path)

    def test_down(self):
        self.site.redis.stop()
        try:
            for path in self.paths:
                self.unavailable(self.site.get(path, key=True))
            run = self.site.cdnctl("file", "list", "test@example.org", check=False)
            self.assertEqual((run.returncode, run.stdout), (1, ""))
        finally:
            self.site.redis.start()
        for path in self.paths:
            self.whole(path)

    def test_damaged_record(self):
        """What cannot be read is neither made up nor passed over in silence."""
        made = self.site.upload(b"x", "damaged.txt").json
        account = "cdn:{%s}" % self.site.me().json["id"]
        good = self.site.redis.command("HGET", account + ":records", made["id"])
        good = good if isinstance(good, bytes) else good.encode()
        for bad in (b"", b"damaged.txt", good[:-1], good + b"x", good.replace(b"\0" + b"1\0", b"\0-1\0"),
                    good.replace(b"upload\0", b"")):
            self.site.redis.command("HSET", account + ":records", made["id"], bad)
            for path in ("/api/v4/uploads", "/api/v4/uploads/" + made["id"]):
                answer = self.site.get(path, key=True)
                self.assertEqual((answer.status, answer.json["code"]), (500, "internal_error"), bad)
                self.assertNotIn(b"damaged", answer.body)
        self.site.redis.command("HSET", account + ":records", made["id"], good)
        self.assertEqual(self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=True).status, 200)


main()
