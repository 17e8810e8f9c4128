"""Sources that do not answer hold up the fetches from them, and nothing else."""
import json
import select
import signal
import time

from harness import SiteCase, client, main, wait_until
from harness.holding import Origin

FETCH = "/api/v4/upload_from_url"
SOURCES, SLOW_WORKERS, UPLOADS = 20, 10, 40


class Case(SiteCase):
    # One ordinary worker: were one fetch with it, nothing else would be answered.
    options = {"workers": 1, "slow": SLOW_WORKERS}

    @classmethod
    def setUpClass(cls):
        cls.origin = Origin()
        cls.settings = {
            "CDN_FETCH_OPEN": "127.0.0.0/8", "CDN_FETCH_PORTS": cls.origin.port, "CDN_FETCH_PER_MINUTE": 0,
            "CDN_RATE_WINDOW": 300,
        }
        super().setUpClass()

    def setUp(self):
        self.origin.hold()
        self.addCleanup(self.origin.release)

    def start_fetch(self, path):
        """A connection on which the request has been sent, and the answer is awaited."""
        sock = client.connect(self.site.address)
        self.addCleanup(sock.close)
        body = json.dumps({"url": f"http://127.0.0.1:{self.origin.port}{path}"}).encode()
        sock.sendall(client.head("POST", FETCH, [
            ("Host", "localhost"), ("Connection", "close"), ("Authorization", "Bearer " + self.site.key),
            ("Content-Type", "application/json"), ("Content-Length", len(body))]) + body)
        return sock

    def origin_is_asked(self, times):
        wait_until(lambda: len(self.origin.asked) == times, what=f"{times} requests at the origin")

    def paths(self, pool):
        return [line["path"] for line in self.site.access(pool)]

    def assertFetched(self, answer, path):
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.site.fetch(answer.json["url"]).body, path.encode())


class Stalled(Case):
    def uploads(self):
        """So many ordinary requests, one after the other; the uploads a second."""
        began = time.monotonic()
        for number in range(UPLOADS):
            self.assertEqual(self.site.upload(bytes(10_000), f"{number}.bin").status, 201)
        rate = UPLOADS / (time.monotonic() - began)
        self.assertEqual(self.site.me().status, 200)
        self.assertEqual(self.site.get("/up").status, 200)
        self.assertEqual(self.site.request("OPTIONS", FETCH).status, 204)
        return rate

    def test_ordinary_requests_wait_for_no_source(self):
        """More sources stall than the slow pool has workers."""
        without = self.uploads()
        fetches = {f"/{'broken' if number % 4 == 0 else 'whole'}-{number}": None for number in range(SOURCES)}
        for path in fetches:
            fetches[path] = self.start_fetch(path)
        self.origin_is_asked(SLOW_WORKERS)

        beside = self.uploads()
        self.assertEqual(select.select(list(fetches.values()), [], [], 0)[0], [], "a fetch was answered")
        self.assertEqual(len(self.origin.asked), SLOW_WORKERS, "the others stand in line")
        self.assertNotIn(FETCH, self.paths(self.site.slow))
        print(f"uploads a second, with and without {SOURCES} stalled sources: {beside / without:.2f}")

        self.origin.release()
        for path, sock in fetches.items():
            answer = client.read(sock, "POST")
            if path.startswith("/whole"):
                self.assertFetched(answer, path)
            else:
                self.assertEqual((answer.status, answer.json["error"]), (422, "Upload failed: Failed to download: 502"))
        self.assertEqual(sorted(self.origin.asked), sorted(fetches))
        self.assertEqual(self.paths(self.site.slow).count(FETCH), SOURCES)
        # The two preflights are not fetches.
        self.assertEqual([line["method"] for line in self.site.access(self.site.pool) if line["path"] == FETCH],
                         ["OPTIONS"] * 2)


class Ends(Case):
    options = {"workers": 1, "slow": 2}

    def test_a_worker_told_to_stop_finishes_its_fetch(self):
        for signum in (signal.SIGTERM, signal.SIGUSR1):
            with self.subTest(signum=signum):
                self.origin.hold()
                sock = self.start_fetch("/whole")
                self.origin_is_asked(1)
                before = set(self.site.slow.pids())
                self.site.slow.signal(signum)
                wait_until(lambda: before - set(self.site.slow.pids()), what="the idle worker's end")
                self.origin.release()
                self.assertFetched(client.read(sock, "POST"), "/whole")
                wait_until(lambda: len(set(self.site.slow.pids()) - before) == 2, what="two new workers")

    def test_a_pool_told_to_stop_finishes_its_fetch(self):
        sock = self.start_fetch("/whole")
        self.origin_is_asked(1)
        self.site.slow.process.send_signal(signal.SIGTERM)
        wait_until(lambda: len(self.site.slow.pids()) == 1, what="the idle worker's end")
        self.origin.release()
        self.assertFetched(client.read(sock, "POST"), "/whole")
        self.site.slow.stop()
        self.site.slow.start()

    def test_without_the_pool(self):
        self.site.slow.stop()
        for _ in range(3):
            answer = client.read(self.start_fetch("/whole"), "POST")
            self.assertEqual((answer.status, answer.json["code"]), (503, "unavailable"))
            self.assertEqual(answer.header("Retry-After"), "5")
            self.assertEqual(self.site.upload(b"meanwhile", "a.txt").status, 201)
        self.assertEqual(self.origin.asked, [])
        self.site.slow.start()
        self.origin.release()
        self.assertFetched(client.read(self.start_fetch("/whole"), "POST"), "/whole")


class OnePool(Case):
    """A site without a slow pool, for tests that look at one worker: it has the fetches too."""
    options = {"workers": "single"}

    def test_it_fetches(self):
        self.origin.release()
        self.assertFetched(client.read(self.start_fetch("/whole"), "POST"), "/whole")
        self.assertIn(FETCH, self.paths(self.site.pool))


main()
