"""Questions and answers that get lost on the way: faults.md rows 29 and 32."""
import time

from faulty import ProxyCase, check_counters
from harness import main

BYTES = b"some bytes\n" * 500
UPLOAD = ["HMGET", "HMGET", "EVALSHA"]


class Lost(ProxyCase):
    def upload(self):
        return self.site.upload(BYTES, "a.bin")

    def test_question_is_lost(self):
        """Cut off before Redis saw it, at any command: asked again, and the client notices nothing."""
        for nth in range(1, len(UPLOAD) + 1):
            self.setUp()
            self.proxy.when(nth=nth, do="before")
            self.stored(self.upload(), BYTES)
            self.assertEqual(self.proxy.struck, 1)

    def test_answer_is_lost(self):
        """Carried out, then cut off: the second commit finds the first, and counts nothing twice."""
        before = self.kept()
        self.proxy.when("EVALSHA", do="after")
        answer = self.upload()
        self.assertEqual(self.proxy.struck, 1)
        self.assertEqual(self.proxy.seen.count("EVALSHA"), 2)
        self.stored(answer, BYTES)
        self.assertEqual(len(self.kept()["disk"]), len(before["disk"]) + 2)

    def test_answer_is_late(self):
        self.proxy.when("EVALSHA", do="stall", seconds=0.6)
        answer = self.upload()
        self.assertEqual(self.proxy.struck, 1)
        self.stored(answer, BYTES)

    def test_outcome_unknown(self):
        """Both answers lost: 503, and the files stay, as they may be known to Redis; counters agree with it."""
        self.stored(self.upload(), BYTES)
        for do in ("after", "before", "stall"):
            before = self.kept()
            self.proxy.when("EVALSHA", times=2, do=do, seconds=0.6)
            self.unavailable(self.upload())
            self.assertEqual(self.proxy.struck, 2)
            time.sleep(0.4 if do == "stall" else 0)
            now = self.kept()
            self.assertEqual(len(now["disk"]), len(before["disk"]) + 2)
            self.assertEqual(len(now["keys"]), len(before["keys"]) + (do != "before"))
            check_counters(self, self.site)
            self.setUp()
            self.stored(self.upload(), BYTES)

    def test_second_answer_is_an_error(self):
        """The first commit may have been carried out, so an error to the second does not take the file back."""
        before = self.kept()
        self.proxy.when("EVALSHA", do="after")
        self.proxy.when("INFO", text="LOADING Redis is loading the dataset in memory", more=True)
        self.unavailable(self.upload())
        self.assertEqual(self.proxy.struck, 2)
        self.assertEqual(len(self.kept()["disk"]), len(before["disk"]) + 2)
        check_counters(self, self.site)

    def test_delete(self):
        for nth in (1, 2, 3, 4):
            for do in ("before", "after"):
                answer = self.upload()
                self.setUp()
                self.proxy.when(nth=nth, do=do)
                gone = self.site.request("DELETE", "/api/v4/upload/" + answer.json["id"], key=True)
                self.assertEqual(gone.status, 200, (nth, do))
                self.assertEqual(self.proxy.struck, 1)
                self.assertEqual(self.site.fetch(answer.json["url"]).status, 404)
                check_counters(self, self.site)

    def test_delete_half_way(self):
        """Bytes and record are gone, Redis does not answer: the same call again finishes it."""
        before = self.kept()
        answer = self.upload()
        path = "/api/v4/upload/" + answer.json["id"]
        self.proxy.when("EVALSHA", nth=2, times=2, do="before")
        self.unavailable(self.site.request("DELETE", path, key=True))
        self.assertEqual(self.site.fetch(answer.json["url"]).status, 404)
        self.assertEqual(self.site.request("DELETE", path, key=True).status, 200)
        self.assertEqual({**self.kept(), "keys": None}, {**before, "keys": None})
        self.assertEqual(self.site.request("DELETE", path, key=True).status, 404)

    def test_scripts_forgotten(self):
        self.site.redis.command("SCRIPT", "FLUSH")
        self.stored(self.upload(), BYTES)
        self.site.redis.command("SCRIPT", "FLUSH")
        answer = self.upload()
        self.site.redis.command("SCRIPT", "FLUSH")
        self.assertEqual(
            self.site.request("DELETE", "/api/v4/upload/" + answer.json["id"], key=True).status, 200)


main()
