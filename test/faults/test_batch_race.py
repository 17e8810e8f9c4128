"""Many batches at once: for the last bytes, beside deletes, and under kill -9. faults.md rows 30 to 32."""
import concurrent.futures
import hashlib
import http.client
import random
import threading

from faulty import check_counters, check_listed, kill_workers
from harness import SiteCase, main

SIZE, ROOM, BATCHES = 1000, 30, 8


class Race(SiteCase):
    options = {"workers": 6}
    settings = {"CDN_TIER_UNVERIFIED_FILE": "6000", "CDN_TIER_UNVERIFIED_TOTAL": str(ROOM * SIZE + 7), "CDN_FSYNC": "off"}

    def at_once(self, calls):
        with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
            return [f.result() for f in [pool.submit(call) for call in calls]]

    def test_the_last_bytes(self):
        """Eight batches of ten where thirty fit: exactly thirty are stored, and a file of nothing in each."""
        key = self.site.make_account("small@example.org", "unverified")
        before = len(self.site.stored())
        files = [[(f"{n}-{i}.bin", bytes([n, i]) * (SIZE // 2)) for i in range(10)] + [("empty", b"")]
                 for n in range(BATCHES)]
        answers = self.at_once([lambda f=f: self.site.batch(f, key=key) for f in files])
        stored = [(file, data) for answer, batch in zip(answers, files) for file in answer.json["uploads"]
                  for name, data in batch if name == file["filename"]]
        failed = [file for answer in answers for file in answer.json["failed"]]
        self.assertEqual({answer.status for answer in answers}, {201})
        self.assertEqual(len(stored), ROOM + BATCHES)
        self.assertEqual(len(failed), 10 * BATCHES - ROOM)
        for file in failed:
            self.assertRegex(file["reason"], r"^(Storage quota already exceeded|Would exceed storage quota \(.* remaining\))$")
        self.assertEqual(self.site.me(key=key).json["storage_used"], ROOM * SIZE)
        self.assertEqual(len(self.site.stored()), before + 2 * len(stored))
        for file, data in stored:
            self.assertEqual(self.site.fetch(file["url"]).body, data)
        check_counters(self, self.site)

    def test_beside_uploads_and_deletes(self):
        key = self.site.make_account("busy@example.org", "verified")

        def batch(n):
            answer = self.site.batch([(f"{i}.bin", bytes([n]) * i * 10) for i in range(1, 20)], key=key)
            self.assertEqual((answer.status, answer.json["failed"]), (201, []))
            for file in answer.json["uploads"][::2]:
                self.assertEqual(
                    self.site.request("DELETE", "/api/v4/upload/" + file["id"], key=key).status, 200)
            return sum(file["size"] for file in answer.json["uploads"][1::2])

        def single(n):
            self.assertEqual(self.site.put(bytes([n]) * 77, key=key).status, 201)
            return 77
        sizes = self.at_once([lambda n=n: (single if n % 3 else batch)(n) for n in range(24)])
        self.assertEqual(self.site.me(key=key).json["storage_used"], sum(sizes))
        check_counters(self, self.site)


class Kill(SiteCase):
    """At random moments: every file of a 201 reads back, what is counted is there, and tmp/ is empty."""

    options = {"workers": 3}

    def batch_until(self, stop, seed, acknowledged, statuses):
        chance = random.Random(seed)
        while not stop.is_set():
            files = [(f"{n}.bin", chance.randbytes(chance.choice([0, 10, 1000, 300_000])))
                     for n in range(chance.randint(1, 12))]
            try:
                answer = self.site.batch(files)
            except (OSError, http.client.HTTPException):
                statuses.append(0)
                continue
            statuses.append(answer.status)
            if answer.status == 201:
                for file, (_, data) in zip(answer.json["uploads"], files, strict=True):
                    acknowledged[file["id"]] = (file["url"], hashlib.sha256(data).hexdigest())

    def test_kill(self):
        self.site.expect_errors()
        acknowledged, statuses, stop = {}, [], threading.Event()
        clients = [threading.Thread(target=self.batch_until, args=(stop, seed, acknowledged, statuses))
                   for seed in range(3)]
        kill_workers(self.site, clients, 20, stop)
        self.assertGreater(len(acknowledged), 30)
        self.assertIn(502, statuses)
        self.assertLessEqual(set(statuses), {201, 502})
        for url, digest in acknowledged.values():
            answer = self.site.fetch(url)
            self.assertEqual((answer.status, hashlib.sha256(answer.body).hexdigest()), (200, digest))
        check_listed(self, self.site, acknowledged)


main()
