"""System calls that fail while a file gets another name: the old record stays whole, or the new one is."""
import errno

from faulty import FaultyCase, check_agree
from harness import main
from shim import FOREVER

BYTES = b"0123456789abcdef"
FULL = ("ENOSPC", "EDQUOT")
BROKEN = ("EIO", "EROFS")


class Unnamed(FaultyCase):
    no_unnamed = 0
    # What a rename makes of each call, at most: the last fsync is the folder's, the first lock the old record's.
    calls = {"unnamed": 1, "write": 1, "fsync": 2, "link": 1, "rename": 1, "lock": 2}

    def setUp(self):
        self.shim.no_unnamed = self.no_unnamed
        self.shim.rest()
        self.id = self.site.upload(BYTES, "old.bin").json["id"]

    def renamed(self, name):
        answer = self.site.rename(self.id, name)
        self.assertEqual((answer.status, answer.json["filename"]), (200, name))
        self.assertEqual(self.site.unfinished(), [])
        check_agree(self, self.site)

    def name_on_the_way_out(self):
        answer = self.site.get(f"/{self.id}/x")
        self.assertEqual((answer.status, answer.body), (200, BYTES))
        return answer.header("Content-Disposition")[len('inline; filename="'):-1]

    def test_calls(self):
        """Else the other tests miss one."""
        self.shim.rest()
        self.assertEqual(self.site.rename(self.id, "new.bin").status, 200)
        counted = {call: n for call, n in self.shim.calls().items() if call in self.calls or call == "named"}
        self.assertEqual({call: n for call, n in counted.items() if n}, self.calls)

    def test_each_call_fails(self):
        for call, count in self.calls.items():
            for nth in range(1, count + 1):
                for error in FULL + BROKEN:
                    with self.subTest(call=call, nth=nth, error=error):
                        self.fails(call, nth, error)

    def fails(self, call, nth, error):
        self.renamed("old.bin")
        before = self.kept()
        self.shim.strike(call, error, nth=nth, times=FOREVER)
        answer = self.site.rename(self.id, "new.bin")
        self.assertGreater(self.shim.rest(), 0)
        # Without a lock nothing can be said of a full disk.
        full = error in FULL and (call, nth) != ("lock", 1)
        self.assertEqual((answer.status, answer.header("Retry-After")), (507, None) if full else (503, "5"))
        self.assertEqual(self.kept(), before)
        # Only when it could not be made durable the new one is there.
        self.assertEqual(self.name_on_the_way_out(), "new.bin" if (call, nth) == ("fsync", 2) else "old.bin")
        self.renamed("new.bin")

    def test_close(self):
        """One of them is the one that may tell of lost bytes."""
        self.shim.rest()
        self.assertEqual(self.site.rename(self.id, "new.bin").status, 200)
        statuses = []
        for nth in range(1, self.shim.calls()["close"] + 1):
            self.renamed("old.bin")
            self.shim.strike("close", "EIO", nth=nth)
            statuses.append(self.site.rename(self.id, "new.bin").status)
            self.assertEqual(self.shim.rest(), 1)
            self.assertEqual(self.name_on_the_way_out(), "new.bin" if statuses[-1] == 200 else "old.bin")
            self.renamed("new.bin")
        self.assertEqual(statuses.count(503), 1, statuses)

    def test_rename_lies(self):
        """NFS may answer ENOENT to a rename that it made the first time it was asked."""
        for error in ("ENOENT", "EIO", "ETIMEDOUT"):
            self.renamed("old.bin")
            self.shim.strike("rename", error, effect="lie")
            self.renamed("new.bin")
            self.assertEqual(self.shim.rest(), 1)

    def test_delete_without_a_lock(self):
        before = self.kept()
        self.shim.strike("lock", "ENOLCK", times=FOREVER)
        for answer in (self.site.delete(self.id), self.site.delete(self.id, self.id)):
            self.assertEqual((answer.status, answer.header("Retry-After")), (503, "5"))
        self.assertGreater(self.shim.rest(), 0)
        self.assertEqual(self.kept(), before)
        self.assertEqual(self.site.delete(self.id).status, 200)
        check_agree(self, self.site)

    def test_batch_while_the_disk_fails(self):
        """It ends at the file that fails; the same call again does the rest, that one among it."""
        for call, nth in (("unlink", 3), ("unlink", 4), ("fsync", 3), ("fsync", 4)):
            ids = [self.site.upload(BYTES, f"{n}.bin").json["id"] for n in range(3)]
            self.shim.strike(call, "EIO", nth=nth)
            answer = self.site.delete(*ids)
            self.assertEqual(self.shim.rest(), 1)
            self.assertEqual((answer.status, answer.header("Retry-After")), (503, "5"))
            self.assertRegex(answer.json["detail"], r"\A1 of 3 ids ")
            again = self.site.delete(*ids)
            self.assertEqual(again.status, 200)
            self.assertEqual([one["id"] for one in again.json["deleted"]], ids[1:])
            self.assertEqual(again.json["not_found"], ids[:1])
            check_agree(self, self.site)


class Named(Unnamed):
    no_unnamed = errno.EOPNOTSUPP
    calls = {"named": 1, "write": 1, "fsync": 2, "rename": 1, "lock": 2}


main()
