"""Redis while files are renamed and deleted: what is lost, late or refused can be said again."""
from faulty import ProxyCase, check_agree
from harness import main, process

BYTES = b"\1\2\3some bytes"
# In the index of names it is "neÜ.bin".
NEW = "NEÜ.bin"


class Rename(ProxyCase):
    def setUp(self):
        self.id = self.site.upload(BYTES, "old.bin").json["id"]
        super().setUp()

    def renamed(self, name=NEW):
        answer = self.site.rename(self.id, name)
        self.assertEqual((answer.status, answer.json["filename"]), (200, name))
        check_agree(self, self.site)

    def test_commands(self):
        """One that authenticates, one that finds, one that renames: the other tests count on it."""
        self.renamed()
        self.assertEqual(self.proxy.forget()[-2:], ["EVALSHA", "EVALSHA"])

    def test_lost_once(self):
        for nth in (1, 2):
            for do in ("before", "after", "stall"):
                if (nth, do) == (1, "stall"):
                    continue
                self.setUp()
                self.proxy.when("EVALSHA", nth=nth, do=do, seconds=0.5)
                self.renamed()
                self.assertEqual(self.proxy.struck, 1)

    def test_lost_twice(self):
        """The disk has the new name, Redis perhaps; the same call again mends it."""
        for do in ("before", "after", "late"):
            self.setUp()
            late = self.proxy.late
            self.proxy.when("EVALSHA", nth=2, times=2, do=do, seconds=0.5)
            self.unavailable(self.site.rename(self.id, NEW))
            self.assertEqual(self.proxy.struck, 2)
            self.assertEqual(self.site.record_on_disk(self.id)["filename"], NEW)
            if do == "late":
                process.wait_until(lambda: self.proxy.late == late + 2, what="Redis")
                check_agree(self, self.site)
            super().setUp()
            self.renamed()

    def test_refused(self):
        for text in ("READONLY You can't write against a read only replica.", "OOM command not allowed", "BUSY"):
            self.setUp()
            self.proxy.when("EVALSHA", nth=2, text=text)
            self.unavailable(self.site.rename(self.id, NEW))
            super().setUp()
            self.renamed()

    def test_a_late_one_does_not_win(self):
        """Redis gets to the first rename after it has carried out the second."""
        late = self.proxy.late
        self.proxy.when("EVALSHA", nth=2, times=2, do="late", seconds=2)
        self.unavailable(self.site.rename(self.id, "first.bin"))
        self.renamed("second.bin")
        self.assertEqual(self.proxy.late, late)
        process.wait_until(lambda: self.proxy.late == late + 2, what="Redis")
        check_agree(self, self.site)

    def test_a_late_one_brings_nothing_back(self):
        late = self.proxy.late
        self.proxy.when("EVALSHA", nth=2, times=2, do="late", seconds=2)
        self.unavailable(self.site.rename(self.id, "first.bin"))
        self.assertEqual(self.site.delete(self.id).status, 200)
        process.wait_until(lambda: self.proxy.late == late + 2, what="Redis")
        check_agree(self, self.site)

    def test_all_of_redis(self):
        self.site.redis.pause()
        try:
            self.unavailable(self.site.rename(self.id, NEW))
            self.unavailable(self.site.delete(self.id, self.id))
        finally:
            self.site.redis.resume()
        check_agree(self, self.site)
        self.renamed()


class Batch(ProxyCase):
    settings = {**ProxyCase.settings, "CDN_BATCH_TIMEOUT": "1"}

    def upload(self, count):
        return [self.site.upload(BYTES, f"{n}.bin").json["id"] for n in range(count)]

    def test_half_way(self):
        """What is deleted is deleted; the file at which it stopped, gone from the disk, is deleted by the next call."""
        for nth, do, deleted in ((3, "before", 1), (4, "before", 1), (4, "after", 2)):
            ids = self.upload(3)
            self.setUp()
            self.proxy.when("EVALSHA", nth=nth, times=2, do=do)
            answer = self.site.delete(*ids)
            self.unavailable(answer)
            self.assertEqual(self.proxy.struck, 2)
            self.assertRegex(answer.json["detail"], r"\A1 of 3 ids ")
            self.proxy.forget()
            again = self.site.delete(*ids)
            self.assertEqual([one["id"] for one in again.json["deleted"]], ids[deleted:])
            self.assertEqual(again.json["not_found"], ids[:deleted])
            check_agree(self, self.site)

    def test_it_takes_too_long(self):
        """A Redis that answers just in time: the batch is broken off before the web server gives up, and goes on."""
        ids = self.upload(10)
        self.setUp()
        self.proxy.when("EVALSHA", times=1000, do="stall", seconds=0.08)
        rounds, gone = 0, []
        while True:
            answer = self.site.delete(*ids)
            rounds += 1
            if answer.status == 200:
                break
            self.unavailable(answer)
            self.assertRegex(answer.json["detail"], r"\A[1-9] of 10 ids are done; the same call again does the rest\Z")
        self.assertGreater(rounds, 1)
        self.assertEqual(sorted([one["id"] for one in answer.json["deleted"]] + answer.json["not_found"]), sorted(ids))
        self.proxy.forget()
        check_agree(self, self.site)


main()
