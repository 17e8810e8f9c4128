"""System calls on the store that fail: faults.md rows 26 and 32."""
from faulty import FaultyCase
from harness import main
from shim import FOREVER

# More than two of the buffers in which a file is written.
BYTES = b"0123456789abcdef" * 40000
FULL = ("ENOSPC", "EDQUOT")
BROKEN = ("EIO", "EROFS")


class Disk(FaultyCase):
    def upload(self):
        return self.site.upload(BYTES, "a.bin")

    def refused(self, call, error, nth, times, **more):
        """Uploads until the fault has struck; that one must be refused and leave nothing."""
        before = self.kept()
        self.shim.strike(call, error, nth=nth, times=times, **more)
        answer = self.upload()
        hits = self.shim.rest()
        with self.subTest(call=call, error=error, nth=nth, times=times):
            self.assertGreater(hits, 0)
            self.assertIn(answer.status, (507,) if error in FULL else (503,), answer)
            if answer.status == 503:
                self.assertEqual(answer.header("Retry-After"), "5")
            self.assertNotIn(b"/", answer.json["error"].encode())
            self.assertEqual(self.kept(), before)
            self.stored(self.upload(), BYTES)

    def per_upload(self, call):
        """How often an upload makes the call."""
        self.shim.rest()
        self.assertEqual(self.upload().status, 201)
        return self.shim.calls()[call]

    def every(self, call, errors=FULL + BROKEN):
        count = self.per_upload(call)
        self.assertGreater(count, 0)
        # The order of calls is the same each time, but which folders exist already is not: the last ones may not come.
        sure = {"fsync": 4, "link": 2}.get(call, count)
        for nth in range(1, sure + 1):
            for error in errors:
                self.refused(call, error, nth, 1)
        self.refused(call, errors[0], 1, FOREVER)

    def test_unnamed(self):
        self.every("unnamed")

    def test_write(self):
        self.every("write")

    def test_fsync(self):
        self.every("fsync")

    def test_close(self):
        self.every("close", ("EIO", "ENOSPC"))

    def test_link(self):
        self.every("link")

    def test_mkdir(self):
        """Only a folder's first file makes it: with 4,096 of them, nearly every upload does."""
        for error in FULL + BROKEN:
            while self.per_upload("mkdir") == 0:
                pass
            before = self.kept()
            self.shim.strike("mkdir", error, times=FOREVER)
            answer = self.upload()
            while self.shim.hits == 0:
                before = self.kept()
                answer = self.upload()
            self.shim.rest()
            self.assertEqual(answer.status, 507 if error in FULL else 503)
            self.assertEqual(self.kept(), before)
            self.stored(self.upload(), BYTES)

    def test_fsync_is_not_repeated(self):
        """After a failed fsync the kernel may have dropped the bytes: a second one that succeeds says nothing."""
        before = self.kept()
        self.shim.strike("fsync", "EIO")
        self.assertEqual(self.upload().status, 503)
        self.assertEqual(self.shim.calls()["fsync"], 1)
        self.assertEqual(self.shim.calls()["link"], 0)
        self.shim.rest()
        self.assertEqual(self.kept(), before)

    def test_interrupted_and_short_writes(self):
        for effect, error in (("fail", "EINTR"), ("short", 0)):
            for nth in range(1, 5):
                self.shim.strike("write", error, nth=nth, effect=effect)
                answer = self.upload()
                self.assertEqual(self.shim.rest(), 1)
                self.stored(answer, BYTES)
        self.shim.strike("write", 0, times=FOREVER, effect="short")
        self.stored(self.upload(), BYTES)
        self.assertGreater(self.shim.rest(), 20)

    def test_unlink_while_deleting(self):
        """A delete that fails half-way can be repeated."""
        for nth in (1, 2):
            for error in ("EIO", "EROFS"):
                before = self.kept()
                answer = self.upload()
                path = "/api/v4/upload/" + answer.json["id"]
                self.shim.strike("unlink", error, nth=nth)
                self.assertEqual(self.site.request("DELETE", path, key=True).status, 503)
                self.assertEqual(self.shim.rest(), 1)
                self.assertEqual(self.site.request("DELETE", path, key=True).status, 200)
                self.assertEqual(self.kept(), before)

    def test_sync_while_deleting(self):
        for nth in (1, 2):
            before = self.kept()
            answer = self.upload()
            path = "/api/v4/upload/" + answer.json["id"]
            self.shim.strike("fsync", "EIO", nth=nth)
            self.assertEqual(self.site.request("DELETE", path, key=True).status, 503)
            self.assertEqual(self.shim.rest(), 1)
            self.assertEqual(self.site.request("DELETE", path, key=True).status, 200)
            # The first attempt took the name away and could not make that durable: the second must.
            self.assertEqual(self.shim.calls()["fsync"], 2)
            self.assertEqual(self.kept(), before)


main()
