"""deploy/README.md, from what somebody has to a file, and README.md's way to a service: they lead where they say."""
import configparser
import grp
import os
import pwd
import re
import shlex
import shutil
import stat
import subprocess
import tempfile
import unittest

from harness import BUILD, ROOT, Folder, Redis, client, free_port, main, process
from harness.fronts import WAYS
from harness.samples import jpeg
from harness.servers import SANITIZERS, cdnctl_config, configurations
from harness.supervisors import SUPERVISORS

GUIDE = "deploy/README.md"


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as f:
        return f.read()


def rows():
    """The tables of the guide: lists of cells."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in re.findall(r"(?m)^\|.*\|$", read(GUIDE))]


def spans(text):
    return re.findall(r"`([^`]+)`", text)


class Guide(unittest.TestCase):
    def test_each_file_is_named(self):
        linked = set(re.findall(r"\]\(([^)#]+)\)", read(GUIDE)))
        for file in configurations():
            self.assertTrue({file, os.path.dirname(file)} & linked, file)
        for target in linked:
            self.assertTrue(os.path.exists(os.path.join(ROOT, "deploy", target)), target)

    def test_each_command_prints(self):
        names = set()
        with tempfile.TemporaryDirectory() as folder:
            for text in [cell for row in rows() for cell in row] + [read(GUIDE)]:
                for span in spans(text):
                    if span.startswith("cdnctl config "):
                        self.assertNotIn(">", span, "the shell would empty a file before cdnctl can refuse")
                        words = shlex.split(re.sub(r"--to \S+|--replace", "", span))[2:]
                        with self.subTest(command=span):
                            cdnctl_config(*words, "--replace", "--to", folder, f"DIR={folder}")
                        names.add(words[0])
        self.assertEqual(names, set(configurations().values()))

    def test_sendfile(self):
        """The setting to choose is one that the file provides for."""
        told = [row for row in rows() if len(row) == 4 and row[1].startswith("`cdnctl config")]
        self.assertTrue(told)
        for row in told:
            with self.subTest(row=row[0]):
                for file in re.findall(r"\]\(([^)]+)\)", row[0]):
                    for words in re.findall(r"(?m)^#: CDN_SENDFILE (\S+)", read("deploy", file)):
                        self.assertLessEqual(set(spans(row[3])), set(words.split("|")))

    def test_what_each_cannot_do(self):
        """As the heads of the files say it, and the tests assert it."""
        told = [row[1].lower() for row in rows() if len(row) == 2 and row[1]]
        for name, way in {**WAYS, **SUPERVISORS}.items():
            for sentence in way.differences.values():
                self.assertTrue(any(sentence.lower() in cell for cell in told), f"{name}: not in the last table of {GUIDE}: {sentence}")
        known = [sentence.lower() for way in [*WAYS.values(), *SUPERVISORS.values()] for sentence in way.differences.values()]
        for cell in told:
            if cell not in ("cannot", "---"):
                self.assertTrue(any(sentence in cell for sentence in known), cell)


class OwnRedis(unittest.TestCase):
    """The two pieces of configuration that the guide has for Redis."""

    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.remove)

    @staticmethod
    def block(kind):
        return re.search(rf"(?s)```{kind}\n(.*?)```", read(GUIDE)).group(1)

    def test_debians_own(self):
        """Its lines behind Debian's: nothing that was answered is lost, and nobody but its group may ask."""
        path = os.path.join(self.folder.conf, "redis.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write("port 6379\nappendonly no\nappendfsync everysec\n")
            f.write(self.block("conf").replace("/run/redis", self.folder.redis))
            f.write(f"dir {self.folder.redis}\n")
        redis = Redis(self.folder)
        redis.socket = os.path.join(self.folder.redis, "redis-server.sock")
        redis.process = process.start(["redis-server", path], redis.log)
        self.addCleanup(redis.stop)
        process.wait_until(redis.ready, what="Redis answering")
        for name, value in (("port", "0"), ("appendonly", "yes"), ("appendfsync", "always"), ("maxmemory-policy", "noeviction")):
            self.assertEqual(redis.command("CONFIG", "GET", name), [name, value])
        self.assertEqual(stat.S_IMODE(os.stat(redis.socket).st_mode), 0o770)
        self.assertIn("unix://" + "/run/redis/redis-server.sock", read(GUIDE))

    def test_under_supervisord(self):
        """As supervisord-main.conf starts it."""
        ours, theirs = configparser.RawConfigParser(), configparser.RawConfigParser(strict=False, inline_comment_prefixes=())
        ours.read_string(self.block("ini"))
        theirs.read_string(cdnctl_config("supervisord-main", "DIR=/etc/cdn"))
        command = theirs["program:redis"]["command"]
        self.assertTrue(command.endswith(" " + ours["program:cdn-redis"]["command"]), command)
        self.assertEqual(ours["program:cdn-redis"]["user"], "cdn")
        for name in ("priority", "stopwaitsecs"):
            self.assertEqual(ours["program:cdn-redis"][name], theirs["program:redis"][name])


class Session(unittest.TestCase):
    """Steps 2 to 7 of "Running it for real", with other paths, another user and another port."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="cdn-real-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        user = pwd.getpwnam("www-data") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.user, group = user.pw_name, grp.getgrgid(user.pw_gid).gr_name
        self.me = pwd.getpwuid(os.getuid()).pw_name
        self.port = free_port()
        for name in ("bin",):
            os.mkdir(os.path.join(self.folder, name))
        self.paths = {"/etc/cdn": "conf", "/usr/local/bin": "bin", "/srv/cdn": "data", "/run/cdn": "run", "/var/log/cdn": "log",
                      "/var/lib/cdn-redis": "redis"}
        self.others = {"-o root": f"-o {self.me}", "-o cdn": f"-o {self.user}", "-g cdn": f"-g {group}", "chgrp cdn": f"chgrp {group}",
                       "user=cdn": f"user={self.user}", "https://cdn.example.org": f"http://127.0.0.1:{self.port}",
                       "127.0.0.1:8080": f"127.0.0.1:{self.port}"}

    def here(self, text):
        for path, ours in self.paths.items():
            text = text.replace(path, os.path.join(self.folder, ours))
        for theirs, ours in self.others.items():
            text = text.replace(theirs, ours)
        return text

    def run_block(self, block):
        # The build is there already; a user is not made.
        prelude = "cmake() { :; }\nuseradd() { :; }\n"
        run = subprocess.run(["sh", "-euc", prelude + self.here(block)], cwd=self.folder, capture_output=True, text=True, timeout=60,
                             env={"PATH": f"{self.folder}/bin:" + os.environ["PATH"], **SANITIZERS})
        self.assertEqual((run.returncode, run.stderr), (0, ""), block)

    def test_it(self):
        section = re.search(r"(?ms)^## Running it for real\n(.*?)(?=^## )", read("README.md")).group(1)
        blocks = [re.sub(r"(?m)^   ", "", block) for block in re.findall(r"(?ms)^   ```sh\n(.*?)^   ```", section)]
        lines = spans(re.sub(r"\n\s+", " ", re.sub(r"(?ms)^   ```.*?```$", "", section)))
        self.assertEqual(len(blocks), 4, "of steps 2 to 5")
        os.symlink(BUILD, os.path.join(self.folder, "build"))
        for block in [*blocks, next(line for line in lines if line.endswith("store init"))]:
            self.run_block(block)
        self.move_configurations()
        server = process.start(shlex.split(self.here(next(line for line in lines if line.startswith("supervisord -n ")))),
                               os.path.join(self.folder, "log", "out.log"), SANITIZERS)
        self.addCleanup(process.stop, server, timeout=60)
        try:
            process.wait_until(self.is_up, what="GET /up", timeout=30)
            self.use()
        except BaseException:
            self.show_logs()
            raise

    def move_configurations(self):
        """The paths that are their defaults."""
        for name in ("redis.conf", "nginx.conf", "nginx-main.conf", "supervisord.conf", "supervisord-main.conf"):
            with open(os.path.join(self.folder, "conf", name), "r+", encoding="utf-8") as f:
                text = self.here(f.read())
                f.seek(0)
                f.truncate()
                f.write(text)

    def cdnctl(self, *words):
        command = [os.path.join(self.folder, "bin/cdnctl"), "--env", os.path.join(self.folder, "conf/.env"), *words]
        run = subprocess.run(command, capture_output=True, text=True, timeout=60)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return run.stdout.strip()

    def request(self, method, path, headers=(), body=None):
        return client.request(("127.0.0.1", self.port), method, path, list(headers), body)

    def use(self):
        self.cdnctl("account", "add", "a@example.org", "--name", "A")
        key = self.cdnctl("key", "add", "a@example.org", "--name", "k")
        answer = self.request("PUT", "/api/v4/upload/a.jpg", [("Authorization", "Bearer " + key)], jpeg())
        self.assertEqual(answer.status, 201)
        self.assertEqual(self.request("GET", answer.json["url"].removeprefix(f"http://127.0.0.1:{self.port}")).body, jpeg())
        self.cdnctl("doctor", f"http://127.0.0.1:{self.port}")

    def show_logs(self):
        for name in os.listdir(os.path.join(self.folder, "log")):
            with open(os.path.join(self.folder, "log", name), encoding="utf-8", errors="replace") as f:
                print(f"--- {name}\n{f.read()[-2000:]}")

    def is_up(self):
        try:
            return self.request("GET", "/up").status == 200
        except OSError:
            return False


main()
