"""Idempotency-Key while workers die, stall and race: each call is carried out once, and its key never stays locked."""
import concurrent.futures
import http.client
import random
import signal
import threading
import time

from faulty import check_counters, kill_workers
from harness import Multipart, Part, SiteCase, client, main, process

LEASE = 10  # seconds, as in lib/store/replay.h


def form(*files):
    return Multipart(*(Part(data, "files[]" if len(files) > 1 else "file", filename=name) for name, data in files))


class Once(SiteCase):
    options = {"workers": 4}
    settings = {"CDN_MIN_RATE": "10", "CDN_FSYNC": "off"}

    def send(self, key, *files):
        shape = form(*files)
        path = "/api/v4/uploads" if len(files) > 1 else "/api/v4/upload"
        return self.site.request("POST", path, [("Content-Type", shape.content_type), ("Idempotency-Key", key)],
                                 shape.body(), key=True)

    def begin(self, key, data):
        """A connection that has sent half of an upload, and the other half."""
        shape = form(("a.bin", data))
        body = shape.body()
        sock = client.connect(self.site.address)
        sock.sendall(client.head("POST", "/api/v4/upload", [
            ("Host", "x"), ("Authorization", "Bearer " + self.site.key), ("Content-Type", shape.content_type),
            ("Idempotency-Key", key), ("Content-Length", len(body))]) + body[:len(body) // 2])
        return sock, body[len(body) // 2:]

    def held(self):
        return [name for name in self.site.redis.command("KEYS", "cdn:{*}:idem:*")
                if self.site.redis.command("HEXISTS", name, "holder")]

    def test_worker_killed(self):
        """Killed in mid-body: busy until the lease is over, usable then."""
        self.site.expect_errors()
        data = random.Random(1).randbytes(300_000)
        with self.begin("killed", data)[0] as sock:
            process.wait_until(self.held, what="the key to be held")
            for pid in self.site.pool.pids():
                self.site.expect_ends(1)
                process.kill(pid, signal.SIGKILL)
            self.assertEqual(client.read(sock).status, 502)
        answer = self.send("killed", ("a.bin", data))
        self.assertEqual((answer.status, answer.json["code"]), (409, "conflict"))
        self.assertTrue(1 <= int(answer.header("Retry-After")) <= LEASE)
        time.sleep(int(answer.header("Retry-After")))
        answer = self.send("killed", ("a.bin", data))
        self.assertEqual(answer.status, 201)
        self.assertEqual(self.site.fetch(answer.json["url"]).body, data)
        check_counters(self, self.site)

    def test_longer_than_a_lease(self):
        """An upload that goes on keeps its key."""
        data = random.Random(2).randbytes(100_000)
        sock, rest = self.begin("slow", data)
        with sock:
            for at in range(LEASE + 4):
                sock.sendall(rest[at:at + 1])
                time.sleep(1)
            self.assertEqual(self.send("slow", ("a.bin", data)).status, 409)
            sock.sendall(rest[LEASE + 4:])
            answer = client.read(sock)
        self.assertEqual(answer.status, 201)
        again = self.send("slow", ("a.bin", data))
        self.assertEqual((again.status, again.body), (201, answer.body))
        self.assertEqual(again.header("Idempotency-Replayed"), "true")

    def test_many_at_once(self):
        """Of many with one key, one is carried out; the others are told to wait, or what it answered."""
        for n in range(5):
            files = [("a.bin", bytes([n]) * 2000)] * (n + 1)
            with concurrent.futures.ThreadPoolExecutor(12) as pool:
                answers = list(pool.map(lambda _, n=n, files=files: self.send(f"race {n}", *files), range(12)))
            self.assertLessEqual({a.status for a in answers}, {201, 409})
            bodies = {a.body for a in answers if a.status == 201}
            self.assertEqual(len(bodies), 1)
            self.assertEqual(self.send(f"race {n}", *files).body, bodies.pop())
        check_counters(self, self.site)

    def call_until_answered(self, seed, stored):
        """What a careful client does: the same call with the same key until there is an answer."""
        chance = random.Random(seed)
        for n in range(12):
            files = [(f"{seed}-{n}-{i}.bin", chance.randbytes(chance.choice([10, 100_000])))
                     for i in range(chance.choice([1, 3]))]
            while True:
                try:
                    answer = self.send(f"{seed} {n}", *files)
                except (OSError, http.client.HTTPException):
                    continue
                if answer.status == 201:
                    break
                self.assertIn(answer.status, (409, 502, 503), answer)
                time.sleep(0.2)
            made = answer.json["uploads"] if len(files) > 1 else [answer.json]
            self.assertEqual([m["filename"] for m in made], [name for name, _ in files])
            stored.extend(m["id"] for m in made)
            time.sleep(chance.uniform(0, 0.1))

    def test_carried_out_once(self):
        """Workers are killed at any moment, clients try again: each file is there once."""
        self.site.expect_errors()
        key = self.site.make_account("once@example.org")
        own, self.site.key = self.site.key, key
        try:
            stored = []
            clients = [threading.Thread(target=self.call_until_answered, args=(seed, stored)) for seed in range(4)]
            kill_workers(self.site, clients, 8)
            account = "cdn:{%s}" % self.site.me().json["id"]
        finally:
            self.site.key = own
        self.assertEqual(sorted(self.site.redis.command("ZRANGE", account + ":files", "0", "-1")), sorted(stored))
        check_counters(self, self.site)


main()
