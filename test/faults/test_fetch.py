"""A fetch while disks fill and workers die: faults.md rows 26, 27, 30 and 31."""
import hashlib
import http.client
import os
import random
import signal
import threading

import source
from faulty import check_counters, check_listed, kept, kill_workers, stored
from harness import Site, SiteCase, main, process
from shim import FOREVER, Shim

BYTES = source.BYTES
FULL = ("ENOSPC", "EDQUOT")
BROKEN = ("EIO", "EROFS")
SIZE, ROOM, FETCHES = 5000, 5, 20


class Case(SiteCase):
    data = BYTES

    @classmethod
    def setUpClass(cls):
        cls.source = source.Source(cls.data)
        cls.addClassCleanup(cls.source.close)
        cls.settings = {**cls.settings, **cls.source.settings}
        super().setUpClass()

    def setUp(self):
        self.site.expect_errors()
        self.source.begin()

    def fetch(self, path="/whole", **more):
        return source.fetch(self.site, self.source, path, **more)

    def meanwhile(self, happens):
        return source.meanwhile(self.site, self.source, happens)

    def assertWorks(self):
        stored(self, self.site, self.fetch(), self.data)

    def assertLeft(self, before):
        """As much as there was, and nothing in tmp/, named or not."""
        process.wait_until(lambda: not source.has_unfinished(self.site), what="the end of the unfinished file")
        self.assertEqual(kept(self.site), before)


class Disk(Case):
    """The slow pool's worker meets system calls that fail."""

    @classmethod
    def setUpClass(cls):
        cls.source = source.Source()
        cls.site = Site(settings=cls.source.settings, workers=1, slow=1)
        cls.shim = Shim(cls.site.folder)
        cls.site.slow.env.update(cls.shim.env())
        cls.site.start()

    @classmethod
    def tearDownClass(cls):
        cls.shim.rest()
        cls.site.stop()
        cls.shim.close()
        cls.source.close()

    def assertRefused(self, answer, error):
        self.assertEqual(answer.status, 507 if error in FULL else 503, answer)
        self.assertEqual(answer.json["code"], "storage_full" if error in FULL else "unavailable")
        self.assertEqual(answer.header("Retry-After"), None if error in FULL else "5")
        self.assertNotIn("/", answer.json["error"])

    def calls(self, call):
        """How often a fetch makes the call."""
        self.shim.rest()
        self.assertEqual(self.fetch().status, 201)
        return self.shim.calls()[call]

    def every(self, call, errors, sure=None):
        count = self.calls(call)
        self.assertGreaterEqual(count, sure or 1)
        for nth in range(1, (sure or count) + 1):
            for error in errors:
                with self.subTest(call=call, error=error, nth=nth):
                    before = kept(self.site)
                    self.shim.strike(call, error, nth=nth)
                    answer = self.fetch()
                    self.assertEqual(self.shim.rest(), 1)
                    self.assertRefused(answer, error)
                    self.assertLeft(before)
        self.assertWorks()

    def test_unnamed(self):
        self.every("unnamed", FULL + BROKEN)

    def test_write(self):
        self.every("write", ("ENOSPC", "EIO"))

    def test_fsync(self):
        """A file, its record, and the folders of both."""
        self.every("fsync", ("EDQUOT", "EIO"), 4)

    def test_link(self):
        self.every("link", FULL + BROKEN, 2)

    def test_close(self):
        self.every("close", ("EIO", "ENOSPC"))

    def test_full_half_way(self):
        """The bytes that came so far are there, and then no more fit: the source is told no later than the client."""
        for error in FULL + BROKEN:
            before = kept(self.site)
            answer = self.meanwhile(lambda: self.shim.strike("write", error, times=FOREVER))
            self.assertGreater(self.shim.rest(), 0)
            self.assertRefused(answer, error)
            self.assertLeft(before)
            self.assertWorks()


class Mount(Case):
    """There is nowhere to put it, so nobody is asked for it."""

    def test_marker_removed(self):
        marker = os.path.join(self.site.folder.data, ".cdn-store")
        before = kept(self.site)
        os.rename(marker, marker + ".aside")
        answer = self.fetch()
        os.rename(marker + ".aside", marker)
        self.assertEqual((answer.status, answer.json["code"]), (503, "unavailable"))
        self.assertEqual(self.source.asked, 0)
        self.assertLeft(before)
        self.assertWorks()

    def test_no_space(self):
        before = kept(self.site)
        for least, status in (("1000000G", 507), (None, 201)):
            self.site.write_settings(CDN_MIN_FREE=least)
            self.site.slow.stop()
            self.site.slow.start()
            answer = self.fetch()
            self.assertEqual(answer.status, status, answer)
            if status == 507:
                self.assertEqual(answer.json["code"], "storage_full")
                self.assertEqual(self.source.asked, 0)
                self.assertLeft(before)
        self.assertWorks()


class Ends(Case):
    options = {"workers": 1, "slow": 1}

    def test_killed_half_way(self):
        for _ in range(3):
            before, old = kept(self.site), self.site.slow.pids()
            answer = self.meanwhile(lambda: self.site.slow.signal(signal.SIGKILL))
            self.assertEqual((answer.status, answer.json["code"]), (503, "unavailable"))
            process.wait_until(lambda: self.site.slow.pids() not in ([], old), what="another worker")
            self.assertLeft(before)
            self.assertWorks()

    def test_told_to_stop_half_way(self):
        """It finishes the file, and is replaced then."""
        for signum in (signal.SIGTERM, signal.SIGUSR1):
            old = self.site.slow.pids()
            answer = self.meanwhile(lambda: self.site.slow.signal(signum))
            stored(self, self.site, answer, BYTES)
            process.wait_until(lambda: self.site.slow.pids() not in ([], old), what="another worker")
            self.assertWorks()


class Killed(Case):
    """At random moments. Each 201 is there, and counted; what is counted is there."""

    data = random.Random(0).randbytes(200_000)
    options = {"workers": 1, "slow": 3}
    kills = 20

    def fetch_until(self, stop, acknowledged, statuses):
        while not stop.is_set():
            try:
                answer = self.fetch()
            except (OSError, http.client.HTTPException):
                statuses.append(0)
                continue
            statuses.append(answer.status)
            if answer.status == 201:
                acknowledged[answer.json["id"]] = answer.json["url"]

    def test_at_random_moments(self):
        acknowledged, statuses, stop = {}, [], threading.Event()
        clients = [threading.Thread(target=self.fetch_until, args=(stop, acknowledged, statuses)) for _ in range(4)]
        kill_workers(self.site, clients, self.kills, stop, pool=self.site.slow)
        self.assertGreater(len(acknowledged), 20)
        self.assertIn(503, statuses)
        self.assertLessEqual(set(statuses), {201, 503})
        digest = hashlib.sha256(self.data).digest()
        for url in acknowledged.values():
            answer = self.site.fetch(url)
            self.assertEqual((answer.status, hashlib.sha256(answer.body).digest()), (200, digest))
        check_listed(self, self.site, acknowledged)


class Race(Case):
    """All at once: each has asked its source before any has its bytes, so that room is counted when they commit."""

    data = bytes(range(250)) * (SIZE // 250)
    options = {"workers": 1, "slow": FETCHES}
    settings = {"CDN_TIER_UNVERIFIED_FILE": "6000", "CDN_TIER_UNVERIFIED_TOTAL": str(ROOM * SIZE + 7)}

    def race(self, path, key):
        before = len(self.site.stored())
        self.source.wait_for(FETCHES)
        answers = source.at_once([lambda: self.fetch(path, key=key)] * FETCHES)
        self.assertEqual(self.source.asked, FETCHES)
        self.assertEqual(sorted(answer.status for answer in answers), [201] * ROOM + [402] * (FETCHES - ROOM))
        for answer in answers:
            if answer.status == 402:
                self.assertEqual(answer.json["code"], "quota_exceeded")
                self.assertLessEqual(answer.json["quota"]["storage_used"], ROOM * SIZE)
            else:
                self.assertEqual(self.site.fetch(answer.json["url"]).body, self.data)
        self.assertEqual(self.site.me(key=key).json["storage_used"], ROOM * SIZE)
        # The bytes and the record of each.
        self.assertEqual(len(self.site.stored()), before + 2 * ROOM)
        self.assertEqual(kept(self.site)["tmp"], [])
        check_counters(self, self.site)

    def test_room_for_five(self):
        for number, path in enumerate(("/whole", "/chunked")):
            self.source.begin()
            self.race(path, self.site.make_account(f"small{number}@example.org", "unverified"))

    def test_beside_uploads(self):
        """Both sources take from the same room."""
        key = self.site.make_account("both@example.org", "unverified")
        calls = [lambda: self.fetch(key=key), lambda: self.site.upload(self.data, "a.bin", key=key)] * 10
        answers = source.at_once(calls)
        self.assertEqual(sorted(answer.status for answer in answers), [201] * ROOM + [402] * (len(calls) - ROOM))
        self.assertEqual(self.site.me(key=key).json["storage_used"], ROOM * SIZE)
        check_counters(self, self.site)


main()
