"""deploy/up and deploy/down, as a stranger uses them: two commands and the printed curl line."""
import hashlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import tempfile
import unittest

from harness import ROOT, free_port, main
from harness.samples import jpeg

JPEG = jpeg()


def run(name, *words, **more):
    return subprocess.run([os.path.join(ROOT, "deploy", name), *words], capture_output=True, text=True,
                          timeout=240, check=False, **more)


class Up(unittest.TestCase):
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
        """Run the printed line itself, beside a real photo.jpg; the URL that came back, and its bytes."""
        with open(os.path.join(self.scratch, "photo.jpg"), "wb") as f:
            f.write(JPEG)
        line = re.search(r"^\s*(curl .*)$", output, re.M).group(1)
        answer = subprocess.run(["curl", "-sS", *shlex.split(line)[1:]], capture_output=True, text=True,
                                timeout=30, check=True, cwd=self.scratch).stdout
        url = re.search(r'"url":"([^"]+)"', answer)
        self.assertIsNotNone(url, answer)
        return url.group(1), self.curl(url.group(1))

    def test_two_commands(self):
        data, port, first = self.up("one")
        self.assertEqual(first.returncode, 0, first.stdout + first.stderr)
        url, back = self.upload_as_printed(first.stdout)
        self.assertEqual(hashlib.sha256(back).digest(), hashlib.sha256(JPEG).digest())

        again = run("up", "--data", data, "--port", str(port), "--detach")
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        self.assertIn("Already running", again.stdout)
        self.assertNotIn("sk_cdn_", again.stdout, "a key is shown once")

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

    def test_a_port_in_use(self):
        with socket.socket() as busy:
            busy.bind(("127.0.0.1", 0))
            busy.listen()
            _, port, result = self.up("busy", busy.getsockname()[1])
        self.assertNotEqual(result.returncode, 0)
        self.assertEqual(result.stderr.strip().count("\n"), 0, result.stderr)
        self.assertIn(f"port {port} is in use", result.stderr)

    def test_wrong_words(self):
        data = os.path.join(self.scratch, "wrong")
        for words in (["--port", "x"], ["--port", "0"], ["--port"], ["--nonsense"], ["--data"]):
            result = run("up", "--data", data, *words, "--detach")
            self.assertNotEqual(result.returncode, 0, words)
            self.assertTrue(result.stderr, words)

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


if __name__ == "__main__":
    main()
