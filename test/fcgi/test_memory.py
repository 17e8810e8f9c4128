"""The memory of a release build's worker: the same for any size of upload, and little when idle."""
import base64
import hashlib
import json
import os
import re

from harness import RELEASE, fcgi, main, process
from worker_case import WorkerCase

MIB = 1024 * 1024


class Memory(WorkerCase):
    options = {"workers": "single", "build": RELEASE, "base": "/dev/shm"}
    settings = {"CDN_MIN_FREE": "0"}

    def setUp(self):
        self.site.pool.signal(15)
        self.site.pool.process.wait(10)
        self.site.pool.start()
        self.worker_is_well()
        self.pid, = self.site.pool.pids()

    def send(self, count):
        """Upload so many bytes, with their digest, without holding them, and take them back."""
        form = self.form(b"")
        before, after = form.around()
        piece = bytes(range(256)) * 256
        digest = hashlib.sha256(before)
        for _ in range(count // len(piece)):
            digest.update(piece)
        digest.update(after)
        headers = {"Content-Digest": f"sha-256=:{base64.b64encode(digest.digest()).decode()}:"}
        with self.connect(60) as sock:
            length = len(before) + count + len(after)
            sock.sendall(fcgi.begin() + fcgi.params(self.values(form, str(length), headers=headers)) +
                         fcgi.record(fcgi.STDIN, before))
            for _ in range(count // len(piece) // 8):
                sock.sendall(fcgi.record(fcgi.STDIN, piece[:32768]) * 16)
            sock.sendall(fcgi.record(fcgi.STDIN, after) + fcgi.record(fcgi.STDIN))
            answer = fcgi.reply(sock)
        self.assertEqual(answer.status, 201, answer.body)
        file = json.loads(answer.body)
        self.assertEqual(file["size"], count)
        self.site.request("DELETE", "/api/v4/upload/" + file["id"], key=True)

    def test_any_size_of_upload(self):
        self.send(1 * MIB)
        small = process.memory(self.pid)["peak"]
        self.send(500 * MIB)
        large = process.memory(self.pid)["peak"]
        print(f"peak {small // 1024} kB with 1 MiB, {large // 1024} kB with 500 MiB", flush=True)
        self.assertLessEqual(large - small, MIB)

    def mappings(self):
        """kB of private memory by mapping, largest first."""
        sizes, name = {}, ""
        with open(f"/proc/{self.pid}/smaps", encoding="utf-8") as f:
            for line in f:
                head = re.match(r"[0-9a-f]+-[0-9a-f]+ \S+ \S+ \S+ \S+ *(.*)", line)
                if head:
                    name = os.path.basename(head[1]) or "anonymous"
                elif line.startswith(("Private_Clean:", "Private_Dirty:")):
                    sizes[name] = sizes.get(name, 0) + int(line.split()[1])
        return sorted(((size, name) for name, size in sizes.items() if size), reverse=True)

    def test_idle(self):
        self.upload(b"12345")
        self.call(fcgi.environment("GET", "/api/v4/me", {"Authorization": "Bearer " + self.site.key}))

        def private():
            return process.memory(self.pid)["private"]

        # After a second without work it gives back what it can.
        try:
            process.wait_until(lambda: private() <= 4 * MIB, timeout=4)
        except AssertionError:
            self.fail(f"{private() // 1024} kB: {self.mappings()}")
        print(f"idle: {private() // 1024} kB private", flush=True)


main()
