"""Both pools under a process manager: what ends is replaced, what is under way is finished, what waits is answered."""
import json
import os
import random
import select
import signal
import stat
import threading
import time

from harness import Multipart, Part, SiteCase, client, main, process
from harness.holding import Origin
from harness.load import Load

FETCH = "/api/v4/upload_from_url"
GENTLE = (signal.SIGTERM, signal.SIGUSR1)
REPLACED = "a worker that ends is replaced"
BACKLOG = "a restart keeps the backlog"


def noise(count):
    """Bytes that are not alike, so that a piece lost or swapped is seen."""
    return random.Random(count).randbytes(count)


class Case(SiteCase):
    @classmethod
    def setUpClass(cls):
        cls.origin = Origin()
        cls.settings = {"CDN_FETCH_OPEN": "127.0.0.0/8", "CDN_FETCH_PORTS": cls.origin.port, "CDN_FETCH_PER_MINUTE": 0,
                        "CDN_FSYNC": "off"}
        super().setUpClass()

    def setUp(self):
        self.origin.hold()
        self.addCleanup(self.origin.release)
        self.before = self.site.stored()

    def send(self, path, headers, body, part=None):
        """A request of which so much has been sent, as a connection on which its answer is awaited."""
        sock = client.connect(self.site.address)
        self.addCleanup(sock.close)
        sock.sendall(client.head("POST", path, [
            ("Host", "localhost"), ("Connection", "close"), ("Authorization", "Bearer " + self.site.key), *headers,
            ("Content-Length", len(body))]) + body[:part])
        return sock

    def begin_upload(self, data):
        """Half of it; the connection, the other half, and the worker that has it."""
        form = Multipart(Part(data, filename="a.bin"))
        body = form.body()
        sock = self.send("/api/v4/upload", [("Content-Type", form.content_type)], body, len(body) // 2)
        busy = process.wait_until(lambda: self.busy() - self.known_busy, what="an upload in a worker")
        self.known_busy |= busy
        pid, = busy
        return sock, body[len(body) // 2:], pid

    known_busy = set()

    def busy(self):
        return {pid for pid in self.site.pool.pids()
                if any("/tmp/#" in name for name in self.site.descriptors(pid))}

    def begin_fetch(self, path):
        body = json.dumps({"url": f"http://127.0.0.1:{self.origin.port}{path}"}).encode()
        sock = self.send(FETCH, [("Content-Type", "application/json")], body)
        process.wait_until(lambda: path in self.origin.asked, what="the source being asked")
        return sock

    def assertStored(self, answer, data):
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.site.fetch(answer.json["url"]).body, data)

    def has_signal(self, pid):
        """Whether it has been told to end, which it looks at after its request."""
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            pending = int(next(line for line in f if line.startswith("ShdPnd")).split()[1], 16)
        return any(pending & 1 << (number - 1) for number in GENTLE)

    def wait_replaced(self, pool, *pids):
        """Those that have ended have others in their place; under a manager that does not, they are missing."""
        process.wait_until(lambda: not set(pids) & set(pool.pids()), what="the end of a worker")
        if self.site.differs(REPLACED):
            self.assertEqual(len(pool.pids()), pool.count - len(pids))
            pool.stop()
            pool.start()
        pool.wait_whole()


class Pools(Case):
    options = {"workers": 3, "slow": 2}

    def setUp(self):
        super().setUp()
        self.known_busy = set()

    def test_each_request_in_its_pool(self):
        data = noise(100_000)
        self.assertStored(self.site.upload(data), data)
        self.origin.release()
        self.assertStored(client.read(self.begin_fetch("/whole"), "POST"), b"/whole")
        self.assertEqual([line["path"] for line in self.site.access(self.site.slow)], [FETCH])
        self.assertNotIn(FETCH, [line["path"] for line in self.site.access(self.site.pool)])

    def test_told_to_end_when_idle(self):
        for pool in self.site.pools:
            for signum in GENTLE:
                with self.subTest(pool=pool.name, signum=signum):
                    before = pool.pids()
                    pool.signal(signum)
                    self.wait_replaced(pool, *before)
        self.assertEqual(self.site.upload(b"after").status, 201)

    def test_told_to_end_in_mid_body(self):
        data = noise(3_000_000)
        for signum in GENTLE:
            with self.subTest(signum=signum):
                sock, rest, pid = self.begin_upload(data)
                self.site.pool.ends_asked += 1
                process.kill(pid, signum)
                client.send(sock, client.cut(rest), 0.001)
                self.assertStored(client.read(sock, "POST"), data)
                self.wait_replaced(self.site.pool, pid)

    def test_told_to_end_in_a_fetch(self):
        sock = self.begin_fetch("/kept")
        before = set(self.site.slow.pids())
        self.site.slow.signal(signal.SIGTERM)
        process.wait_until(lambda: len(before & set(self.site.slow.pids())) == 1, what="the idle worker's end")
        self.origin.release()
        self.assertStored(client.read(sock, "POST"), b"/kept")
        self.wait_replaced(self.site.slow, *before)

    def test_killed_in_mid_body(self):
        sock, rest, pid = self.begin_upload(noise(3_000_000))
        self.site.pool.ends_asked += 1
        process.kill(pid, signal.SIGKILL)
        client.send(sock, client.cut(rest))
        self.assertEqual(client.read(sock, "POST").status, 502)
        self.wait_replaced(self.site.pool, pid)
        self.assertEqual((self.site.stored(), self.site.unfinished()), (self.before, []))

    def test_renewed_under_load(self):
        """By the manager's own command, again and again; the log has whole lines."""
        if self.site.differs(REPLACED):
            # There is no such command, and without a signal nothing ends by itself.
            before = self.site.pool.pids()
            load = Load(self.site)
            load.during(2, lambda: None, 0.1)
            self.assertEqual(self.site.pool.pids(), before)
        else:
            first = set(self.site.pool.pids())
            load = Load(self.site)
            load.during(8, self.site.supervisor.renew, 1)
            self.site.pool.wait_whole()
            self.assertFalse(first & set(self.site.pool.pids()))
        self.assertEqual(load.faults, [])
        self.assertGreater(load.done, 20)
        self.assertWhole(self.site.pool.log_bytes())

    def assertWhole(self, log):
        """What several processes append to one file is not cut up."""
        lines = log.decode().splitlines()
        self.assertTrue(lines)
        for line in lines:
            self.assertEqual(line.count('{"time"'), 1 if line.startswith("{") else 0, line)
            if line.startswith("{"):
                json.loads(line)

    def test_redis_over_tcp(self):
        """As most have it, and as the default says: a manager that confines workers lets them reach it."""
        port, url = process.free_port(), self.site.settings["CDN_REDIS_URL"]
        self.site.redis.command("CONFIG", "SET", "port", port)
        self.addCleanup(self.site.restart, CDN_REDIS_URL=url)
        self.site.restart(CDN_REDIS_URL=f"redis://127.0.0.1:{port}/0")
        self.assertEqual(self.site.upload(b"over TCP").status, 201)

    def test_user(self):
        """Not root, though root has started them; the socket is that user's and its group's, nobody else's."""
        user = self.site.supervisor.user
        for pool in self.site.pools:
            with self.subTest(pool=pool.name):
                self.assertEqual({owner for pid in pool.pids() for owner in self.owners(pid)}, {user.pw_uid})
                found = os.stat(pool.socket)
                self.assertEqual((found.st_uid, found.st_gid), (user.pw_uid, user.pw_gid))
                self.assertEqual(oct(stat.S_IMODE(found.st_mode)), oct(0o660))

    @staticmethod
    def owners(pid):
        """Real, effective, saved and of files."""
        with open(f"/proc/{pid}/status", encoding="ascii") as f:
            return [int(word) for word in next(line for line in f if line.startswith("Uid:")).split()[1:]]


class Restarts(Case):
    options = {"workers": 2}

    def test_whole_pool_while_requests_wait(self):
        """Each worker has an upload under way, five requests wait. The uploads are finished in any case."""
        data = noise(2_000_000)
        self.known_busy = set()
        uploads = [self.begin_upload(data) for _ in range(2)]
        waiting = [client.connect(self.site.address) for _ in range(5)]
        for sock in waiting:
            self.addCleanup(sock.close)
            sock.sendall(client.head("GET", "/up", [("Host", "localhost"), ("Connection", "close")]))
        self.wait_queued(5)
        self.site.pool.ends_asked += 2
        restart = threading.Thread(target=self.site.supervisor.restart_pool, args=(self.site.pool,))
        restart.start()
        process.wait_until(lambda: all(self.has_signal(pid) for _, _, pid in uploads), what="the signal")
        self.assertEqual(select.select(waiting, [], [], 0)[0], [])
        for sock, rest, _ in uploads:
            client.send(sock, client.cut(rest))
        stored = [client.read(sock, "POST") for sock, _, _ in uploads]
        restart.join()
        if self.site.differs(BACKLOG):
            self.assertEqual({client.read(sock).status for sock in waiting}, {502})
        else:
            self.assertEqual({client.read(sock).status for sock in waiting}, {200})
        self.site.pool.wait_whole()
        for answer in stored:
            self.assertStored(answer, data)
        self.assertEqual(self.site.upload(b"after").status, 201)

    def wait_queued(self, count):
        """Until so many connections stand in the socket's queue."""
        def queued():
            with open("/proc/net/unix", encoding="utf-8") as f:
                # Of state 02, connecting: to be accepted.
                return sum(line.split()[5] == "02" and line.split()[-1] == self.site.pool.socket for line in f)
        process.wait_until(lambda: queued() == count, what=f"{count} waiting connections")


class Recycling(Case):
    options = {"workers": 2}

    def test_worker_that_ends_by_itself(self):
        """None of them does where it would not be replaced."""
        self.site.expect_ends()
        self.site.restart(CDN_RECYCLE_REQUESTS=5)
        first = set(self.site.pool.pids())
        for number in range(30):
            self.assertEqual(self.site.upload(b"bytes").status, 201, number)
        if self.site.differs(REPLACED):
            self.assertEqual(set(self.site.pool.pids()), first)
        else:
            self.site.pool.wait_whole()
            self.assertFalse(first & set(self.site.pool.pids()))


class Broken(Case):
    options = {"workers": 2, "slow": 2}

    def test_workers_that_cannot_start(self):
        """They are tried again, without haste, and work once the mistake is mended."""
        self.site.expect_errors("CDN_MAX_BODY")
        self.site.expect_ends()
        self.site.write_settings(CDN_MAX_BODY="much")
        if self.site.differs(REPLACED):
            for pool in self.site.pools:
                self.site.supervisor.restart_pool(pool)
            process.wait_until(lambda: not self.site.pool.pids(), what="the end of all")
            self.site.write_settings(CDN_MAX_BODY="1M")
            for pool in self.site.pools:
                self.site.supervisor.start_pool(pool)
        else:
            self.site.supervisor.renew()
            process.wait_until(lambda: self.tries() >= 8, 30, "new tries")
            self.assertPatient()
            self.site.write_settings(CDN_MAX_BODY="1M")
        for pool in self.site.pools:
            pool.wait_whole(60)
        self.assertEqual(self.site.upload(b"after").status, 201)

    def test_killed_as_soon_as_it_starts(self):
        """A manager that counts failed starts must not give the worker up."""
        self.site.expect_ends()
        victims = set()
        for _ in range(1 if self.site.differs(REPLACED) else 5):
            pid = process.wait_until(lambda: min(set(self.site.slow.pids()) - victims, default=0), 30, "a new worker")
            victims.add(pid)
            for other in {pid, *self.site.slow.pids()}:
                victims.add(other)
                process.kill(other, signal.SIGKILL)
        if self.site.differs(REPLACED):
            self.wait_replaced(self.site.slow, *victims)
        self.site.slow.wait_whole(30)

    def tries(self):
        return self.site.pool.log_bytes().count(b"error: CDN_MAX_BODY")

    def assertPatient(self):
        """No worker is tried more often than once a second, and a slow machine makes that less, not more."""
        began, before = time.monotonic(), self.tries()
        process.wait_until(lambda: self.tries() >= before + 6, 60, "more tries")
        rate = (self.tries() - before) / (time.monotonic() - began) / self.site.pool.count
        print(f"tries a second and worker: {rate:.2f}")
        self.assertLess(rate, 1.6)


main()
