"""The note of a key's last use never costs a call, and a revoke never says more than is true."""
import hashlib
import time

from faulty import ProxyCase
from harness import main

BYTES = b"some bytes\n" * 500
ERRORS = ["READONLY You can't write against a read only replica.",
          "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
          "OOM command not allowed when used memory > 'maxmemory'.", "NOREPLICAS Not enough good replicas to write."]
ASKED = ["HMGET", "HMGET"]
NOTED = [*ASKED, "EVALSHA"]


class Case(ProxyCase):
    def setUp(self):
        """A worker that has not failed to note anything, and a use that is due."""
        self.site.pool.stop()
        self.site.pool.start()
        super().setUp()
        self.forget_use()
        self.log_before = len(self.site.pool.log_bytes())

    @staticmethod
    def name(key):
        return "cdn:key:" + hashlib.sha256(key.encode()).hexdigest()

    def forget_use(self):
        self.site.redis.command("HDEL", self.name(self.site.key), "last_used_at")

    def used(self, key=None):
        return self.site.redis.command("HGET", self.name(key or self.site.key), "last_used_at")

    def warnings(self):
        log = self.site.pool.log_bytes()[self.log_before:].decode()
        return [line for line in log.splitlines() if "warning: the use of a key could not be noted: " in line]

    def new_key(self):
        """One whose use is not due."""
        key = self.site.cdnctl("key", "add", "test@example.org", "--name", "new")
        self.assertEqual(self.site.me(key).status, 200)
        self.proxy.forget()
        return key


class Uses(Case):
    def test_what_it_costs(self):
        self.assertEqual(self.site.me().status, 200)
        self.assertEqual(self.proxy.forget(), NOTED)
        first = self.used()
        for _ in range(3):
            self.assertEqual(self.site.me().status, 200)
        self.assertEqual(self.proxy.forget(), ASKED * 3)
        self.assertEqual(self.used(), first)
        # A minute later, which is told here by the note itself.
        self.site.redis.command("HSET", self.name(self.site.key), "last_used_at", int(first) - 60001)
        self.assertEqual(self.site.me().status, 200)
        self.assertEqual(self.proxy.forget(), NOTED)
        self.assertGreaterEqual(int(self.used()), int(first))

    def test_noted_by_another_worker_meanwhile(self):
        """One of the two writes."""
        other = str(int(time.time() * 1000) - 10000)
        self.proxy.when("HMGET", nth=2, do="then", then=lambda: self.site.redis.command(
            "HSET", self.name(self.site.key), "last_used_at", other))
        self.assertEqual(self.site.me().status, 200)
        self.assertEqual(self.proxy.seen, NOTED)
        self.assertEqual(self.used(), other)

    def test_refused_keys_cost_nothing_more(self):
        key = self.site.cdnctl("key", "add", "test@example.org", "--name", "d", "--scopes", "delete")
        self.proxy.forget()
        self.assertEqual(self.site.me(key).status, 403)
        self.site.redis.command("HSET", self.name(key), "revoked_at", 1)
        self.assertEqual(self.site.me(key).status, 401)
        self.assertEqual(self.proxy.forget(), ASKED * 2)
        self.assertIsNone(self.used(key))

    def fails(self, strikes=1, **rule):
        """Calls go on; the next ones do not try again, and one warning is all that is said."""
        self.proxy.when("EVALSHA", times=1000, **rule)
        for _ in range(3):
            self.assertEqual(self.site.me().status, 200)
        self.assertEqual(self.proxy.struck, strikes)
        self.assertEqual(self.proxy.seen.count("EVALSHA"), strikes)
        self.assertEqual(len(self.warnings()), 1, self.warnings())
        self.proxy.forget()
        self.assertEqual(self.site.me().status, 200)
        self.assertEqual(self.proxy.forget(), ASKED)

    def test_refused_by_redis(self):
        for error in ERRORS:
            with self.subTest(error=error):
                self.setUp()
                self.fails(do="error", text=error)
                self.assertIsNone(self.used())
                self.assertIn(error[:20], self.warnings()[0])

    def test_cut(self):
        self.fails(do="before", strikes=2)
        self.assertIsNone(self.used())

    def test_answer_lost(self):
        self.fails(do="after", strikes=2)
        self.assertIsNotNone(self.used())

    def test_stalled(self):
        self.fails(do="stall", seconds=0.6)
        other = self.site.make_account("other@example.org")
        for key, email in ((other, "other@example.org"), (self.site.key, "test@example.org")):
            self.assertEqual(self.site.me(key).json["email"], email)

    def test_cut_once_is_asked_again(self):
        self.proxy.when("EVALSHA", do="before")
        self.assertEqual(self.site.me().status, 200)
        self.assertEqual(self.proxy.struck, 1)
        self.assertIsNotNone(self.used())
        self.assertEqual(self.warnings(), [])

    def test_scripts_flushed(self):
        self.site.redis.command("SCRIPT", "FLUSH")
        self.assertEqual(self.site.me().status, 200)
        self.assertIsNotNone(self.used())
        self.assertEqual(self.warnings(), [])

    def test_a_replica(self):
        """The real thing: it reads, and writes nothing."""
        self.site.redis.command("CONFIG", "SET", "replica-serve-stale-data", "yes")
        self.site.redis.command("REPLICAOF", "127.0.0.1", "1")
        try:
            for _ in range(3):
                self.assertEqual(self.site.me().status, 200)
            self.unavailable(self.site.upload(BYTES, "a.bin"))
            self.unavailable(self.site.request("POST", "/api/v4/revoke", key=True))
        finally:
            self.site.redis.command("REPLICAOF", "NO", "ONE")
        self.assertIn("READONLY", self.warnings()[0])
        self.assertEqual(len(self.warnings()), 1)
        self.assertIsNone(self.used())
        self.stored(self.site.upload(BYTES, "a.bin"), BYTES)

    def test_uploads(self):
        """A note whose outcome is unknown says nothing about the commit that follows."""
        for do, strikes in (("after", 2), ("before", 2), ("error", 1)):
            with self.subTest(do=do):
                self.setUp()
                self.proxy.when("EVALSHA", times=strikes, do=do)
                self.stored(self.site.upload(BYTES, "a.bin"), BYTES)
                self.assertEqual(self.proxy.struck, strikes)

    def test_refused_commits_after_a_lost_note(self):
        before = self.kept()
        self.proxy.when("EVALSHA", times=2, do="after")
        self.proxy.when("EVALSHA", nth=1, do="error", text=ERRORS[0], more=True)
        self.unavailable(self.site.upload(BYTES, "a.bin"))
        self.assertEqual(self.proxy.struck, 3)
        self.assertEqual(self.kept(), before)


class Revokes(Case):
    def revoke(self, key):
        return self.site.request("POST", "/api/v4/revoke", key=key, body=b"{")

    def test_faults(self):
        for rule, status, dead in (
                ({"do": "error", "text": ERRORS[0]}, 503, False), ({"do": "before"}, 200, True),
                ({"do": "before", "times": 2}, 503, False), ({"do": "after"}, 200, True),
                ({"do": "after", "times": 2}, 503, True), ({"do": "stall", "seconds": 0.6}, 503, True),
                ({"do": "error", "text": "NOSCRIPT No matching script."}, 200, True)):
            with self.subTest(**rule):
                key = self.new_key()
                self.proxy.when("EVALSHA", **rule)
                answer = self.revoke(key)
                self.assertEqual(answer.status, status, answer)
                if status == 503:
                    self.unavailable(answer)
                self.assertEqual(self.proxy.struck, rule.get("times", 1))
                self.proxy.forget()
                self.assertEqual(self.site.me(key).status, 401 if dead else 200)
                self.assertEqual(self.revoke(key).status, 401 if dead else 200)
                self.assertEqual(self.site.me(key).status, 401)

    def test_a_key_that_goes_meanwhile(self):
        """Read, then gone with its account: neither its use nor its end makes a part of it again."""
        for due in (False, True):
            with self.subTest(due=due):
                key = self.new_key()
                if due:
                    self.site.redis.command("HDEL", self.name(key), "last_used_at")
                self.proxy.when("HMGET", nth=2, do="then",
                                then=lambda key=key: self.site.redis.command("DEL", self.name(key)))
                self.assertEqual(self.revoke(key).status, 401)
                self.assertEqual(self.proxy.struck, 1)
                self.assertEqual(self.proxy.seen.count("EVALSHA"), 1 + due)
                self.assertEqual(self.site.redis.command("EXISTS", self.name(key)), 0)


main()
