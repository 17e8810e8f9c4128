"""kill -9 at any moment: what was answered 201 is there, and what is counted is there. faults.md row 31."""
import hashlib
import http.client
import random
import signal
import threading
import time

from faulty import check_listed
from harness import SiteCase, main, process

KILLS = 30


class Kill(SiteCase):
    options = {"workers": 3}

    def upload_until(self, stop, seed, acknowledged, statuses):
        chance = random.Random(seed)
        while not stop.is_set():
            data = chance.randbytes(chance.choice([10, 1000, 50_000, 400_000]))
            try:
                answer = self.site.upload(data, "a.bin")
            except (OSError, http.client.HTTPException):
                statuses.append(0)
                continue
            statuses.append(answer.status)
            if answer.status == 201:
                acknowledged[answer.json["id"]] = (answer.json["url"], hashlib.sha256(data).hexdigest())

    def test_at_random_moments(self):
        self.site.expect_errors()
        acknowledged, statuses, stop = {}, [], threading.Event()
        clients = [threading.Thread(target=self.upload_until, args=(stop, seed, acknowledged, statuses))
                   for seed in range(4)]
        for client in clients:
            client.start()
        chance = random.Random(1)
        for _ in range(KILLS):
            time.sleep(chance.uniform(0.02, 0.2))
            process.wait_until(lambda: len(self.site.pool.pids()) == 3, what="a whole pool")
            self.site.expect_ends(1)
            process.kill(chance.choice(self.site.pool.pids()), signal.SIGKILL)
        stop.set()
        for client in clients:
            client.join()
        self.assertGreater(len(acknowledged), 50)
        self.assertLessEqual(set(statuses), {201, 502})
        for url, digest in acknowledged.values():
            answer = self.site.fetch(url)
            self.assertEqual((answer.status, hashlib.sha256(answer.body).hexdigest()), (200, digest))
        check_listed(self, self.site, acknowledged)


main()
