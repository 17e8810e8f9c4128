"""Refused before its body was read: the client sees the status and why, whatever program it is, and the worker is free.

A worker answers 401, 402 or 413 as soon as it has the head, or as soon as the body has become too much, while the client
still sends. A web server passes that answer on, and goes on taking what the client sends until the client has read it: a
connection that is closed with bytes unread is reset, and the answer is lost (RFC 9112 section 9.6). One that gathers the
whole body first may answer later; what it may not do is answer something else.
"""
import hashlib
import http.client
import json
import os
import subprocess
import sys

from harness import Multipart, Part, SiteCase, main, process
from harness.client import cut

M = 1 << 20
STRANGER = "sk_cdn_" + "0" * 64
REQUESTS = """
import sys, requests
url, key, path, chunked = sys.argv[1:]
def pieces():
    with open(path, "rb") as f:
        while piece := f.read(65536):
            yield piece
answer = requests.put(url, pieces() if chunked else open(path, "rb"), headers={"Authorization": "Bearer " + key})
print(answer.status_code, answer.json()["code"])
"""
NODE = """
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
const [url, key, path, chunked] = process.argv.slice(1);
const body = chunked ? Readable.toWeb(createReadStream(path)) : await readFile(path);
const answer = await fetch(url, { method: "PUT", headers: { Authorization: `Bearer ${key}` }, body, duplex: "half" });
console.log(answer.status, (await answer.json()).code);
"""


class Case(SiteCase):
    options = {"workers": 1}
    settings = {"CDN_MAX_BODY": "48M", "CDN_TIER_UNVERIFIED_FILE": "1M"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.small = cls.site.make_account("small@example.org", "unverified")
        cls.paths = {size: cls.make_file(size) for size in (40 * M, 60 * M)}

    @classmethod
    def make_file(cls, size):
        path = os.path.join(cls.site.folder.path, f"{size}.bin")
        with open(path, "wb") as f:
            f.truncate(size)
        return path

    def reasons(self):
        """key, bytes sent, status, code."""
        rows = [(STRANGER, 60 * M, 401, "invalid_auth"), (self.small, 40 * M, 402, "file_too_large"),
                (self.site.key, 60 * M, 413, "body_too_large")]
        if self.site.differs("413 of a worker"):
            rows[:1] = [(STRANGER, 60 * M, 413, "body_too_large"), (STRANGER, 40 * M, 401, "invalid_auth")]
        return rows

    def each(self, ask, times=2):
        """PUTs; ask(key, size, chunked): (status, code) as that client has them; whether it is early or late is chance."""
        before = self.site.stored()
        for key, size, status, code in self.reasons():
            for chunked in self.site.framings():
                with self.subTest(status=status, chunked=chunked):
                    self.assertEqual([ask(key, size, chunked) for _ in range(times)], [(status, code)] * times)
                    # By the one worker.
                    self.assertEqual(self.site.get("/up", timeout=10).status, 200)
        process.wait_until(lambda: not self.site.unfinished(), what="an empty tmp/")
        self.assertEqual(self.site.stored(), before)
        self.assertEqual(self.site.me(self.small).json["storage_used"], 0)

    def run_client(self, *command):
        run = subprocess.run(command, capture_output=True, text=True, timeout=60, env={
            "PATH": os.environ["PATH"], "HOME": self.site.folder.path, "PYTHONDONTWRITEBYTECODE": "1"})
        self.assertEqual(run.returncode, 0, run.stderr)
        status, code = run.stdout.split()
        return int(status), code


class Clients(Case):
    """PUT, of which nothing but the file is the body."""

    def url(self):
        return self.site.url + "/api/v4/upload/big.bin"

    def test_one_that_looks_for_an_answer_while_it_sends(self):
        def ask(key, size, chunked):
            answer = self.site.request("PUT", "/api/v4/upload/big.bin", (), cut(bytes(size)), key=key, timeout=60,
                                       **({"chunked": True} if chunked else {"length": size}))
            self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
            self.assertEqual(answer.json["status"], answer.status)
            return answer.status, answer.json["code"]
        self.each(ask)

    def test_one_that_sends_all_before_it_reads(self):
        def ask(key, size, chunked):
            connection = http.client.HTTPConnection(*self.site.address, timeout=60)
            try:
                body = bytes(size)
                connection.request("PUT", self.site.front.prefix + "/api/v4/upload/big.bin", cut(body) if chunked else body,
                                   {"Authorization": "Bearer " + key}, encode_chunked=chunked)
                answer = connection.getresponse()
                return answer.status, json.loads(answer.read())["code"]
            finally:
                connection.close()
        self.each(ask)

    def curl(self, *more):
        def ask(key, size, chunked):
            out = os.path.join(self.site.folder.path, "answer.json")
            words = ["-H", "Transfer-Encoding: chunked"] if chunked else []
            run = subprocess.run(["curl", "-sS", "-o", out, "-w", "%{http_code}", "-T", self.paths[size],
                                  "-H", "Authorization: Bearer " + key, *words, *more, self.url()],
                                 capture_output=True, text=True, timeout=60, check=True)
            with open(out, encoding="utf-8") as f:
                return int(run.stdout), json.load(f)["code"]
        return ask

    def test_curl(self):
        self.each(self.curl())

    def test_curl_without_expect(self):
        self.each(self.curl("-H", "Expect:"))

    def test_python_requests(self):
        self.each(lambda key, size, chunked: self.run_client(
            sys.executable, "-c", REQUESTS, self.url(), key, self.paths[size], "1" if chunked else ""), 1)

    def test_node_fetch(self):
        self.each(lambda key, size, chunked: self.run_client(
            "node", "--input-type=module", "-e", NODE, self.url(), key, self.paths[size], "1" if chunked else ""), 1)


class Forms(Case):
    """The same of a form, where the file is not all of the body; and of many files."""

    def ask(self, path, name, key, size, chunked):
        form = Multipart(Part(name=name, filename="a.bin"))
        before, after = form.around()

        def body():
            yield before
            yield from cut(bytes(size))
            yield after

        more = {"chunked": True} if chunked else {"length": len(before) + size + len(after)}
        answer = self.site.request("POST", path, {"Content-Type": form.content_type}, body(), key=key, timeout=60, **more)
        return answer.status, answer.json["code"]

    def test_upload(self):
        self.each(lambda *what: self.ask("/api/v4/upload", "file", *what))

    def test_uploads(self):
        """A batch has no 402."""
        for key, size, status, code in self.reasons():
            if status != 402:
                for chunked in (False, True):
                    self.assertEqual(self.ask("/api/v4/uploads", "files[]", key, size, chunked), (status, code))
        self.assertEqual(self.site.get("/up", timeout=10).status, 200)

    def test_the_next_upload(self):
        """After each refusal, with most of the refused body still on its way, one by somebody else is taken whole."""
        data = os.urandom(300_000)
        for key, size, status, code in self.reasons():
            for path, name in (("/api/v4/upload", "file"), ("/api/v4/upload_from_url", "x")):
                answered = self.ask(path, name, key, size, False)
                self.assertIn(answered[0], (status, 413, 415) if name == "x" else (status,))
                answer = self.site.upload(data, "a.bin")
                self.assertEqual((answer.status, answer.json["sha256"]), (201, hashlib.sha256(data).hexdigest()))


class Ceiling(Case):
    """Exactly at each limit: the last byte is taken, and one more is not."""
    settings = {"CDN_MAX_BODY": "3M", "CDN_TIER_UNVERIFIED_FILE": "1M"}

    def test_exactly(self):
        for key, limit, status in ((self.small, M, 402), (self.site.key, 3 * M, 413)):
            for chunked in self.site.framings():
                with self.subTest(limit=limit, chunked=chunked):
                    answer = self.site.put(bytes(limit), key=key, chunked=chunked)
                    self.assertEqual((answer.status, answer.json["size"]), (201, limit))
                    self.assertEqual(self.site.put(bytes(limit + 1), key=key, chunked=chunked).status, status)

    def test_small_bodies(self):
        """Calls that take no file take no large body; whoever refuses it says the same."""
        for method, path in (("DELETE", "/api/v4/uploads/batch"), ("POST", "/api/v4/upload_from_url"), ("POST", "/api/v4/revoke")):
            for chunked in (False, True):
                with self.subTest(path=path, chunked=chunked):
                    key = self.site.cdnctl("key", "add", "test@example.org", "--name", "one")
                    answer = self.site.request(method, path, {"Content-Type": "application/json"}, bytes(4 * M), key=key,
                                               chunked=chunked)
                    if path.endswith("/revoke") and self.site.differs("a limit for small bodies"):
                        self.assertEqual((answer.status, answer.json["success"]), (200, True))
                        continue
                    self.assertEqual((answer.status, answer.json["code"]), (413, "body_too_large"))
                    self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(self.site.me().status, 200)


main()
