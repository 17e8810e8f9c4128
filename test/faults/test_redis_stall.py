"""A Redis that answers too late: faults.md row 28."""
import time

from faulty import ProxyCase
from harness import main

BYTES = b"some bytes\n" * 500


class Stalled(ProxyCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.site.make_account("other@example.org", name="Other")

    def timed(self, call):
        begin = time.monotonic()
        answer = call()
        return answer, time.monotonic() - begin

    def test_each_command(self):
        for nth in (1, 2):
            self.setUp()
            before = self.kept()
            self.proxy.when(nth=nth, times=1000, do="stall", seconds=1.5)
            answer, took = self.timed(lambda: self.site.upload(BYTES, "a.bin"))
            self.unavailable(answer)
            self.assertLess(took, 1.2)
            self.proxy.forget()
            self.assertEqual(self.kept(), before)
            self.assertEqual(self.site.me().status, 200)

    def test_all_of_redis(self):
        """The process itself stands still."""
        before = self.kept()
        self.site.redis.pause()
        try:
            answer, took = self.timed(lambda: self.site.upload(BYTES, "a.bin"))
            self.unavailable(answer)
            self.assertLess(took, 1.2)
            # The second meets no connection any more: that costs the greeting's timeout.
            answer, took = self.timed(self.site.me)
            self.unavailable(answer)
            self.assertLess(took, 1.2)
        finally:
            self.site.redis.resume()
        self.assertEqual(self.kept(), before)
        self.stored(self.site.upload(BYTES, "a.bin"), BYTES)

    def test_late_answer_is_nobodys(self):
        """The answer to A's question arrives while B asks."""
        for nth in (1, 2):
            self.setUp()
            self.proxy.when(nth=nth, do="stall", seconds=0.4)
            self.unavailable(self.site.me())
            for _ in range(6):
                answer = self.site.me(key=self.other)
                self.assertEqual((answer.status, answer.json["email"]), (200, "other@example.org"))
                answer = self.site.me()
                self.assertEqual((answer.status, answer.json["email"]), (200, "test@example.org"))
                time.sleep(0.05)


main()
