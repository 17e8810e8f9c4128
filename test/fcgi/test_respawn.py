"""Workers come and go under load: no request fails, no upload is shortened."""
import os
import random
import shutil
import signal
import time

from harness import BUILD, Site, SiteCase, main, process
from harness.load import Load


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
        self.check(load, 10 if self.site.supervisor else 30)
        # A process manager that takes a second to replace a worker leaves less to be ended.
        self.assertGreater(count, 15 if self.site.supervisor else 100)
        self.assertGreater(self.site.pool.ends(), 8 if self.site.supervisor else 30)


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
        self.assertGreaterEqual(self.site.pool.ends(), 2 if self.site.supervisor else 4)
        before = self.site.pool.ends()
        time.sleep(2.5)
        self.assertGreater(self.site.pool.ends(), before)


class Upgrade(SiteCase):
    settings = {"CDN_FSYNC": "off"}

    @classmethod
    def setUpClass(cls):
        site = Site(settings=cls.settings, workers=2)
        os.mkdir(os.path.join(site.folder.path, "bin"))
        cls.binary = os.path.join(site.folder.path, "bin", "cdn.fcgi")
        shutil.copy2(os.path.join(BUILD, "cdn.fcgi"), cls.binary)
        for pool in site.pools:
            pool.binary = cls.binary
        cls.site = site.start()

    def test_program_replaced(self):
        """A new file is renamed over the old one, then the old workers are told to end."""
        load = Load(self.site)
        first = set(self.site.pool.pids())

        def act():
            shutil.copy2(os.path.join(BUILD, "cdn.fcgi"), self.binary + ".new")
            os.rename(self.binary + ".new", self.binary)
            self.site.pool.signal(signal.SIGTERM)

        load.during(5, act, 1)
        self.assertEqual(load.faults, [])
        self.assertGreater(load.done, 20)
        process.wait_until(lambda: len(self.site.pool.pids()) == 2, what="two workers")
        self.assertFalse(first & set(self.site.pool.pids()))
        inode = os.stat(self.binary).st_ino
        for pid in self.site.pool.pids():
            self.assertEqual(os.stat(f"/proc/{pid}/exe").st_ino, inode)


main()
