"""A fetch while Redis is away, refuses, or is cut off: faults.md rows 28 and 29."""
import signal

import source
from faulty import ProxyCase, check_counters, kept, stored
from harness import SiteCase, main

BYTES = source.BYTES
# What is asked for a fetch: of key and account, whether it may begin, to store it, that it has ended.
COMMANDS = ["HMGET", "HMGET", "EVALSHA", "EVALSHA", "EVALSHA"]
MAY, ENDED, COMMIT = 3, 4, 5
ERRORS = ["LOADING Redis is loading the dataset in memory", "OOM command not allowed when used memory > 'maxmemory'.",
          "READONLY You can't write against a read only replica."]


def without_rate(things):
    """What is kept, but for which calls count: to try is enough for that."""
    return {**things, "keys": [key for key in things["keys"] if ":rate:" not in key]}


class Down(SiteCase):
    options = {"workers": 1, "slow": 1}

    @classmethod
    def setUpClass(cls):
        cls.source = source.Source()
        cls.addClassCleanup(cls.source.close)
        cls.settings = {**cls.source.settings, "CDN_FETCH_PER_MINUTE": 1000, "CDN_REDIS_CONNECT_TIMEOUT": "300",
                        "CDN_REDIS_COMMAND_TIMEOUT": "300"}
        super().setUpClass()

    def setUp(self):
        self.site.expect_errors()
        self.source.begin()

    def fetch(self):
        return source.fetch(self.site, self.source)

    def meanwhile(self, happens):
        return source.meanwhile(self.site, self.source, happens)

    def kept(self):
        return without_rate(kept(self.site))

    def assertUnavailable(self, answer):
        self.assertEqual((answer.status, answer.json["code"]), (503, "unavailable"), answer)
        self.assertEqual(answer.header("Retry-After"), "5")

    def assertWorks(self):
        stored(self, self.site, self.fetch(), BYTES)

    def test_before(self):
        """Nobody is asked for what cannot be kept."""
        for signum in (signal.SIGTERM, signal.SIGKILL):
            before = self.kept()
            self.site.redis.stop(signum)
            self.source.begin()
            self.assertUnavailable(self.fetch())
            self.assertEqual(self.source.asked, 0)
            self.site.redis.start()
            self.assertEqual(self.kept(), before)
            self.assertWorks()

    def test_half_way(self):
        """Gone since the fetch began: the commit was never sent, so nothing stays."""
        for signum in (signal.SIGTERM, signal.SIGKILL):
            before = self.kept()
            self.assertUnavailable(self.meanwhile(lambda: self.site.redis.stop(signum)))
            self.site.redis.start()
            self.assertEqual(self.kept(), before)
            self.assertWorks()

    def test_restarted_half_way(self):
        def restart():
            self.site.redis.stop()
            self.site.redis.start()
        stored(self, self.site, self.meanwhile(restart), BYTES)

    def test_stalled_half_way(self):
        """It may still hear of the commit; the client does not wait for that. Nothing is counted that is not there."""
        before = self.kept()
        self.assertUnavailable(self.meanwhile(self.site.redis.pause))
        self.site.redis.resume()
        self.assertWorks()
        now = self.kept()
        self.assertLessEqual(len(now["disk"]), len(before["disk"]) + 4)
        check_counters(self, self.site)

    def test_out_of_memory_half_way(self):
        before = self.kept()
        try:
            self.assertUnavailable(self.meanwhile(
                lambda: self.site.redis.command("CONFIG", "SET", "maxmemory", "1")))
        finally:
            self.site.redis.command("CONFIG", "SET", "maxmemory", "0")
        self.assertEqual(self.kept(), before)
        self.assertWorks()


class Lost(ProxyCase):
    @classmethod
    def setUpClass(cls):
        cls.source = source.Source(b"some bytes\n" * 500)
        cls.addClassCleanup(cls.source.close)
        cls.settings = {**cls.settings, **cls.source.settings, "CDN_FETCH_PER_MINUTE": 1000}
        super().setUpClass()

    def setUp(self):
        super().setUp()
        self.source.begin()

    def fetch(self):
        return source.fetch(self.site, self.source)

    def kept(self):
        return without_rate(super().kept())

    def counting(self):
        """How many calls count, by Redis's own clock."""
        now_ms = int(self.site.redis.command("TIME")[0]) * 1000
        return sum(self.site.redis.command("ZCOUNT", key, now_ms, "+inf")
                   for key in self.site.redis.command("KEYS", "cdn:{*}:rate:*"))

    def assertWorks(self):
        self.stored(self.fetch(), self.source.data)

    def test_commands_of_a_fetch(self):
        """What the other tests strike at: should it change, they must too."""
        self.assertEqual(self.fetch().status, 201)
        self.assertEqual(self.proxy.forget(), COMMANDS)

    def test_refused_at_each_command(self):
        """Before the bytes: nobody is asked for them. That the fetch has ended need not be heard."""
        for error in ERRORS:
            for nth in range(1, len(COMMANDS) + 1):
                with self.subTest(error=error, nth=nth):
                    self.setUp()
                    before = self.kept()
                    self.proxy.when(nth=nth, do="error", text=error)
                    answer = self.fetch()
                    self.assertEqual(self.proxy.struck, 1)
                    self.assertEqual(self.source.asked, 0 if nth <= MAY else 1)
                    if nth == ENDED:
                        self.stored(answer, self.source.data)
                    else:
                        self.unavailable(answer)
                        self.assertEqual(self.kept(), before)
                    self.assertWorks()

    def test_question_or_answer_is_lost(self):
        """At any command: asked again. One fetch is stored, and counts once."""
        for do in ("before", "after"):
            for nth in range(1, len(COMMANDS) + 1):
                with self.subTest(do=do, nth=nth):
                    self.setUp()
                    before, counting = self.kept(), self.counting()
                    self.proxy.when(nth=nth, do=do)
                    answer = self.fetch()
                    self.assertEqual(self.proxy.struck, 1)
                    self.stored(answer, self.source.data)
                    self.assertEqual(self.source.asked, 1)
                    self.assertEqual(len(self.kept()["disk"]), len(before["disk"]) + 2)
                    self.assertEqual(self.counting(), counting + 1)

    def test_outcome_unknown(self):
        """Both answers to the commit lost: 503, and the files stay, as they may be known to Redis."""
        for do in ("after", "before"):
            self.setUp()
            before = self.kept()
            self.proxy.when(nth=COMMIT, times=2, do=do)
            self.unavailable(self.fetch())
            self.assertEqual(self.proxy.struck, 2)
            now = self.kept()
            self.assertEqual(len(now["disk"]), len(before["disk"]) + 2)
            self.assertEqual(len(now["keys"]), len(before["keys"]) + (do == "after"))
            self.assertEqual(now["tmp"], [])
            check_counters(self, self.site)
            self.setUp()
            self.assertWorks()

    def test_whether_it_may_begin_is_unknown(self):
        """Both answers lost: 503 and nobody is asked."""
        before = self.kept()
        self.proxy.when(nth=MAY, times=2, do="after")
        self.unavailable(self.fetch())
        self.assertEqual(self.proxy.struck, 2)
        self.assertEqual(self.source.asked, 0)
        self.assertEqual(self.kept(), before)
        self.setUp()
        self.assertWorks()


main()
