"""Programs in many languages, as their users write them: each uploads a file, reads it back, lists and deletes it.

What they have in common is all that a web server may ask of a client: some send chunks, some Expect, some HTTP/1.0, some
wait for nothing and read the answer when they are done.
"""
import os
import random
import subprocess
import sys
import tempfile

from harness import ROOT, SiteCase, main

NAME = "blå himmel 1.bin"
SIZE = 300_000


class Clients(SiteCase):
    """Each of test/clients/ ends with OK, having made the requests that it is there for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.scratch = tempfile.TemporaryDirectory(prefix="cdn-clients-")
        cls.addClassCleanup(cls.scratch.cleanup)
        cls.path = os.path.join(cls.scratch.name, NAME)
        with open(cls.path, "wb") as f:
            f.write(random.Random(4).randbytes(SIZE))

    def run_client(self, *command):
        """Run it; returns the lines of the worker's log about its requests."""
        *words, name = command
        before = len(self.site.access())
        run = subprocess.run(
            [*words, os.path.join(ROOT, "test/clients", name), self.path], capture_output=True, text=True, timeout=120,
            cwd=self.scratch.name, env={
                "PATH": os.environ["PATH"], "HOME": self.scratch.name, "LC_ALL": "C.UTF-8", "CDN_URL": self.site.url,
                "CDN_KEY": self.site.key, "GOCACHE": os.path.join(self.scratch.name, "go"), "GO111MODULE": "off",
                "PYTHONDONTWRITEBYTECODE": "1"})
        self.assertEqual((run.returncode, run.stdout), (0, "OK\n"), run.stderr)
        self.assertFalse(self.site.stored())
        return self.site.access()[before:]

    def check(self, lines, method="POST"):
        """An upload, a download, a list, a deletion, and a download in vain; lines of two workers may change places."""
        self.assertCountEqual([(line["method"], line["status"]) for line in lines],
                              [(method, 201), ("GET", 200), ("GET", 200), ("DELETE", 200), ("GET", 404)], lines)
        self.assertGreaterEqual(next(line for line in lines if line["status"] == 201)["bytes_in"], SIZE)
        self.assertIn("/api/v4/uploads", [line["path"] for line in lines])

    def test_curl_with_a_form(self):
        self.check(self.run_client("curl.sh"))

    def test_curl_with_put(self):
        self.check(self.run_client("put.sh"), "PUT")

    def test_wget_with_put(self):
        self.check(self.run_client("wget.sh"), "PUT")

    def test_python_urllib(self):
        self.check(self.run_client(sys.executable, "python_urllib.py"))

    def test_python_requests(self):
        self.check(self.run_client(sys.executable, "python_requests.py"))

    def test_node_fetch(self):
        self.check(self.run_client("node", "node_fetch.mjs"))

    def test_php_curl(self):
        self.check(self.run_client("php", "php_curl.php"))

    def test_go_stream(self):
        self.check(self.run_client("go", "run", "go_stream.go"))

    def test_ruby_net_http(self):
        self.check(self.run_client("ruby", "ruby_net_http.rb"))

    def test_each_client_is_run(self):
        with open(__file__, encoding="utf-8") as f:
            text = f.read()
        for name in os.listdir(os.path.join(ROOT, "test/clients")):
            self.assertIn(f'"{name}")', text)


main()
