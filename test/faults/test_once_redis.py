"""Idempotency-Key while questions to Redis and its answers get lost: the key never lies."""
from faulty import ProxyCase, check_counters
from harness import main

BYTES = b"some bytes\n" * 500
# Begin, commit and end are scripts.
UPLOAD = ["HMGET", "HMGET", "EVALSHA", "EVALSHA", "EVALSHA"]


class Lost(ProxyCase):
    calls = 0

    def upload(self, again=False):
        Lost.calls += not again
        return self.site.upload(BYTES, "a.bin", headers=[("Idempotency-Key", f"key {self.calls}")])

    def files(self):
        return len([name for name in self.site.stored() if name.startswith("files/")])

    def check_again(self, first, files, replayed=True):
        """Said again, it is answered again, and nothing is stored."""
        again = self.upload(again=True)
        self.assertEqual((again.status, again.body), (201, first.body))
        if replayed:
            self.assertEqual(again.header("Idempotency-Replayed"), "true")
        self.assertEqual(self.files(), files)
        check_counters(self, self.site)

    def test_commands(self):
        self.proxy.forget()
        self.assertEqual(self.upload().status, 201)
        self.assertEqual([name for name in self.proxy.forget() if name in UPLOAD], UPLOAD)

    def test_one_is_lost(self):
        """Any question cut off before Redis saw it, or after: asked again, and nobody notices."""
        for nth in range(1, len(UPLOAD) + 1):
            for do in ("before", "after"):
                with self.subTest(nth=nth, do=do):
                    self.setUp()
                    files = self.files()
                    self.proxy.when(nth=nth, do=do)
                    first = self.upload()
                    self.assertEqual(self.proxy.struck, 1)
                    self.stored(first, BYTES)
                    self.check_again(first, files + 1)

    def test_begin_fails(self):
        """Nobody knows whether it was carried out before: 503, and the body is not taken."""
        for do in ("before", "error"):
            before = self.kept()
            self.proxy.when("EVALSHA", times=2, do=do)
            self.unavailable(self.upload())
            self.assertEqual(self.kept(), before)
            self.setUp()
            self.stored(self.upload(again=True), BYTES)

    def test_end_fails(self):
        """The file is stored and told of; what the commit noted is enough to tell of it again."""
        for do in ("before", "error"):
            self.setUp()
            files = self.files()
            self.proxy.when("EVALSHA", nth=3, times=2, do=do)
            first = self.upload()
            self.stored(first, BYTES)
            # The lease is still there: whoever asks at once has to wait.
            self.setUp()
            self.assertEqual(self.upload(again=True).status, 409)
            self.let_go()
            self.check_again(first, files + 1, replayed=False)
            self.check_again(first, files + 1)

    def let_go(self):
        """As ten seconds do."""
        for name in self.site.redis.command("KEYS", "cdn:{*}:idem:*"):
            if self.site.redis.command("HEXISTS", name, "until"):
                self.site.redis.command("HSET", name, "until", 0)

    def test_commit_unknown(self):
        """503; the next attempt finds the file that the first one stored, or stores it."""
        for do in ("before", "after"):
            self.setUp()
            self.proxy.when("EVALSHA", nth=2, times=2, do=do)
            self.unavailable(self.upload())
            listed = self.site.me().json["storage_used"]
            self.setUp()
            again = self.upload(again=True)
            self.stored(again, BYTES)
            self.assertEqual(self.site.me().json["storage_used"], listed + (len(BYTES) if do == "before" else 0))
            check_counters(self, self.site)

    def test_scripts_forgotten(self):
        self.site.redis.command("SCRIPT", "FLUSH")
        first = self.upload()
        self.stored(first, BYTES)
        self.site.redis.command("SCRIPT", "FLUSH")
        self.check_again(first, self.files())


main()
