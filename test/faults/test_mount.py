"""A store that is not mounted: faults.md row 27."""
import os

from faulty import check_counters, kept, stored
from harness import SiteCase, main

BYTES = b"some bytes" * 1000
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)


class Mount(SiteCase):
    def setUp(self):
        self.site.expect_errors()
        self.marker = os.path.join(self.site.folder.data, ".cdn-store")

    def refuses(self, answer):
        self.assertEqual(answer.status, 503, answer)
        self.assertEqual(answer.json["code"], "unavailable")
        self.assertEqual(answer.header("Retry-After"), "5")

    def test_marker_removed(self):
        answer = self.site.upload(BYTES, "a.bin")
        stored(self, self.site, answer, BYTES)
        before = kept(self.site)
        os.rename(self.marker, self.marker + ".aside")
        self.refuses(self.site.upload(BYTES, "b.bin"))
        self.refuses(self.site.fetch(answer.json["url"]))
        self.refuses(self.site.request("DELETE", "/api/v4/upload/" + answer.json["id"], key=True))
        self.assertEqual(self.site.me().status, 200)
        down = self.site.get("/up")
        self.assertEqual(down.status, 503)
        self.assertEqual(down.json["status"], "down")
        self.assertEqual(down.json["checks"], {"redis": "up", "store": "down", "free_space": "down"})
        self.assertEqual(kept(self.site), before)
        os.rename(self.marker + ".aside", self.marker)
        stored(self, self.site, self.site.upload(BYTES, "c.bin"), BYTES)
        stored(self, self.site, answer, BYTES)

    def test_folder_gone(self):
        """A mount point without its filesystem: the folder is there and empty, or not there at all."""
        data = self.site.folder.data
        os.rename(data, data + ".aside")
        self.refuses(self.site.upload(BYTES, "a.bin"))
        os.mkdir(data)
        self.refuses(self.site.upload(BYTES, "a.bin"))
        self.assertEqual(os.listdir(data), [])
        os.rmdir(data)
        os.rename(data + ".aside", data)
        stored(self, self.site, self.site.upload(BYTES, "a.bin"), BYTES)

    def test_no_space(self):
        """Below CDN_MIN_FREE uploads are refused while there is still room for everything else."""
        answer = self.site.upload(PNG, "a.png")
        before = kept(self.site)
        self.site.write_settings(CDN_MIN_FREE="1000000G")
        self.site.pool.stop()
        self.site.pool.start()
        full = self.site.upload(PNG, "b.png")
        self.assertEqual((full.status, full.json["code"]), (507, "storage_full"))
        self.assertEqual(self.site.get("/up").json["checks"]["free_space"], "down")
        self.assertEqual(kept(self.site), before)
        self.assertEqual(self.site.fetch(answer.json["url"]).body, PNG)
        self.assertEqual(self.site.request("DELETE", "/api/v4/upload/" + answer.json["id"], key=True).status, 200)
        check_counters(self, self.site)
        self.site.write_settings(CDN_MIN_FREE=None)
        self.site.pool.stop()
        self.site.pool.start()
        stored(self, self.site, self.site.upload(PNG, "c.png"), PNG)


main()
