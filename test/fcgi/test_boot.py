"""What a worker says, and how it ends, when it cannot start."""
import os
import re
import socket
import subprocess
import tempfile
import time
import unittest

from harness import BUILD, Folder, Redis, main
from harness.servers import SANITIZERS

EXIT_CONFIG = 78


class Boot(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        for name in ("files", "records", "tmp"):
            os.mkdir(os.path.join(cls.folder.data, name))
        open(os.path.join(cls.folder.data, ".cdn-store"), "w", encoding="ascii").close()
        cls.redis = Redis(cls.folder).start()
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        cls.redis.stop()
        cls.folder.remove()

    def settings(self, **changes):
        values = {"CDN_PUBLIC_URL": "http://127.0.0.1:1", "CDN_DATA_DIR": self.folder.data,
                  "CDN_REDIS_URL": self.redis.url, **changes}
        path = os.path.join(self.folder.path, ".env")
        with open(path, "w", encoding="utf-8") as f:
            f.writelines(f"{name}={value}\n" for name, value in values.items())
        return {"PATH": os.environ["PATH"], "CDN_ENV_FILE": path, **SANITIZERS}

    def run_worker(self, stdin, env, arguments=()):
        """One that ends by itself: (status, the lines it said)."""
        done = subprocess.run([os.path.join(BUILD, "cdn.fcgi"), *arguments], stdin=stdin, env=env, timeout=20,
                              capture_output=True, text=True, cwd=self.folder.path)
        self.assertEqual(done.stdout, "")
        return done.returncode, done.stderr.splitlines()

    def listener(self):
        self.count += 1
        sock = socket.socket(socket.AF_UNIX)
        sock.bind(os.path.join(self.folder.run, f"{self.id().rpartition('.')[2][:20]}{self.count}"))
        sock.listen(5)
        self.addCleanup(sock.close)
        return sock

    def starts(self, env):
        """One that starts: what it has said once it answers a connection, or after a while."""
        with tempfile.TemporaryFile() as out:
            worker = subprocess.Popen([os.path.join(BUILD, "cdn.fcgi")], stdin=self.listener(), stderr=out, env=env,
                                      cwd=self.folder.path)
            try:
                time.sleep(1)
                self.assertIsNone(worker.poll())
            finally:
                worker.terminate()
                self.assertEqual(worker.wait(10), 0)
            out.seek(0)
            return out.read().decode().splitlines()

    def assertSays(self, lines, *patterns):
        """These lines and no others, each once."""
        self.assertEqual(len(lines), len(patterns), lines)
        for pattern in patterns:
            self.assertEqual(len([line for line in lines if re.search(pattern, line)]), 1, (pattern, lines))

    def test_no_listener(self):
        env = self.settings()
        plain = os.path.join(self.folder.path, "plain")
        with open(plain, "w+b") as file, open(os.devnull, "rb") as null, socket.socket(socket.AF_UNIX) as sock:
            one, other = socket.socketpair()
            for stdin in (file, null, sock, one):
                with self.subTest(stdin=stdin):
                    status, lines = self.run_worker(stdin, env)
                    self.assertEqual(status, EXIT_CONFIG)
                    self.assertSays(lines, r"^cdn\.fcgi\[\d+\]: error: descriptor 0 is not a listening socket")
            one.close()
            other.close()
        closed = subprocess.run(["sh", "-c", '"$0" <&-', os.path.join(BUILD, "cdn.fcgi")], env=env, timeout=20,
                                capture_output=True, text=True)
        self.assertEqual(closed.returncode, EXIT_CONFIG)
        self.assertSays(closed.stderr.splitlines(), "descriptor 0 is not a listening socket")

    def test_arguments(self):
        for argument in ("--help", "-h", "x"):
            status, lines = self.run_worker(self.listener(), self.settings(), [argument])
            self.assertEqual(status, 2)
            self.assertIn("usage:", lines[0])

    def test_every_mistake_at_once(self):
        env = self.settings(CDN_PUBLIC_URL="ftp://x", CDN_DATA_DIR="data", CDN_SENDFILE="perhaps",
                            CDN_MAX_BODY="10X", CDN_RECEIVE_TIMEOUT="0", CDN_RATE_WINDOW="ten", CDN_FSYNC="yes",
                            CDN_MAX_BODDY="1M", CDN_RECYCLE_AGE="-1")
        status, lines = self.run_worker(self.listener(), env)
        self.assertEqual(status, EXIT_CONFIG)
        for name in ("CDN_PUBLIC_URL", "CDN_DATA_DIR", "CDN_SENDFILE", "CDN_MAX_BODY", "CDN_RECEIVE_TIMEOUT",
                     "CDN_RATE_WINDOW", "CDN_FSYNC", "CDN_MAX_BODDY", "CDN_RECYCLE_AGE"):
            with self.subTest(name=name):
                found = [line for line in lines if re.search(rf"^cdn\.fcgi\[\d+\]: error: {name}: \w", line)]
                self.assertEqual(len(found), 1, lines)

    def test_env_file(self):
        env = self.settings()
        env["CDN_ENV_FILE"] = "/nowhere/.env"
        status, lines = self.run_worker(self.listener(), env)
        self.assertEqual(status, EXIT_CONFIG)
        self.assertTrue([line for line in lines if "/nowhere/.env" in line and "No such file" in line], lines)

    def test_bad_redis_url(self):
        status, lines = self.run_worker(self.listener(), self.settings(CDN_REDIS_URL="http://x"))
        self.assertEqual(status, EXIT_CONFIG)
        self.assertEqual(len(lines), 1, lines)

    def test_redis_that_evicts(self):
        for policy in ("allkeys-lru", "volatile-ttl"):
            with self.subTest(policy=policy):
                self.redis.command("CONFIG", "SET", "maxmemory-policy", policy)
                try:
                    status, lines = self.run_worker(self.listener(), self.settings())
                finally:
                    self.redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")
                self.assertEqual(status, EXIT_CONFIG)
                self.assertSays(lines, r"error: Redis: maxmemory-policy: .*noeviction")

    def test_all_well(self):
        self.assertSays(self.starts(self.settings()))

    def test_redis_without_append_only_file(self):
        self.redis.command("CONFIG", "SET", "appendonly", "no")
        try:
            lines = self.starts(self.settings())
        finally:
            self.redis.command("CONFIG", "SET", "appendonly", "yes")
        self.assertSays(lines, r"warning: Redis: appendonly is off")

    def test_parts_that_may_come_later(self):
        lines = self.starts(self.settings(CDN_REDIS_URL="unix:///nowhere/redis.sock", CDN_DATA_DIR="/nowhere"))
        self.assertSays(lines, r"warning: .*Redis", r"warning: .*store /nowhere")

    def test_secret_from_a_file(self):
        path = os.path.join(self.folder.path, "secret")
        with open(path, "w", encoding="ascii") as f:
            f.write(self.redis.url + "\n")
        env = self.settings(CDN_REDIS_URL_FILE=path)
        with open(env["CDN_ENV_FILE"], encoding="utf-8") as f:
            lines = [line for line in f if not line.startswith("CDN_REDIS_URL=")]
        with open(env["CDN_ENV_FILE"], "w", encoding="utf-8") as f:
            f.writelines(lines)
        self.assertSays(self.starts(env))


main()
