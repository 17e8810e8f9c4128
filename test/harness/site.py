"""The whole service in a private folder, with an account and a key, torn down with a look at what it left."""
import json
import os
import re
import shutil
import select
import subprocess
import time

from harness import client, process, supervisors
from harness.fronts import chosen
from harness.multipart import Multipart, Part
from harness.servers import BUILD, SANITIZER_TEXT, SANITIZERS, Folder, Pool, Redis, Worker


class Site:
    """with Site(settings={"CDN_FSYNC": "off"}, workers=1) as site: ...

    settings   lines of the env file, over those that deploy/up writes; None takes one away
    workers    size of the pool; "single": one worker on a listener of the test's, see Worker
    slow       size of the slow pool; 0, and that of a single worker: there is none, and its socket is the pool's
    tier       of the account that is made
    base       where the folder is made, for a filesystem of the test's choice
    env        more environment for the workers (LD_PRELOAD and the like)
    front      what makes the web server in a folder (harness/fronts); None: the one that CDN_FRONT names
    """

    def __init__(self, settings=None, workers=2, tier="functionally_unlimited", base=None, env=None, binary=None,
                 front=None, build=None, wrapper=(), slow=None):
        self.folder = Folder(base)
        self.build = build or BUILD
        self.redis = Redis(self.folder)
        self.front = (front or chosen())(self.folder)
        self.url, self.address = self.front.url, self.front.address
        self.make_pools(binary or os.path.join(self.build, "cdn.fcgi"), workers, slow, env, wrapper)
        self.settings = {
            "CDN_PUBLIC_URL": self.url, "CDN_DATA_DIR": self.folder.data, "CDN_REDIS_URL": self.redis.url,
            **self.front.settings, **(settings or {}),
        }
        self.tier = tier
        self.key = None
        self.expected = []
        self.expected_complaints = []

    def make_pools(self, binary, workers, slow, env, wrapper):
        manager = supervisors.chosen()
        self.supervisor = None
        pools = self.front.pools(binary, workers, slow, env)
        if not pools and manager:
            counts = {"worker": 1 if workers == "single" else workers, "slow": slow or 1}
            self.supervisor = manager(self.folder, counts, binary, env)
            pools = self.supervisor.pools
        self.pool, self.slow = pools or self.own_pools(binary, workers, slow, env, wrapper)
        self.pools = list(dict.fromkeys((self.pool, self.slow)))

    def own_pools(self, binary, workers, slow, env, wrapper):
        if workers == "single":
            pool = Worker(self.folder, binary=binary, env=env, wrapper=wrapper)
        else:
            pool = Pool(self.folder, workers, binary=binary, env=env, port=self.front.ports[0])
        if slow or slow is None and workers != "single":
            return pool, Pool(self.folder, slow or 1, name="slow", binary=binary, env=env, port=self.front.ports[1])
        os.symlink(pool.socket, os.path.join(self.folder.run, "slow.sock"))
        return pool, pool

    # -- life

    def start(self):
        try:
            self.write_settings()
            self.redis.start()
            self.cdnctl("store", "init")
            self.key = self.make_account("test@example.org", self.tier)
            for pool in self.pools:
                pool.start()
            self.front.start()
            process.wait_until(lambda: self.get("/up").status == 200, what="GET /up", timeout=20)
        except BaseException:
            self.show_logs()
            self.kill()
            raise
        return self

    def write_settings(self, **changes):
        """Write the env file; workers that start from now on use it."""
        self.settings.update(changes)
        lines = [f"{name}={value}\n" for name, value in self.settings.items() if value is not None]
        path = os.path.join(self.folder.path, ".env")
        with open(path + ".new", "w", encoding="utf-8") as f:
            f.writelines(lines)
        if os.path.exists(path):
            shutil.copymode(path, path + ".new")
        # A worker that starts at this moment sees the old or the new, never a part.
        os.rename(path + ".new", path)

    def restart(self, **changes):
        """The workers anew, with these settings changed."""
        self.write_settings(**changes)
        for pool in self.pools:
            pool.stop()
        for pool in self.pools:
            pool.start()

    def kill(self):
        """End everything and remove the folder, whatever state it is in."""
        try:
            for server in (self.front, *self.pools, self.redis):
                try:
                    server.stop()
                except AssertionError as error:
                    print(error)
            if isinstance(self.pool, Worker):
                self.pool.close()
        finally:
            self.folder.remove()

    def stop(self):
        """End everything; AssertionError when something was left or said that should not be."""
        faults = self.faults_at_rest()
        try:
            for server in (self.front, *self.pools, self.redis):
                server.stop()
            faults += self.faults_in_logs()
            if faults:
                self.show_logs()
        finally:
            self.kill()
        if faults:
            raise AssertionError("after the tests: " + "; ".join(faults))

    def __enter__(self):
        return self.start()

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.stop()
        else:
            self.show_logs()
            self.kill()

    # -- what must be so at the end

    def expect_errors(self, pattern=""):
        """The test provokes 5xx answers or error lines: log lines that match are not held against the workers."""
        self.expected.append(re.compile(pattern))

    def expect_complaints(self, pattern):
        """The test provokes lines of the web server's log that are no fault of its."""
        self.expected_complaints.append(re.compile(pattern))

    def expect_ends(self, count=1_000_000):
        """The test makes workers end other than by pool.signal(): by recycling, by killing one of them."""
        for pool in self.pools:
            pool.ends_asked += count

    def faults_at_rest(self):
        faults = []
        running = [pool for pool in self.pools if pool.process]
        for pool in running:
            if pool.ends() > pool.ends_asked:
                faults.append(f"{pool.ends() - pool.ends_asked} workers ended unasked")
        if running and self.redis.process:
            try:
                process.wait_until(lambda: not self.unfinished(), timeout=5)
            except AssertionError:
                faults.append(f"left in tmp/: {self.unfinished()}")
            # A worker lets go a moment after it has answered and logged.
            try:
                process.wait_until(lambda: not self.held(running), timeout=5)
            except AssertionError:
                faults += self.held(running)
        return faults

    def held(self, pools):
        """Unfinished files that workers have open."""
        return [f"worker {pid} holds {path}" for pool in pools for pid in pool.pids() for path in self.descriptors(pid)
                if path.startswith(self.folder.data + "/tmp/")]

    def faults_in_logs(self):
        log = b"".join(pool.log_bytes() for pool in self.pools)
        faults = []
        if SANITIZER_TEXT.search(log):
            faults.append("sanitizer text in a worker's log")
        for line in log.decode("utf-8", "replace").splitlines():
            bad = re.search(r"cdn\.fcgi\[\d+\]: error", line) or re.search(r'"status": ?5\d\d\b', line)
            if bad and not any(pattern.search(line) for pattern in self.expected):
                faults.append("unasked: " + line)
        if re.search(rb"sk_cdn_[0-9a-f]{20}", log):
            faults.append("a key in a worker's log")
        return faults + [line.strip() for line in self.front.complaints()
                         if not any(pattern.search(line) for pattern in self.expected_complaints)]

    @staticmethod
    def descriptors(pid):
        found = []
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                found.append(os.readlink(f"/proc/{pid}/fd/{fd}"))
        except FileNotFoundError:
            pass
        return found

    def unfinished(self):
        return os.listdir(os.path.join(self.folder.data, "tmp"))

    def show_logs(self, lines=40):
        for name in sorted(os.listdir(self.folder.log)):
            with open(os.path.join(self.folder.log, name), encoding="utf-8", errors="replace") as f:
                tail = f.readlines()[-lines:]
            if tail:
                print(f"--- {name}\n" + "".join(tail), flush=True)

    # -- the administrator

    def cdnctl(self, *words, check=True, wrapper=()):
        """Run cdnctl, behind a wrapper; its output, or with check=False the finished process."""
        run = subprocess.run(
            [*wrapper, os.path.join(self.build, "cdnctl"), "--env", os.path.join(self.folder.path, ".env"), *words],
            capture_output=True, text=True, env={**os.environ, **SANITIZERS}, timeout=60)
        if not check:
            return run
        if run.returncode != 0:
            raise AssertionError(f"cdnctl {' '.join(words)}: {run.returncode} {run.stdout}{run.stderr}")
        return run.stdout.strip()

    def make_account(self, email, tier="functionally_unlimited", name="Test"):
        """An account with a key; returns the key."""
        self.cdnctl("account", "add", email, "--name", name, "--tier", tier)
        return self.cdnctl("key", "add", email, "--name", "test")

    # -- the client

    def request(self, method, path, headers=(), body=None, key=None, **more):
        """key: True is the site's own, a str another. The path is below the prefix, unless it is none ("*", a URL)."""
        if path.startswith("/"):
            path = self.front.prefix + path
        if method == "POST" and body is None and "a POST without a length" in self.front.differences:
            more.setdefault("length", 0)
        headers = list(headers.items() if isinstance(headers, dict) else headers)
        if key:
            headers.append(("Authorization", "Bearer " + (self.key if key is True else key)))
        return client.request(self.address, method, path, headers, body, **more)

    def begin(self, method, path, headers=(), key=None, timeout=30):
        """A connection on which the head of a request was sent, by a client that does the rest by itself; see client.read."""
        headers = list(headers.items() if isinstance(headers, dict) else headers)
        if key:
            headers.append(("Authorization", "Bearer " + (self.key if key is True else key)))
        sock = client.connect(self.address, timeout)
        sock.sendall(client.head(method, self.front.prefix + path, [("Host", "localhost"), *headers]))
        return sock

    def announce(self, method, path, length, headers=(), key=None, above_all=False):
        """What is said to the head alone of a request with so long a body, which is to be refused; above_all: by CDN_MAX_BODY."""
        headers = [*(headers.items() if isinstance(headers, dict) else headers), ("Content-Length", length)]
        with self.begin(method, path, headers, key) as sock:
            late = self.differs("refusal before the body")
            if late and not (above_all and self.differs("413 of a worker")):
                # To all of the body, and not before.
                self.get("/up")
                if select.select([sock], [], [], 0)[0]:
                    raise AssertionError(client.read(sock, method))
                client.send(sock, client.zeros(length))
            return client.read(sock, method)

    def differs(self, name):
        """Whether the web server, or the process manager, is known not to do that; see Differing."""
        return any([part.differs(name) for part in (self.front, self.supervisor) if part])

    def get(self, path, headers=(), **more):
        return self.request("GET", path, headers, **more)

    def fetch(self, url, headers=(), method="GET", **more):
        """A URL that the service gave out."""
        if not url.startswith(self.url + "/"):
            raise AssertionError(f"not one of ours: {url}")
        return self.request(method, url[len(self.url):], headers, **more)

    def upload(self, data=b"", filename="a.bin", key=True, form=None, headers=(), **more):
        """POST /api/v4/upload; form: a Multipart of the test's own."""
        form = form or Multipart(Part(data, filename=filename))
        headers = [*(headers.items() if isinstance(headers, dict) else headers), ("Content-Type", form.content_type)]
        return self.request("POST", "/api/v4/upload", headers, form.body(), key=key, **more)

    def batch(self, files=(), key=True, form=None, headers=(), **more):
        """POST /api/v4/uploads of (name, bytes) pairs; form: a Multipart of the test's own."""
        form = form or Multipart(*[Part(data, "files[]", name) for name, data in files])
        headers = [*(headers.items() if isinstance(headers, dict) else headers), ("Content-Type", form.content_type)]
        return self.request("POST", "/api/v4/uploads", headers, form.body(), key=key, **more)

    def put(self, data, name="a.bin", key=True, headers=(), **more):
        """PUT /api/v4/upload/:name; name as it stands in the path."""
        return self.request("PUT", "/api/v4/upload/" + name, headers, data, key=key, **more)

    def framings(self):
        """Of a PUT: a word for each way to tell its length that the web server takes, chunked or not."""
        return (False,) if self.differs("a PUT in chunks") else (False, True)

    def age(self, file, seconds=100):
        """As if a file had been made so long ago. Of what is only just made a date is no strong validator, and with Apache
        no ETag is (RFC 9110 section 8.8.2.2)."""
        folder = os.path.join(self.folder.data, "files", file[-3:])
        for name in os.listdir(folder):
            if name.startswith(file):
                path = os.path.join(folder, name)
                at = os.stat(path).st_mtime_ns - seconds * 1_000_000_000
                os.utime(path, ns=(at, at))

    def me(self, key=True):
        return self.get("/api/v4/me", key=key)

    # -- what happened

    def access(self, *pools):
        """The workers' access lines. One is written a moment after its answer: this waits for the log to rest."""
        lines = self.access_so_far(*pools)
        for _ in range(20):
            time.sleep(0.05)
            later = self.access_so_far(*pools)
            if len(later) == len(lines):
                break
            lines = later
        return lines

    def access_so_far(self, *pools):
        """The access log so far, one dict a request: of these pools, or of all, one after the other.

        As in request(), paths are those below the prefix."""
        logs = b"".join(pool.log_bytes() for pool in pools or self.pools)
        lines = logs.decode("utf-8", "replace").splitlines()
        lines = [json.loads(line) for line in lines if line.startswith("{")]
        return [{**line, "path": line["path"].removeprefix(self.front.prefix)} for line in lines]

    def record(self, account, file):
        """What Redis has of a file, as lib/store/file.h says; account is its key."""
        data = self.redis.command("HGET", account + ":records", file)
        texts = (data if isinstance(data, bytes) else data.encode()).split(b"\0", 6)
        names = ("filename", "size", "content_type", "ext", "provenance", "original_url")
        record = dict(zip(names, (text.decode() for text in texts)), sha256=texts[6][:32].hex())
        return {**record, "size": int(record["size"]), "renamed_ms": int(texts[6][32:] or 0)}

    def record_on_disk(self, file):
        with open(os.path.join(self.folder.data, "records", file[-3:], file + ".json"), encoding="utf-8") as f:
            return json.load(f)

    def rename(self, file, name, **more):
        body = json.dumps({"filename": name}).encode()
        return self.request("PATCH", f"/api/v4/uploads/{file}/rename", {"Content-Type": "application/json"}, body,
                            **{"key": True, **more})

    def delete(self, *files, **more):
        """One by its own call; more, or none, as a batch."""
        if len(files) == 1:
            return self.request("DELETE", "/api/v4/upload/" + files[0], **{"key": True, **more})
        body = json.dumps({"ids": files}).encode()
        return self.request("DELETE", "/api/v4/uploads/batch", {"Content-Type": "application/json"}, body,
                            **{"key": True, **more})

    def stored(self):
        """Every file under files/ and records/, relative to the store."""
        found = []
        for top in ("files", "records"):
            for folder, _, names in os.walk(os.path.join(self.folder.data, top)):
                found += [os.path.relpath(os.path.join(folder, name), self.folder.data) for name in names]
        return sorted(found)
