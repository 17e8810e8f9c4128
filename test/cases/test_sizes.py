"""Files of 1 byte to 300 MB: what comes back is what went in.

With a length and without one; neither is held in memory, or cut where a buffer ends, by whatever lies between.
"""
import hashlib
import http.client
import os
import random
import shutil

from harness import Multipart, Part, RELEASE, SiteCase, main

PIECE = 1 << 20
MB = 1_000_000


def in_memory():
    """A folder in memory, where there is room: the disk is not what is tested."""
    shm = "/dev/shm"
    return shm if os.access(shm, os.W_OK) and shutil.disk_usage(shm).free > 1000 * MB else None


def pieces(size, seed):
    """The bytes of a large file, the same each time, without ever having them all."""
    block = random.Random(seed).randbytes(PIECE)
    n = 0
    while size:
        piece = (n.to_bytes(8, "big") + block[8:])[:size]
        yield piece
        size -= len(piece)
        n += 1


class Sizes(SiteCase):
    options = {"base": in_memory(), "build": RELEASE}
    settings = {"CDN_FSYNC": "off"}

    def digest(self, path):
        connection = http.client.HTTPConnection(*self.site.address, timeout=60)
        connection.request("GET", self.site.front.prefix + path)
        answer = connection.getresponse()
        self.assertEqual(answer.status, 200)
        digest, size = hashlib.sha256(), 0
        while True:
            piece = answer.read(PIECE)
            if not piece:
                break
            digest.update(piece)
            size += len(piece)
        connection.close()
        return digest.hexdigest(), size

    def round_trip(self, size, chunked=False):
        form = Multipart(Part(filename="big.x"))
        before, after = form.around()
        digest = hashlib.sha256()

        def body():
            yield before
            for piece in pieces(size, size):
                digest.update(piece)
                yield piece
            yield after

        more = {"chunked": True} if chunked else {"length": len(before) + size + len(after)}
        answer = self.site.request("POST", "/api/v4/upload", {"Content-Type": form.content_type}, body(), key=True,
                                   timeout=120, **more)
        self.assertEqual(answer.status, 201, answer)
        made = answer.json
        self.assertEqual((made["size"], made["sha256"]), (size, digest.hexdigest()))
        self.assertEqual(self.digest(f"/{made['id']}/big.x"), (digest.hexdigest(), size))
        deleted = self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=True)
        self.assertEqual(deleted.status, 200)

    def test_small_and_around_the_buffers(self):
        for size in (1, 2, 255, 4095, 4096, 4097, 8192, 16383, 65535, 65536, 65537, 262143, 262144, 262145, 524288, 524289, MB,
                     10 * MB):
            for chunked in (False, True):
                with self.subTest(size=size, chunked=chunked):
                    self.round_trip(size, chunked)

    def test_300_mb(self):
        self.round_trip(300 * MB)

    def test_300_mb_chunked(self):
        self.round_trip(300 * MB, chunked=True)


class Streamed(Sizes):
    settings = {"CDN_FSYNC": "off", "CDN_SENDFILE": "off"}

    def test_300_mb_chunked(self):
        """Once is enough."""


main()
