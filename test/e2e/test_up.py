"""deploy/up and deploy/down, as a stranger uses them: two commands and the printed curl line."""
import hashlib
import http.server
import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import threading
import unittest

from harness import ROOT, free_port, main, process, wait_until
from harness.samples import jpeg

JPEG = jpeg()
README = os.path.join(ROOT, "README.md")


def run(name, *words, **more):
    return subprocess.run([os.path.join(ROOT, "deploy", name), *words], capture_output=True, text=True,
                          timeout=240, check=False, **more)


class Case(unittest.TestCase):
    def setUp(self):
        self.scratch = tempfile.mkdtemp(prefix="cdn-up-")
        os.chmod(self.scratch, 0o755)
        self.started = []

    def tearDown(self):
        for data in self.started:
            run("down", "--data", data)
        shutil.rmtree(self.scratch)

    def up(self, name, port=None):
        data = os.path.join(self.scratch, name)
        self.started.append(data)
        port = port or free_port()
        return data, port, run("up", "--data", data, "--port", str(port), "--detach")

    def curl(self, *words):
        return subprocess.run(["curl", "-sS", *words], capture_output=True, timeout=30, check=True).stdout

    def upload_as_printed(self, output):
        """Run the printed line, but of a real photo.jpg; the URL that came back, and its bytes."""
        with open(os.path.join(self.scratch, "photo.jpg"), "wb") as f:
            f.write(JPEG)
        line = re.search(r"^\s*(curl .*)$", output, re.M).group(1).replace(README, "photo.jpg")
        answer = subprocess.run(["curl", "-sS", *shlex.split(line)[1:]], capture_output=True, text=True,
                                timeout=30, check=True, cwd=self.scratch).stdout
        url = re.search(r'"url":"([^"]+)"', answer)
        self.assertIsNotNone(url, answer)
        return url.group(1), self.curl(url.group(1))

    def assertRefused(self, result, said):
        """One line on stderr, and nothing else done."""
        self.assertNotEqual(result.returncode, 0, result.stdout)
        self.assertEqual(result.stderr.strip().count("\n"), 0, result.stderr)
        self.assertIn(said, result.stderr)

    def assertUp(self, result):
        self.assertEqual(result.returncode, 0, result.stdout + result.stderr)

    @staticmethod
    def listing(path):
        return sorted((os.path.join(top, name), os.lstat(os.path.join(top, name)).st_mtime_ns)
                      for top, folders, names in os.walk(path) for name in folders + names)


class Photo(http.server.BaseHTTPRequestHandler):
    authorizations = []

    def do_GET(self):
        self.authorizations.append(self.headers["Authorization"])
        self.send_response(200)
        self.send_header("Content-Length", str(len(JPEG)))
        self.end_headers()
        self.wfile.write(JPEG)

    def log_message(self, *_):
        pass


class Up(Case):
    def test_two_commands(self):
        data, port, first = self.up("one")
        self.assertEqual(first.returncode, 0, first.stdout + first.stderr)
        self.assertIn(f"Another: {ROOT}/build/cdnctl --env {data}/.env key add", first.stdout)
        self.assertIn(f"Logs:    {data}/log", first.stdout)
        pasted = subprocess.run(re.search(r"^\s*(curl .*)$", first.stdout, re.M).group(1), shell=True,
                                capture_output=True, text=True, timeout=30, check=True, cwd=self.scratch).stdout
        with open(README, "rb") as f:
            self.assertEqual(self.curl(json.loads(pasted)["url"]), f.read())
        url, back = self.upload_as_printed(first.stdout)
        self.assertEqual(hashlib.sha256(back).digest(), hashlib.sha256(JPEG).digest())

        again = run("up", "--data", data, "--port", str(port), "--detach")
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        self.assertIn("Already running", again.stdout)
        self.assertNotIn("sk_cdn_", again.stdout, "a key is shown once")

        # A first run that was cut short before it showed its key is finished by the next.
        os.remove(os.path.join(data, "conf", "account"))
        finished = run("up", "--data", data, "--detach")
        self.assertEqual(finished.returncode, 0, finished.stdout + finished.stderr)
        self.assertEqual(self.upload_as_printed(finished.stdout)[1], JPEG)

        other, _, second = self.up("two")
        self.assertEqual(second.returncode, 0, second.stdout + second.stderr)
        self.assertEqual(self.upload_as_printed(second.stdout)[1], JPEG, "two run side by side")
        self.assertEqual(run("down", "--data", other).returncode, 0)

        self.assertEqual(run("down", "--data", data).returncode, 0)
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=2)
        self.assertEqual(run("down", "--data", data).returncode, 0, "stopping twice does no harm")

        _, _, restarted = self.up("one", port)
        self.assertEqual(restarted.returncode, 0, restarted.stdout + restarted.stderr)
        self.assertEqual(self.curl(url), JPEG, "the file outlives the stop")

    @staticmethod
    def pools(data):
        """The workers of each pool."""
        with open(os.path.join(data, "run", "supervisord.pid"), encoding="ascii") as f:
            children = process.children(int(f.read()))
        found = {}
        for pid in children:
            with open(f"/proc/{pid}/comm", encoding="ascii") as f:
                name = f.read().strip()
            with open(f"/proc/{pid}/environ", "rb") as f:
                environment = dict(pair.split(b"=", 1) for pair in f.read().split(b"\0") if b"=" in pair)
            if name == "multiwatch":
                found[environment[b"SUPERVISOR_PROCESS_NAME"].decode()] = process.children(pid)
        return found

    def test_two_pools(self):
        data, port, first = self.up("pools")
        self.assertUp(first)
        before = self.pools(data)
        self.assertEqual(set(before), {"cdn-worker", "cdn-slow"})
        for path, log in (("/api/v4/upload_from_url", "slow.log"), ("/api/v4/upload", "worker.log")):
            self.curl("-X", "POST", f"http://127.0.0.1:{port}{path}")
            with open(os.path.join(data, "log", log), encoding="utf-8") as f:
                wait_until(lambda: f.seek(0) == 0 and f'"path":"{path}"' in f.read(), what=f"a line in {log}")

        # As if the program had been built anew.
        with open(os.path.join(data, "conf", "worker.sha256"), "w", encoding="ascii") as f:
            f.write(f"{'0' * 64}  {os.path.join(ROOT, 'build', 'cdn.fcgi')}\n")
        again = run("up", "--data", data, "--detach")
        self.assertUp(again)
        self.assertIn("The workers run the new build.", again.stdout)
        self.assertNotIn("has changed", again.stdout)

        def renewed():
            after = self.pools(data)
            return all(len(after[name]) == len(before[name]) and not set(after[name]) & set(before[name])
                       for name in before)

        wait_until(renewed, what="new workers in both pools")

        # As if an earlier version had started it: it goes on, and says what it takes to have the new files.
        with open(os.path.join(data, "conf", "nginx.conf"), "a", encoding="ascii") as f:
            f.write("# older\n")
        older = run("up", "--data", data, "--detach")
        self.assertUp(older)
        self.assertEqual(re.findall(r"(\S+) has changed", older.stdout), ["deploy/nginx.conf"])

        # Settings count from a start on.
        with open(os.path.join(data, ".env"), "a", encoding="ascii") as f:
            f.write("CDN_FETCH_PER_MINUTE=5\n")
        edited = run("up", "--data", data, "--detach")
        self.assertUp(edited)
        self.assertEqual(re.findall(r"(\S+) has changed", edited.stdout), [os.path.join(data, ".env")])

    def test_from_a_url(self):
        """Closed to this machine's own addresses as it comes; with two lines in .env, README's example works."""
        data, port, first = self.up("fetch")
        self.assertUp(first)
        key = re.search(r"sk_cdn_[0-9a-f]{64}", first.stdout).group(0)
        origin = http.server.HTTPServer(("127.0.0.1", 0), Photo)
        threading.Thread(target=origin.serve_forever, daemon=True).start()
        self.addCleanup(origin.server_close)
        self.addCleanup(origin.shutdown)
        source = f"http://127.0.0.1:{origin.server_port}/photo.jpg"
        words = ["-H", "Authorization: Bearer " + key, f"http://127.0.0.1:{port}/api/v4/upload_from_url"]
        for refused in (source, "http://127.0.0.1/photo.jpg", f"http://localhost:{origin.server_port}/"):
            answer = json.loads(self.curl("-d", "url=" + refused, *words))
            self.assertIn(answer["error"], ("Upload failed: Invalid host", "Upload failed: IP address not allowed"))
        self.assertEqual(run("down", "--data", data).returncode, 0)
        with open(os.path.join(data, ".env"), "a", encoding="ascii") as f:
            f.write(f"CDN_FETCH_OPEN=127.0.0.0/8\nCDN_FETCH_PORTS=80,443,{origin.server_port}\n")
        self.assertUp(self.up("fetch", port)[2])
        as_json = ["-H", "Content-Type: application/json", "-d", json.dumps({"url": source})]
        for form in (["-d", "url=" + source], as_json, ["-H", "X-Download-Authorization: Bearer x", *as_json]):
            made = json.loads(self.curl(*form, *words))
            self.assertEqual((made["filename"], made["content_type"]), ("photo.jpg", "image/jpeg"))
            self.assertEqual(self.curl(made["url"]), JPEG)
        self.assertEqual(Photo.authorizations, [None, None, "Bearer x"])

    def test_a_path_prefix(self):
        """An address of the operator's own, with a path: nginx is mounted there, on this machine's port."""
        data, port, first = self.up("prefix")
        self.assertUp(first)
        self.assertEqual(run("down", "--data", data).returncode, 0)
        with open(os.path.join(data, ".env"), "r+", encoding="utf-8") as f:
            text = f.read().replace(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{port}/cdn")
            f.seek(0)
            f.write(text)
        other = free_port()
        _, _, again = self.up("prefix", other)
        self.assertUp(again)
        self.assertIn(f"Running: http://127.0.0.1:{other}/cdn ", again.stdout)
        key = re.search(r"sk_cdn_[0-9a-f]{64}", first.stdout).group(0)
        url, back = self.upload_as_printed(again.stdout.replace("YOUR_KEY", key))
        self.assertRegex(url, f"^http://127.0.0.1:{other}/cdn/")
        self.assertEqual(back, JPEG)
        running = run("up", "--data", data, "--detach")
        self.assertUp(running)
        self.assertIn(f"Running: http://127.0.0.1:{other}/cdn ", running.stdout)
        self.assertNotIn("has changed", running.stdout)

    def test_a_port_in_use(self):
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            _, port, result = self.up("busy", busy.getsockname()[1])
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(result.stderr.strip().count("\n"), 0, result.stderr)
        self.assertIn(f"port {port} is in use", result.stderr)
        self.assertEqual(os.listdir(self.scratch), [], "no folder before it is known where to listen")

    def test_help(self):
        for name in ("up", "down"):
            for word in ("-h", "--help"):
                result = run(name, word)
                self.assertEqual((result.returncode, result.stderr), (0, ""))
                self.assertTrue(result.stdout.startswith(name + " "), result.stdout)
        self.assertNotIn("www-data", run("up", "--help").stdout)

    def test_another_port_while_it_runs(self):
        data, port, first = self.up("moved")
        self.assertUp(first)
        _, other, second = self.up("moved")
        self.assertRefused(second, f"it runs on port {port}")
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", other), timeout=2)
        self.assertUp(run("up", "--data", data, "--detach"))

    def test_the_store_is_not_mounted(self):
        data, port, first = self.up("disk")
        self.assertUp(first)
        url, _ = self.upload_as_printed(first.stdout)
        run("down", "--data", data)
        store, away = os.path.join(data, "data"), os.path.join(data, "away")
        os.rename(store, away)
        before = self.listing(data)
        self.assertRefused(self.up("disk", port)[2], "is its disk mounted?")
        self.assertEqual(self.listing(data), before)
        os.mkdir(store)
        self.assertRefused(self.up("disk", port)[2], "is its disk mounted?")
        self.assertEqual(os.listdir(store), [])
        os.rmdir(store)
        os.rename(away, store)
        self.assertUp(self.up("disk", port)[2])
        self.assertEqual(self.curl(url), JPEG)

    def test_a_part_is_down(self):
        """As after a restart with a full disk, or with a Redis that is loading: what is public must answer."""
        data, port, first = self.up("ill")
        self.assertUp(first)
        url, _ = self.upload_as_printed(first.stdout)
        for setting, part in [("CDN_MIN_FREE=900000G", "free_space"), ("CDN_REDIS_URL=unix:///none.sock", "redis")]:
            run("down", "--data", data)
            with open(os.path.join(data, ".env"), "r+", encoding="utf-8") as f:
                lines = [line for line in f if not line.startswith(setting.partition("=")[0])]
                f.seek(0)
                f.truncate()
                f.writelines([*lines, setting + "\n"])
            with self.subTest(part=part):
                again = self.up("ill", port)[2]
                self.assertUp(again)
                self.assertRegex(again.stdout, f"(?m)^Warning: .*{part}")
                self.assertEqual(self.curl(url), JPEG)
                self.assertEqual(self.curl(url + ".other"), JPEG, "by way of a worker")

    def test_what_the_address_of_redis_misreads(self):
        for name in ("a@b", "a%41", "a?b", "a#b", "a b"):
            self.assertRefused(run("up", "--data", os.path.join(self.scratch, name), "--detach"), "only letters")
            self.assertFalse(os.path.exists(os.path.join(self.scratch, name)))

    def test_wrong_words(self):
        data = os.path.join(self.scratch, "wrong")
        for words in (["--port", "x"], ["--port", "0"], ["--port"], ["--nonsense"], ["--data"]):
            result = run("up", "--data", data, *words, "--detach")
            self.assertNotEqual(result.returncode, 0, words)
            self.assertTrue(result.stderr, words)
            self.assertFalse(os.path.exists(data))

    def test_no_root_and_no_sudo(self):
        """With a package missing, and no way to install it: one clear line."""
        tools = os.path.join(self.scratch, "bin")
        os.mkdir(tools)
        with open(os.path.join(tools, "dpkg-query"), "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\nexit 1\n")
        for name in ("sudo", "apt-get"):
            with open(os.path.join(tools, name), "w", encoding="utf-8") as f:
                f.write("#!/bin/sh\necho reached >&2\nexit 1\n")
        with open(os.path.join(tools, "id"), "w", encoding="utf-8") as f:
            f.write("#!/bin/sh\ncase $1 in -u) echo 1000 ;; *) exec /usr/bin/id \"$@\" ;; esac\n")
        for name in os.listdir(tools):
            os.chmod(os.path.join(tools, name), 0o755)
        data = os.path.join(self.scratch, "poor")
        result = run("up", "--data", data, "--port", str(free_port()), "--detach",
                     env={**os.environ, "PATH": tools + ":" + os.environ["PATH"]})
        self.assertNotEqual(result.returncode, 0)
        last = result.stderr.strip().splitlines()[-1]
        self.assertRegex(last, "root|sudo|install", result.stderr)


class Owners(Case):
    """Run by root, "up" trusts nothing that the servers' user can change. Anybody else is that user."""

    def setUp(self):
        super().setUp()
        self.victim = os.path.join(self.scratch, "victim")
        with open(self.victim, "w", encoding="utf-8") as f:
            f.write("precious")
        self.data, self.port, self.first = self.up("owned")
        self.assertUp(self.first)
        self.user = os.stat(os.path.join(self.data, "run")).st_uid

    def at(self, name):
        return os.path.join(self.data, name)

    def plant(self, *names):
        for name in names:
            if os.path.lexists(self.at(name)):
                os.unlink(self.at(name))
            os.symlink(self.victim, self.at(name))
            os.lchown(self.at(name), self.user, -1)

    def assertUnharmed(self):
        with open(self.victim, encoding="utf-8") as f:
            self.assertEqual(f.read(), "precious")
        self.assertEqual(os.stat(self.victim).st_uid, os.getuid())
        self.assertFalse(os.path.exists(os.path.join(self.scratch, "ran")))

    def as_user(self, *command):
        become = ["setpriv", "--reuid", str(self.user), "--regid", str(os.stat(self.at("run")).st_gid),
                  "--clear-groups", "--"] if os.getuid() == 0 else []
        return subprocess.run([*become, *command], capture_output=True, text=True, timeout=30, check=False)

    def test_whose_is_what(self):
        for name in (".", "conf", ".env", *(os.path.join("conf", name) for name in os.listdir(self.at("conf")))):
            with self.subTest(name=name):
                found = os.stat(self.at(name))
                self.assertEqual(found.st_uid, os.getuid())
                self.assertEqual(found.st_mode & 0o027, 0, "the user's group reads, nobody else")
                if os.getuid() == 0 and self.user != 0:
                    self.assertNotEqual(self.as_user("test", "-w", self.at(name)).returncode, 0)
        for name in ("run", "log", "redis", "data"):
            self.assertEqual(os.stat(self.at(name)).st_uid, self.user, name)
        accounts = self.as_user(os.path.join(ROOT, "build", "cdnctl"), "--env", self.at(".env"), "account", "list")
        self.assertIn("admin@localhost", accounts.stdout, accounts.stderr)

    def test_links_where_root_might_write(self):
        run("down", "--data", self.data)
        self.plant(*("run/" + name for name in ("up.lock", "worker.sha256")),
                   *("log/" + name for name in ("up.log", "build.log", "install.log")))
        self.assertUp(self.up("owned", self.port)[2])
        self.assertUnharmed()

    def test_a_port_that_is_more_than_a_port(self):
        run("down", "--data", self.data)
        ran = os.path.join(self.scratch, "ran")
        for text in (f"{self.port}|x|;1e touch {ran};s|y", f"1\n1e touch {ran}", "x", "99999", "../../x"):
            with open(self.at("conf/port"), "w", encoding="utf-8") as f:
                f.write(text)
            with self.subTest(text=text):
                result = self.up("owned")[2]
                self.assertNotEqual(result.returncode, 0)
                self.assertIn("not a port", result.stderr)
        self.assertUnharmed()

    def test_a_folder_that_was_the_users(self):
        """As earlier versions left it: everything belongs to the servers' user, who has planted links."""
        run("down", "--data", self.data)
        for name in (".", "conf", "conf/port", ".env"):
            os.chown(self.at(name), self.user, -1)
        self.plant("conf/nginx.conf", "conf/redis.conf", "conf/worker.sha256", "conf/up.lock", "conf/nginx.conf.new",
                   ".env.new", "up.log", "build.log", "install.log")
        self.assertUp(self.up("owned", self.port)[2])
        self.assertUnharmed()
        self.assertEqual(os.stat(self.at("conf")).st_uid, os.getuid())
        run("down", "--data", self.data)
        if self.user != os.getuid():
            os.rename(self.at("log"), self.at("log.old"))
            self.plant("log")
            self.assertRefused(self.up("owned", self.port)[2], "is a link of somebody else's")
            self.assertUnharmed()


if __name__ == "__main__":
    main()
