"""A store on a filesystem without unnamed files (O_TMPFILE), as NFS is."""
import errno
import os
import signal

from faulty import FaultyCase
from harness import fcgi, main, process
from harness.client import connect
from harness.multipart import Multipart, Part

# More than two of the buffers in which a file is written.
BYTES = b"0123456789abcdef" * 40000


class Named(FaultyCase):
    def setUp(self):
        self.shim.no_unnamed = errno.EOPNOTSUPP
        self.shim.rest()

    def upload(self):
        return self.site.upload(BYTES, "a.bin")

    def test_upload(self):
        for error in (errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL):
            self.shim.no_unnamed = error
            self.shim.rest()
            self.stored(self.upload(), BYTES)
            self.assertEqual(self.shim.calls()["named"], 2)

    def test_each_call_fails(self):
        for call, count in (("named", 2), ("write", 4), ("fsync", 4), ("close", 2), ("link", 2)):
            for nth in range(1, count + 1):
                before = self.kept()
                self.shim.strike(call, "EIO", nth=nth)
                self.assertEqual(self.upload().status, 503)
                self.assertEqual(self.shim.rest(), 1)
                self.assertEqual(self.kept(), before, (call, nth))
        self.stored(self.upload(), BYTES)

    def test_link_lies(self):
        """NFS may answer EEXIST to a link that it made the first time it was asked."""
        struck = 0
        for error in ("EEXIST", "EIO", "ETIMEDOUT"):
            for nth in (1, 2, 3, 4):
                self.shim.strike("link", error, nth=nth, effect="lie")
                answer = self.upload()
                struck += self.shim.rest()
                self.stored(answer, BYTES)
        self.assertGreaterEqual(struck, 6)

    def test_link_tells_the_truth(self):
        before = self.kept()
        self.shim.strike("link", "EEXIST")
        self.assertEqual(self.upload().status, 500)
        self.assertEqual(self.shim.rest(), 1)
        self.assertEqual(self.kept(), before)

    def kill_in_mid_body(self):
        form = Multipart(Part(BYTES, filename="a.bin"))
        body = form.body()
        values = fcgi.environment(
            "POST", "/api/v4/upload", {"Authorization": "Bearer " + self.site.key},
            CONTENT_TYPE=form.content_type, CONTENT_LENGTH=str(len(body)))
        with connect(self.site.pool.socket) as sock:
            sock.sendall(fcgi.begin() + fcgi.params(values))
            half = fcgi.stream(fcgi.STDIN, body[:len(body) // 2])
            sock.sendall(half[:-8])
            process.wait_until(lambda: self.shim.calls()["write"] > 0, what="a write")
            unfinished = self.site.unfinished()
            self.site.pool.signal(signal.SIGKILL)
            self.site.pool.stop()
        self.site.pool.start()
        return unfinished

    def test_killed_in_mid_body(self):
        before = self.kept()
        self.assertEqual(len(self.kill_in_mid_body()), 1)
        left = self.site.unfinished()
        self.assertEqual(len(left), 1)
        self.assertEqual({**self.kept(), "tmp": []}, before)
        # Nobody sweeps it yet; the teardown is right to want tmp/ empty.
        os.unlink(os.path.join(self.site.folder.data, "tmp", left[0]))
        self.stored(self.upload(), BYTES)

    def test_killed_in_mid_body_unnamed(self):
        self.shim.no_unnamed = 0
        self.shim.rest()
        before = self.kept()
        self.assertEqual(self.kill_in_mid_body(), [])
        self.assertEqual(self.kept(), before)
        self.stored(self.upload(), BYTES)


main()
