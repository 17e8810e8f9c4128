"""Redis refuses a file that is already in place, and taking it back does not go well either."""
from faulty import ProxyCase
from harness import Site, main
from proxy import Proxy
from shim import FOREVER, Shim

BYTES = b"some bytes\n" * 500


class TakenBack(ProxyCase):
    @classmethod
    def setUpClass(cls):
        cls.site = Site(settings=cls.settings, workers="single")
        cls.proxy = Proxy(cls.site.folder)
        cls.shim = Shim(cls.site.folder)
        cls.site.settings["CDN_REDIS_URL"] = cls.proxy.url
        cls.site.pool.env.update(cls.shim.env())
        cls.site.start()
        cls.site.expect_errors()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.shim.close()

    def refused(self, call, error, nth=1, times=1):
        """An upload whose commit is refused while a call fails; what stays on disk."""
        self.setUp()
        before = set(self.site.stored())
        redis = {**self.kept(), "disk": None}
        self.shim.strike(call, error, nth=nth, times=times)
        self.proxy.when("EVALSHA", do="error", text="OOM command not allowed")
        self.unavailable(self.site.upload(BYTES, "a.bin"))
        self.assertEqual(self.proxy.struck, 1)
        self.assertGreater(self.shim.rest(), 0)
        self.assertEqual({**self.kept(), "disk": None}, redis)
        left = sorted(set(self.site.stored()) - before)
        self.stored(self.site.upload(BYTES, "a.bin"), BYTES)
        return left

    def test_bytes_stay(self):
        """Without its record no worker serves them."""
        left = self.refused("unlink", "EIO", nth=1)
        self.assertEqual([name.split("/")[0] for name in left], ["files"])
        name = left[0].split("/")[-1].split(".")[0]
        self.assertEqual(self.site.get(f"/{name}/a.bin").status, 404)
        self.assertIn(name.encode(), self.site.pool.log_bytes())

    def test_record_stays(self):
        """Without its bytes it is a 404."""
        left = self.refused("unlink", "EIO", nth=2)
        self.assertEqual([name.split("/")[0] for name in left], ["records"])
        name = left[0].split("/")[-1].split(".")[0]
        self.assertEqual(self.site.get(f"/{name}/a.bin").status, 404)

    def test_both_stay(self):
        self.assertEqual(len(self.refused("unlink", "EROFS", times=FOREVER)), 2)

    def test_folders_are_not_synced(self):
        """The names are gone all the same."""
        calls = {"mkdir": 0}
        while calls["mkdir"] < 2:
            self.shim.rest()
            self.assertEqual(self.site.upload(BYTES, "a.bin").status, 201)
            calls = self.shim.calls()
        # Behind the last call of an upload whose folders are new: one or both of those that take it back.
        self.assertEqual(self.refused("fsync", "EIO", nth=calls["fsync"] + 1), [])


main()
