"""A batch while system calls fail: each file is judged by itself, and nothing is left of one that failed. faults.md row 26."""
import hashlib
import os

from faulty import FaultyCase, check_counters
from harness import main
from shim import FOREVER

INTERNAL = "Upload failed due to an internal error"
COUNT = 8
# One of them larger than two of the buffers in which a file is written.
FILES = [(f"{n}.bin", bytes([n]) * (600_000 if n == 3 else 1000 * n)) for n in range(COUNT)]
# Of one file: it, its folder, its record, the record's folder; and its name, its record's.
SYNCS, LINKS, CLOSES = 4, 2, 2


class BatchDisk(FaultyCase):
    def names(self, answer):
        return [file["filename"] for file in answer.json["uploads"]]

    def failed(self, answer):
        return [(file["filename"], file["reason"]) for file in answer.json["failed"]]

    def whole(self, answer, before, lost=()):
        """All but the files of these numbers were stored, read back, and are all there is."""
        self.assertEqual(answer.status, 201, answer)
        want = [(name, data) for n, (name, data) in enumerate(FILES) if n not in lost]
        self.assertEqual(self.names(answer), [name for name, _ in want])
        self.assertEqual(self.failed(answer), [(FILES[n][0], INTERNAL) for n in lost])
        for file, (_, data) in zip(answer.json["uploads"], want):
            self.assertEqual(file["sha256"], hashlib.sha256(data).hexdigest())
            self.assertEqual(self.site.fetch(file["url"]).body, data)
        now = self.kept()
        self.assertEqual(len(now["disk"]), len(before["disk"]) + 2 * len(want))
        self.assertEqual(now["tmp"], [])
        check_counters(self, self.site)

    def struck(self, call, error, nth, lost):
        before = self.kept()
        self.shim.strike(call, error, nth=nth)
        answer = self.site.batch(FILES)
        hits = self.shim.rest()
        with self.subTest(call=call, error=error, nth=nth):
            self.assertEqual(hits, 1)
            self.whole(answer, before, lost)

    def test_nothing_fails(self):
        before = self.kept()
        self.shim.rest()
        answer = self.site.batch(FILES)
        calls = self.shim.calls()
        self.assertEqual((calls["unnamed"], calls["close"]), (2 * COUNT, CLOSES * COUNT))
        self.whole(answer, before)

    def test_one_cannot_be_made(self):
        for error in ("ENOSPC", "EIO", "EMFILE"):
            self.struck("unnamed", error, 4, [3])

    def test_one_cannot_be_written(self):
        # Nothing is written of the empty one, a name's bytes in three pieces.
        for error in ("ENOSPC", "EDQUOT", "EIO"):
            for nth, lost in ((1, 1), (3, 3), (5, 3), (6, 4), (COUNT + 1, COUNT - 1)):
                self.struck("write", error, nth, [lost])

    def test_one_cannot_be_made_durable(self):
        for nth in (1, 4, COUNT):
            self.struck("fsync", "EIO", nth, [nth - 1])

    def test_one_cannot_be_named(self):
        """The body has come, the files are being published: the fault of one is still its own."""
        for error in ("EIO", "ENOSPC", "EROFS"):
            for nth, lost in ((1, 0), (2, 0), (5, 2), (2 * COUNT, COUNT - 1)):
                before = self.kept()
                # A first file of a folder is linked again once the folder is there.
                self.shim.strike("link", error, nth=nth)
                answer = self.site.batch(FILES)
                self.shim.rest()
                with self.subTest(error=error, nth=nth):
                    self.assertEqual(answer.status, 201, answer)
                    lost = [n for n, (name, _) in enumerate(FILES) if name not in self.names(answer)]
                    self.assertLessEqual(len(lost), 1)
                    self.whole(answer, before, lost)

    def test_one_cannot_be_closed(self):
        for nth in (1, 2, 7, CLOSES * COUNT):
            self.struck("close", "EIO", nth, [(nth - 1) // CLOSES])

    def test_records_cannot_be_made(self):
        """The first record, when all bytes are there."""
        for error in ("ENOSPC", "EIO", "EMFILE"):
            for n in (0, 4, COUNT - 1):
                self.struck("unnamed", error, COUNT + 1 + n, [n])

    def nothing(self, call, error, status):
        before = self.kept()
        self.shim.strike(call, error, times=FOREVER)
        answer = self.site.batch(FILES)
        self.assertGreaterEqual(self.shim.rest(), 1)
        with self.subTest(call=call, error=error):
            self.assertEqual(answer.status, status, answer)
            self.assertEqual(answer.json["code"], "storage_full" if status == 507 else "unavailable")
            self.assertEqual(answer.header("Retry-After"), "5" if status == 503 else None)
            self.assertEqual(self.kept(), before)
            self.whole(self.site.batch(FILES), before)

    def test_none_works(self):
        # An empty file needs no space: it is stored, and its record is what fails.
        for call in ("unnamed", "fsync", "link", "close"):
            self.nothing(call, "ENOSPC", 507)
            self.nothing(call, "EIO", 503)

    def test_full_from_the_start(self):
        self.nothing("write", "ENOSPC", 507)

    def test_not_mounted(self):
        before = self.kept()
        marker = os.path.join(self.site.folder.data, ".cdn-store")
        os.rename(marker, marker + ".away")
        try:
            for answer in (self.site.batch(FILES), self.site.put(b"x"), self.site.put(b"x", chunked=True)):
                self.assertEqual((answer.status, answer.json["code"]), (503, "unavailable"))
                self.assertEqual(answer.header("Retry-After"), "5")
        finally:
            os.rename(marker + ".away", marker)
        self.assertEqual(self.kept(), before)
        self.whole(self.site.batch(FILES), before)


main()
