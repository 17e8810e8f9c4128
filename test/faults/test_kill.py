"""kill -9 at any moment: what was answered 201 is there, and what is counted is there. faults.md row 31."""
import hashlib
import http.client
import random
import threading

from faulty import check_listed, kill_workers
from harness import SiteCase, main

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
        kill_workers(self.site, clients, KILLS, stop)
        self.assertGreater(len(acknowledged), 50)
        self.assertLessEqual(set(statuses), {201, 502})
        for url, digest in acknowledged.values():
            answer = self.site.fetch(url)
            self.assertEqual((answer.status, hashlib.sha256(answer.body).hexdigest()), (200, digest))
        check_listed(self, self.site, acknowledged)


main()
