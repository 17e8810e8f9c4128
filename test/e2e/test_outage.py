"""What still answers when a part is gone."""
import os
import shutil

from harness import main
from harness.cases import SiteCase
from harness.samples import LANES, png

HTML = b"<html><body>page</body></html>"


class Case(SiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.static = [cls.site.upload(data, "a." + ext).json["url"] for ext, data in LANES.items()]
        cls.bytes = dict(zip(cls.static, LANES.values()))
        cls.worker = [cls.site.upload(data, name).json["url"] for name, data in
                      [("a.html", HTML), ("a.bin", b"\1\2\3\xfe\xff" * 9)]]
        cls.bytes.update(zip(cls.worker, [HTML, b"\1\2\3\xfe\xff" * 9]))
        cls.site.expect_errors()

    def assertReadable(self, urls):
        for url in urls:
            for _ in range(3):
                answer = self.site.fetch(url)
                self.assertEqual((answer.status, answer.body), (200, self.bytes[url]), url)
            self.assertEqual(self.site.fetch(url, {"Range": "bytes=0-0"}).body, self.bytes[url][:1])
            self.assertEqual(self.site.fetch(url, method="HEAD").status, 200)

    def assertUnavailable(self, answer):
        self.assertEqual((answer.status, answer.json["code"]), (503, "unavailable"), answer)
        self.assertEqual(answer.json["error"], "Service unavailable")
        self.assertTrue(answer.header("Retry-After").isdigit())
        self.assertIsNone(answer.header("WWW-Authenticate"))


class WithoutRedis(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site.redis.stop()

    def test_public_reads(self):
        self.assertReadable(self.static + self.worker)

    def test_unknown_files(self):
        self.assertEqual(self.site.get("/0193a1b2-c3d4-7e5f-8a9b-0123456ababc/a.html").status, 404)

    def test_the_api_is_unavailable_never_401_or_404(self):
        before = self.site.stored()
        self.assertUnavailable(self.site.me())
        self.assertUnavailable(self.site.me("sk_cdn_" + "0" * 64))
        self.assertUnavailable(self.site.upload(png(), "a.png"))
        self.assertUnavailable(self.site.request("DELETE", "/api/v4/upload/" + self.static[0].split("/")[-2], key=True))
        self.assertEqual(self.site.stored(), before)
        self.assertEqual(self.site.get("/api/v4/me").status, 401)

    def test_up(self):
        answer = self.site.get("/up")
        self.assertEqual((answer.status, answer.json), (503, {
            "status": "down", "checks": {"redis": "down", "store": "up", "free_space": "up"}}))
        self.assertTrue(answer.header("Retry-After").isdigit())


class RedisComesBack(Case):
    def test_workers_need_no_restart(self):
        self.site.redis.stop()
        self.assertUnavailable(self.site.me())
        self.site.redis.start()
        for _ in range(6):
            self.assertEqual(self.site.me().status, 200)
        self.assertEqual(self.site.me().json["storage_used"], sum(map(len, self.bytes.values())))
        self.assertEqual(self.site.upload(b"after", "a.txt").status, 201)


class WithoutWorkers(Case):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site.pool.stop()
        cls.site.redis.stop()

    def test_the_static_lane(self):
        self.assertReadable(self.static)

    def test_the_rest_says_so(self):
        for url in (*self.worker, self.static[0] + "x", self.site.url + "/api/v4/me"):
            answer = self.site.fetch(url)
            self.assertEqual((answer.status, answer.json["status"], answer.header("Retry-After")), (502, 502, "1"))
            self.assertEqual(answer.header("Cache-Control"), "no-store")


class NotMounted(Case):
    """The store's folder is there, its marker is not: as when the disk below it is missing."""

    def test_nothing_is_written(self):
        data = self.site.folder.data
        away = data + ".away"
        os.rename(data, away)
        try:
            for folders in ([], ["files", "records", "tmp"]):
                for name in folders:
                    os.makedirs(os.path.join(data, name))
                before = self.listing(data)
                self.assertUnavailable(self.site.upload(png(), "a.png"))
                self.assertUnavailable(self.site.fetch(self.worker[0]))
                self.assertUnavailable(
                    self.site.request("DELETE", "/api/v4/upload/" + self.static[0].split("/")[-2], key=True))
                self.assertEqual(self.site.get("/up").json["checks"]["store"], "down")
                self.assertEqual(self.listing(data), before)
        finally:
            shutil.rmtree(data, ignore_errors=True)
            os.rename(away, data)
        self.assertEqual(self.site.get("/up").status, 200)
        self.assertReadable(self.static[:1] + self.worker)
        self.assertEqual(self.site.me().json["storage_used"], sum(map(len, self.bytes.values())))

    @staticmethod
    def listing(path):
        return sorted(os.path.join(top, name) for top, folders, names in os.walk(path) for name in folders + names)


main()
