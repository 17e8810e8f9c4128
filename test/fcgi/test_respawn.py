"""Workers come and go under load: no request fails, no upload is shortened."""
import hashlib
import os
import random
import shutil
import signal
import threading
import time

from harness import BUILD, Multipart, Part, Site, SiteCase, client, main, process


class Load:
    """Uploads on some threads; every answer must be 201, and every file is read back."""

    def __init__(self, site, threads=4):
        self.site = site
        self.stopping = threading.Event()
        self.faults, self.done, self.bytes = [], 0, 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(threads)]

    def run(self, number):
        rng = random.Random(number)
        while not self.stopping.is_set():
            try:
                fault = self.one(rng)
            except Exception as error:  # whatever a client may see is a fault
                fault = repr(error)
            with self.lock:
                self.done += 1
                if fault:
                    self.faults.append(fault)

    def one(self, rng):
        data = rng.randbytes(rng.choice((0, 10, 5_000, 70_000, 400_000, 1_500_000)))
        form = Multipart(Part(data, filename="a.bin"))
        body = form.body()
        # In pieces with pauses, so that signals come in the middle of it.
        answer = self.site.request(
            "POST", "/api/v4/upload", {"Content-Type": form.content_type}, client.cut(body, len(body) // 4 + 1),
            key=True, chunked=rng.random() < 0.5, length=len(body), pause_s=rng.choice((0, 0.002, 0.02)))
        if answer.status != 201:
            return repr(answer)
        back = self.site.fetch(answer.json["url"])
        self.bytes += len(data)
        if back.status != 200 or hashlib.sha256(back.body).digest() != hashlib.sha256(data).digest():
            return f"{len(data)} bytes came back as {back.status}, {len(back.body)} bytes"
        return None

    def during(self, seconds, act, every):
        """Call act() every so many seconds."""
        for thread in self.threads:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            act()
            time.sleep(every)
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)


class Respawn(SiteCase):
    options = {"workers": 4}
    settings = {"CDN_FSYNC": "off"}

    def check(self, load, least):
        self.assertEqual(load.faults, [])
        self.assertGreater(load.done, least)

    def test_terminated_every_50_ms(self):
        rng = random.Random(1)
        count = 0

        def act():
            nonlocal count
            pids = self.site.pool.pids()
            if pids:
                count += 1
                self.site.expect_ends(1)
                process.kill(rng.choice(pids), rng.choice((signal.SIGTERM, signal.SIGUSR1, signal.SIGINT)))

        load = Load(self.site)
        load.during(10, act, 0.05)
        self.check(load, 30)
        self.assertGreater(count, 100)
        self.assertGreater(self.site.pool.ends(), 30)


class Recycling(SiteCase):
    options = {"workers": 2}
    settings = {"CDN_FSYNC": "off", "CDN_RECYCLE_REQUESTS": "20"}

    def test_after_20_requests(self):
        self.site.expect_ends()
        load = Load(self.site)
        load.during(5, lambda: None, 0.1)
        self.assertEqual(load.faults, [])
        ends = self.site.pool.ends()
        # Each upload and each file not in the static lane is a request; a tenth more or less.
        requests = len(self.site.access())
        self.assertGreaterEqual(ends, 2)
        self.assertAlmostEqual(ends, requests / 20, delta=requests / 20 * 0.2 + 3)


class Ageing(SiteCase):
    options = {"workers": 2}
    settings = {"CDN_FSYNC": "off", "CDN_RECYCLE_AGE": "1"}

    def test_after_a_second(self):
        """Also without a request."""
        self.site.expect_ends()
        load = Load(self.site, 2)
        load.during(4, lambda: None, 0.1)
        self.assertEqual(load.faults, [])
        self.assertGreaterEqual(self.site.pool.ends(), 4)
        before = self.site.pool.ends()
        time.sleep(2.5)
        self.assertGreater(self.site.pool.ends(), before)


class Upgrade(SiteCase):
    settings = {"CDN_FSYNC": "off"}

    @classmethod
    def setUpClass(cls):
        site = Site(settings=cls.settings, workers=2)
        cls.binary = os.path.join(site.folder.path, "cdn.fcgi")
        shutil.copy2(os.path.join(BUILD, "cdn.fcgi"), cls.binary)
        site.pool.binary = cls.binary
        cls.site = site.start()

    def test_program_replaced(self):
        """A new file is renamed over the old one, then the old workers are told to end."""
        load = Load(self.site)
        first = set(self.site.pool.pids())

        def act():
            shutil.copy2(os.path.join(BUILD, "cdn.fcgi"), self.binary + ".new")
            os.rename(self.binary + ".new", self.binary)
            for pid in process.children(self.site.pool.process.pid):
                self.site.expect_ends(1)
                process.kill(pid, signal.SIGTERM)

        load.during(5, act, 1)
        self.assertEqual(load.faults, [])
        self.assertGreater(load.done, 20)
        process.wait_until(lambda: len(self.site.pool.pids()) == 2, what="two workers")
        self.assertFalse(first & set(self.site.pool.pids()))
        inode = os.stat(self.binary).st_ino
        for pid in self.site.pool.pids():
            self.assertEqual(os.stat(f"/proc/{pid}/exe").st_ino, inode)


main()
