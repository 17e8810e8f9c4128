"""lighttpd by deploy/lighttpd.conf beyond the case list: what it refuses by itself, pools that are not there, restarts."""
import os
import random
import select
import shutil
import signal
import socket
import subprocess
import unittest

from harness import Folder, Multipart, Part, Site, SiteCase, client, main, process, wait_until
from harness.fronts.lighttpd import LighttpdSocket, LighttpdStarted
from harness.load import Load
from harness.responder import Responder
from harness.samples import png

FETCH = "/api/v4/upload_from_url"
KB = 1024
JSON = {"Content-Type": "application/json"}


class Own(SiteCase):
    """What lighttpd answers without a worker has the form of the worker's answers."""

    def assertOwn(self, answer, status, code, retry=None):
        self.assertEqual((answer.status, answer.json["status"], answer.json["code"]), (status, status, code), answer)
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        self.assertEqual(answer.header("X-Content-Type-Options"), "nosniff")
        self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
        self.assertEqual(answer.header("Retry-After"), retry)
        self.assertEqual(answer.json["request_id"], answer.header("X-Request-Id"))
        self.assertTrue(answer.json["documentation_url"].startswith(self.site.url + "/"))
        with open(self.site.front.log, encoding="utf-8") as f:
            self.assertEqual(len([line for line in f if answer.header("X-Request-Id") in line]), 1)
        self.assertNotIn(answer.header("X-Request-Id"), str(self.site.access_so_far()))


class Small(LighttpdSocket):
    """With a limit for bodies of unknown length that a test can reach."""

    names = {"MAX_KB": 200}


class Refusals(Own):
    options = {"front": Small}

    def ask(self, size, method="DELETE", path="/api/v4/uploads/batch", **more):
        return self.site.request(method, path, JSON, b" " * size, key=True, **more)

    def assertReached(self, answer):
        self.assertIn(answer.header("X-Request-Id"), [line["id"] for line in self.site.access()])

    def test_bodies(self):
        for more in ({}, {"chunked": True}):
            with self.subTest(**more):
                self.assertOwn(self.ask(KB * KB + 1, **more), 413, "body_too_large")
                self.assertReached(self.ask(KB * KB, **more))
                self.assertOwn(self.ask(64 * KB + 1, "POST", FETCH, **more), 413, "body_too_large")
                self.assertReached(self.ask(64 * KB, "POST", FETCH, **more))

    def test_uploads(self):
        """Those of unknown length are lighttpd's to limit, as it keeps them."""
        data = bytes(300 * KB)
        for call in (lambda **more: self.site.upload(data, "a", **more), lambda **more: self.site.batch([("a", data)], **more),
                     lambda **more: self.site.put(data, **more)):
            self.assertEqual(call().status, 201)
            self.assertOwn(call(chunked=True), 413, "body_too_large")

    def test_heads(self):
        self.assertOwn(self.site.get("/up", {"X-Long": "a" * 20_000}), 400, "bad_request")
        self.assertEqual(self.site.get("/up", {"X-Long": "a" * 10_000}).status, 200)
        self.assertOwn(self.site.get("/up", host=None), 400, "bad_request")
        answer = self.site.request("BREW", "/up")
        self.assertOwn(answer, 405, "method_not_allowed")

    def test_a_body_is_here_before_a_worker_is_asked(self):
        pools = [(self.site.pool, "DELETE", "/api/v4/uploads/batch"), (self.site.slow, "POST", FETCH)]
        for pool, method, path in pools:
            with client.connect(self.site.address) as sock:
                sock.sendall(client.head(method, path, [("Host", "x"), ("Content-Length", 4), *JSON.items()]) + b"12")
                for _ in range(5):
                    self.assertEqual(self.site.request(method, path, JSON, b"{}").status, 401)
                asked = len(self.site.access(pool))
                sock.sendall(b"34")
                self.assertEqual(client.read(sock).status, 401)
                self.assertEqual(len(self.site.access(pool)), asked + 1)


class Pools(Own):
    """A pool that is not there, or too busy."""

    options = {"workers": 1, "front": LighttpdSocket}

    def fetch(self):
        return self.site.request("POST", FETCH, JSON, b"{}", key=True)

    def test_no_worker(self):
        picture = self.site.upload(png(), "a.png").json["url"]
        self.site.pool.stop()
        try:
            for path in ("/up", "/api/v4/me"):
                self.assertOwn(self.site.get(path), 503, "unavailable", "5")
            self.assertEqual(self.site.fetch(picture).body, png())
            self.assertEqual(self.fetch().json["code"], "missing_parameter")
        finally:
            self.site.pool.start()
        wait_until(lambda: self.site.get("/up").status == 200, what="the pool found again")

    def test_no_slow_pool(self):
        self.site.slow.stop()
        try:
            self.assertOwn(self.fetch(), 503, "unavailable", "5")
            self.assertEqual(self.site.me().status, 200)
            self.assertEqual(self.site.request("OPTIONS", FETCH).status, 204)
        finally:
            self.site.slow.start()
        wait_until(lambda: self.fetch().status == 400, what="the pool found again")

    def test_full_line(self):
        """A line of one, which nobody serves."""
        self.site.slow.stop()
        path = self.site.slow.socket
        with socket.socket(socket.AF_UNIX) as listener:
            if os.path.exists(path):
                os.unlink(path)
            listener.bind(path)
            listener.listen(0)
            with client.connect(self.site.address) as first:
                head = client.head("POST", FETCH, [("Host", "x"), ("Content-Length", 0)])
                first.sendall(head)
                wait_until(lambda: select.select([listener], [], [], 0)[0], what="the first in the line")
                self.assertOwn(self.fetch(), 503, "unavailable", "5")
                self.assertEqual(self.site.me().status, 200)
        os.unlink(path)
        self.site.slow.start()
        wait_until(lambda: self.fetch().status == 400, what="the pool found again")

    def test_killed_with_a_body(self):
        form = Multipart(Part(bytes(500 * KB), filename="a"))
        with self.site.begin("POST", "/api/v4/upload", {
                "Content-Type": form.content_type, "Content-Length": len(form.body())}, key=True) as sock:
            sock.sendall(form.body()[:300 * KB])
            wait_until(lambda: self.site.held([self.site.pool]) or self.holds_unnamed(), what="an upload under way")
            self.site.pool.signal(signal.SIGKILL)
            self.assertOwn(client.read(sock), 502, "bad_gateway", "1")
        self.assertEqual(self.site.stored(), [path for path in self.site.stored() if path.endswith(("png", "json"))])
        wait_until(lambda: self.site.get("/up").status == 200, what="the next worker")

    def holds_unnamed(self):
        return [fd for pid in self.site.pool.pids() for fd in self.site.descriptors(pid) if self.site.folder.data in fd
                and "deleted" in fd]


class Streamed(SiteCase):
    options = {"front": LighttpdSocket}
    settings = {"CDN_SENDFILE": "off"}

    def test_an_answer_waits_in_the_worker(self):
        """While a reader takes his time over it, and not in a file of lighttpd's, but for some buffers."""
        made = self.site.upload(bytes(30_000 * KB), "a.bin").json
        with self.site.begin("GET", f"/{made['id']}/a.bin") as sock:
            self.assertEqual(sock.recv(12), b"HTTP/1.1 200")
            for _ in range(20):
                self.assertEqual(self.site.get("/up").status, 200)
            with os.scandir(os.path.join(self.site.folder.run, "uploads")) as entries:
                self.assertLess(sum(entry.stat().st_size for entry in entries), 1000 * KB)
            while sock.recv(1 << 20):
                pass


class HandOff(unittest.TestCase):
    """Whatever a worker names, only the store is open to it."""

    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.remove)
        self.front = LighttpdSocket(self.folder)
        self.responder = Responder(os.path.join(self.folder.run, "worker.sock"), self.answer)
        self.addCleanup(self.responder.close)
        self.front.start()
        self.addCleanup(self.front.stop)

    def answer(self, _values, _body):
        return b"Status: 200\r\nContent-Type: image/png\r\nX-Request-Id: 1\r\nX-Sendfile: " + self.path.encode() + b"\r\n\r\n"

    def ask(self, path, method="GET", **headers):
        self.path = path
        return client.request(self.front.address, method, "/x", headers)

    def test_paths(self):
        store = os.path.join(self.folder.data, "files")
        os.mkdir(store)
        for path in (store + "/a", self.folder.data + "/secret"):
            with open(path, "wb") as f:
                f.write(b"bytes")
        answer = self.ask(store + "/a")
        self.assertEqual((answer.status, answer.body, answer.header("X-Sendfile")), (200, b"bytes", None))
        for path in ("/etc/passwd", self.folder.data + "/secret", store + "/../secret", store, "a"):
            with self.subTest(path=path):
                answer = self.ask(path)
                self.assertEqual((answer.status, answer.json["code"], answer.json["request_id"]), (404, "not_found", "1"))
                self.assertIsNone(answer.header("X-Sendfile"))
        # Only GET has ranges (RFC 9110 section 14.2).
        self.assertEqual(self.ask(store + "/a", "HEAD", Range="bytes=9-").status, 200)
        self.assertEqual(self.ask(store + "/a", Range="bytes=9-").status, 416)
        self.assertEqual(self.ask(store + "/a", Range="bytes=0-99999999999999999999").body, b"bytes")


class Started(SiteCase):
    """Workers that lighttpd has started."""

    options = {"workers": 2, "front": LighttpdStarted}

    def begin(self, form):
        sock = self.site.begin("POST", "/api/v4/upload", {
            "Content-Type": form.content_type, "Content-Length": len(form.body())}, key=True)
        sock.sendall(form.body()[:300 * KB])
        return sock

    def test_others(self):
        """What is not below the prefix is left as it is."""
        for path in ("/", "/cd", "/cdnx", "/other"):
            answer = client.request(self.site.address, "GET", path)
            self.assertEqual((answer.status, answer.header("Content-Type")), (404 if path != "/" else answer.status, "text/html"))
            self.assertIsNone(answer.header("X-Request-Id"))

    def test_terminated_every_50_ms(self):
        """No failed and no shortened upload."""
        rng = random.Random(1)

        def act():
            for pid in rng.sample(self.site.pool.pids(), 1) if self.site.pool.pids() else []:
                self.site.expect_ends(1)
                process.kill(pid, signal.SIGTERM)

        load = Load(self.site)
        load.during(5, act, 0.05)
        self.assertEqual(load.faults, [])
        self.assertGreater(load.done, 15)

    def test_graceful_restart(self):
        """SIGUSR1: an upload under way is finished, the workers are new."""
        form = Multipart(Part(bytes(500 * KB), filename="a"))
        before = {pid for pool in self.site.pools for pid in pool.pids()}
        with self.begin(form) as sock:
            self.site.expect_ends(len(before))
            self.site.front.process.send_signal(signal.SIGUSR1)
            sock.sendall(form.body()[300 * KB:])
            self.assertEqual(client.read(sock).status, 201)
        wait_until(lambda: all(len(pool.pids()) == pool.count and not before & set(pool.pids()) for pool in self.site.pools),
                   what="new workers")
        self.assertEqual(self.site.upload(b"x", "a").status, 201)


class Ends(unittest.TestCase):
    def setUp(self):
        self.site = Site(front=LighttpdStarted, workers=2).start()
        self.addCleanup(self.site.kill)
        self.pids = [pid for pool in self.site.pools for pid in pool.pids()]

    def assertGone(self):
        wait_until(lambda: not [pid for pid in self.pids if os.path.exists(f"/proc/{pid}")], what="the end of the workers")

    def test_killed(self):
        """lighttpd itself: what it has started does not stay behind."""
        self.site.front.process.kill()
        self.assertGone()

    def test_multiwatch_killed(self):
        """Its workers do not stay behind, unseen by anybody; a restart begins anew."""
        self.pids = self.site.pool.pids()
        process.kill(self.site.pool.keepers()[0], signal.SIGKILL)
        self.assertGone()
        self.site.front.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: self.site.get("/up").status == 200, what="a new pool")
        self.site.pool.start()

    def test_stopped(self):
        self.site.front.process.terminate()
        self.assertGone()


class Check(unittest.TestCase):
    """lighttpd's own look at the file, within Debian's configuration."""

    def test_in_debian_s(self):
        site = Site(front=LighttpdStarted)
        self.addCleanup(site.kill)
        site.front.command()
        main_file = os.path.join(site.folder.path, "debian.conf")
        shutil.copyfile("/etc/lighttpd/lighttpd.conf", main_file)
        with open(main_file, "a", encoding="utf-8") as f:
            f.write(f'include "{site.folder.conf}/lighttpd.conf"\n')
        run = subprocess.run(["lighttpd", "-tt", "-f", main_file], capture_output=True, text=True, check=False,
                             env={"PATH": os.environ["PATH"] + process.SBIN})
        self.assertEqual((run.returncode, run.stdout), (0, ""), run.stderr)


main()
