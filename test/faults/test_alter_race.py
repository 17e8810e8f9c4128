"""Renames and deletes of one file at once: in the end it is gone everywhere, or has one name everywhere."""
import concurrent.futures
import fcntl
import http.client
import os
import random
import threading

from faulty import check_agree, kill_workers
from harness import SiteCase, main

ROUNDS = 60
KILLS = 25
BYTES = b"\1\2\3some bytes"


class AtOnce(SiteCase):
    options = {"workers": 4}

    def setUp(self):
        self.threads = concurrent.futures.ThreadPoolExecutor(6)
        self.addCleanup(self.threads.shutdown)

    def at_once(self, *calls):
        barrier = threading.Barrier(len(calls))

        def one(call):
            barrier.wait(30)
            return call()
        return [f.result() for f in [self.threads.submit(one, call) for call in calls]]

    def upload(self):
        return self.site.upload(BYTES, "first.bin").json["id"]

    def test_two_renames_and_a_delete(self):
        lived = 0
        for n in range(ROUNDS):
            i = self.upload()
            gone, *renames = self.at_once(
                lambda: self.site.delete(i) if n % 2 else self.site.delete(i, i),
                lambda: self.site.rename(i, "a.bin"), lambda: self.site.rename(i, "b.bin"))
            self.assertEqual(gone.status, 200, gone)
            self.assertLessEqual({answer.status for answer in renames}, {200, 404})
            lived += sum(answer.status == 200 for answer in renames)
            self.assertEqual(self.site.get(f"/{i}/x").status, 404)
        check_agree(self, self.site)
        self.assertEqual(self.site.me().json["storage_used"], 0)
        # Both orders came up, or the race was none.
        self.assertGreater(lived, 0)
        self.assertLess(lived, 2 * ROUNDS)

    def test_renames(self):
        ids = [self.upload() for _ in range(3)]
        for n in range(ROUNDS):
            i = ids[n % 3]
            answers = self.at_once(*[lambda k=k: self.site.rename(i, f"{n}-{k}.bin") for k in range(5)])
            self.assertEqual([answer.status for answer in answers], [200] * 5)
            check_agree(self, self.site)
        for i in ids:
            self.assertEqual(self.site.delete(i).status, 200)

    def test_read_while_renaming(self):
        """A record is always whole, and the bytes always there."""
        i, stop, bad = self.upload(), threading.Event(), []

        def read():
            count = 0
            while not stop.is_set():
                answer = self.site.get(f"/{i}/x")
                count += 1
                if (answer.status, answer.body) != (200, BYTES):
                    bad.append(answer)
            return count
        readers = [self.threads.submit(read) for _ in range(2)]
        for n in range(ROUNDS):
            self.assertEqual(self.site.rename(i, f"{n}.bin").status, 200)
        stop.set()
        self.assertGreater(min(reader.result() for reader in readers), 10)
        self.assertEqual(bad, [])
        self.assertEqual(self.site.delete(i).status, 200)

    def test_batches_with_the_same_files(self):
        ids = [self.upload() for _ in range(40)]
        answers = self.at_once(*[lambda k=k: self.site.delete(*random.Random(k).sample(ids, len(ids)))
                                 for k in range(4)])
        self.assertEqual([answer.status for answer in answers], [200] * 4)
        for answer in answers:
            named = [one["id"] for one in answer.json["deleted"]] + answer.json.get("not_found", [])
            self.assertEqual(sorted(named), sorted(ids))
        check_agree(self, self.site)

    def test_somebody_holds_the_lock(self):
        """Who waits gives up in time, and nothing has happened."""
        self.site.expect_errors()
        i = self.upload()
        with open(os.path.join(self.site.folder.data, "records", i[-3:], i + ".json"), "rb") as record:
            fcntl.flock(record, fcntl.LOCK_EX)
            answers = self.at_once(lambda: self.site.rename(i, "a.bin"), lambda: self.site.delete(i),
                                   lambda: self.site.delete(i, i))
            for answer in answers:
                self.assertEqual((answer.status, answer.header("Retry-After")), (503, "5"))
            check_agree(self, self.site)
            self.assertEqual(self.site.get(f"/{i}/x").body, BYTES)
        self.assertEqual(self.site.delete(i).status, 200)


class Killed(SiteCase):
    options = {"workers": 3}

    def change_until(self, stop, seed, ids, begun):
        chance = random.Random(seed)
        while not stop.is_set():
            try:
                if len(ids) < 8 or chance.random() < 0.3:
                    ids.append(self.site.upload(BYTES, "a.bin").json["id"])
                elif chance.random() < 0.3:
                    i = ids.pop(chance.randrange(len(ids)))
                    begun.append((self.site.delete, i))
                    if self.site.delete(i).status == 200:
                        begun.pop()
                else:
                    i = chance.choice(ids)
                    begun.append((self.site.rename, i, f"{chance.random()}.bin"))
                    if self.site.rename(*begun[-1][1:]).status == 200:
                        begun.pop()
            except (OSError, http.client.HTTPException, ValueError, KeyError):
                pass

    def test_at_random_moments(self):
        self.site.expect_errors()
        stop, work = threading.Event(), [(seed, [], []) for seed in range(4)]
        clients = [threading.Thread(target=self.change_until, args=(stop, *one)) for one in work]
        kill_workers(self.site, clients, KILLS, stop)
        # What was to live has its bytes, whatever was cut short, and nobody is locked out by the dead.
        for _, ids, _ in work:
            for i in ids:
                self.assertEqual(self.site.get(f"/{i}/x").body, BYTES)
        for _, _, begun in work:
            for call, *words in begun:
                self.assertIn(call(*words).status, (200, 404))
        # An upload that was cut short before its commit is on disk alone, known to nobody.
        known = self.site.redis.command("ZRANGE", f"cdn:{{{self.site.me().json['id']}}}:files", "0", "-1")
        for path in self.site.stored():
            if os.path.basename(path)[:36] not in known:
                os.unlink(os.path.join(self.site.folder.data, path))
        check_agree(self, self.site)
        # A record that had no place yet; nobody sweeps it so far.
        left = self.site.unfinished()
        self.assertLessEqual(len(left), KILLS)
        for name in left:
            os.unlink(os.path.join(self.site.folder.data, "tmp", name))


main()
