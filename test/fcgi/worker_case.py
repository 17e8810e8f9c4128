"""One worker that is spoken to in raw records and through nginx, and what the store and Redis hold."""
import hashlib
import json
import os
import random
import re

from harness import Multipart, Nginx, Part, SiteCase, process
from harness import fcgi
from harness.client import connect

BOUNDARY = "----cdn-test-boundary"


class OtherNginx(Nginx):
    """A second nginx before the same workers, with lines of deploy/nginx.conf replaced."""

    def __init__(self, folder, replace, name):
        super().__init__(folder)
        self.name = name
        self.replace = replace

    def render(self):
        super().render()
        self.rewrite("nginx.conf", self.replace)
        return self.rewrite("nginx-main.conf", {
            "nginx.pid": self.name + ".pid", "/nginx-": f"/{self.name}-", "nginx.conf": self.name + "-nginx.conf"})

    def rewrite(self, file, replace):
        """Its text as a file of our own; the path of that."""
        with open(os.path.join(self.folder.conf, file), encoding="utf-8") as f:
            text = f.read()
        for old, new in replace.items():
            if old not in text:
                raise AssertionError(f"deploy/{file} has no {old}")
            text = text.replace(old, new)
        path = os.path.join(self.folder.conf, f"{self.name}-{file}")
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)
        return path


BUFFERED = {"fastcgi_request_buffering off;": "fastcgi_request_buffering on;"}
KEPT = {"fastcgi_keep_conn off;": "fastcgi_keep_conn on;", "worker.sock;": "worker.sock;\n\tkeepalive 4;"}


class WorkerCase(SiteCase):
    """The site of each class has one worker, on a listener that outlives it."""

    options = {"workers": "single"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.others = {}

    @classmethod
    def tearDownClass(cls):
        for other in cls.others.values():
            other.stop()
        super().tearDownClass()

    @classmethod
    def other_nginx(cls, replace):
        """The one nginx of the class with these lines replaced."""
        if str(replace) not in cls.others:
            cls.others[str(replace)] = OtherNginx(cls.site.folder, replace, f"other{len(cls.others)}").start()
        return cls.others[str(replace)]

    # -- requests

    def form(self, data, filename="a.bin"):
        return Multipart(Part(data, filename=filename), boundary=BOUNDARY)

    def values(self, form, length="auto", key=None, **more):
        """The parameters of an upload; length None leaves CONTENT_LENGTH out."""
        if length == "auto":
            length = str(len(form.body()))
        headers = {"Authorization": "Bearer " + (key or self.site.key), **more.pop("headers", {})}
        return fcgi.environment(
            "POST", "/api/v4/upload", headers, CONTENT_TYPE=form.content_type, CONTENT_LENGTH=length, **more)

    def connect(self, timeout=30):
        return connect(self.site.pool.socket, timeout)

    def call(self, values, body=b"", **more):
        return fcgi.call(self.site.pool.socket, values, body, **more)

    def upload(self, data, length="auto", **more):
        form = self.form(data)
        return self.call(self.values(form, length), form.body(), **more)

    def begin_upload(self, form, part, length="auto"):
        """A connection on which so much of the upload's body has been sent."""
        sock = self.connect()
        sock.sendall(fcgi.begin() + fcgi.params(self.values(form, length)))
        body = form.body()[:part]
        for at in range(0, len(body), 65528):
            sock.sendall(fcgi.record(fcgi.STDIN, body[at:at + 65528]))
        return sock

    def wait_for_upload(self):
        """Until the worker is in it: a signal before it took the connection would end it without."""
        pid, = self.site.pool.pids()
        process.wait_until(lambda: any("/tmp/#" in name for name in self.site.descriptors(pid)),
                           what="the upload to begin")

    # -- what came of it

    def worker_is_well(self, timeout=10):
        """It answers the next request; so whatever came before is done with."""
        answer = self.call(fcgi.environment("GET", "/up"), timeout=timeout)
        self.assertEqual(answer.status, 200)

    def state(self):
        """All that an upload may leave behind; when a key was last used is not of it."""
        redis = self.site.redis
        names = sorted(redis.command("KEYS", "*"))
        accounts = [redis.command("HGETALL", name) for name in names if re.fullmatch(r"cdn:\{[^}]*\}", name)]
        return names, accounts, self.site.stored(), self.site.unfinished()

    def read_back(self, file, data):
        """The file object is right and its URL gives these bytes."""
        digest = hashlib.sha256(data).hexdigest()
        self.assertEqual((file["size"], file["sha256"]), (len(data), digest))
        answer = self.site.fetch(file["url"])
        self.assertEqual(answer.status, 200)
        self.assertEqual(hashlib.sha256(answer.body).hexdigest(), digest)

    def assertStored(self, answer, data):
        self.assertEqual(answer.status, 201, answer.body)
        self.read_back(json.loads(answer.body), data)

    def assertRefused(self, answer, status):
        """The status, as the envelope of the API."""
        self.assertEqual(answer.status, status, answer.body)
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(json.loads(answer.body)["status"], status)


def noise(count):
    """Bytes that are not alike, so that a piece lost or swapped is seen."""
    return random.Random(count).randbytes(count)
