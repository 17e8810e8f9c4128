"""Batches and raw files at the worker itself: cut off, stopped, in fixed memory and with few descriptors."""
import json
import os
import resource
import signal
import time

from harness import RELEASE, Multipart, Part, fcgi, main, process
from worker_case import BOUNDARY, WorkerCase, noise

MIB = 1024 * 1024


def batch_of(files):
    return Multipart(*[Part(data, "files[]", name) for name, data in files], boundary=BOUNDARY)


class Batch(WorkerCase):
    def values_for(self, method, path, length, kind=f"multipart/form-data; boundary={BOUNDARY}"):
        headers = {"Authorization": "Bearer " + self.site.key}
        return fcgi.environment(method, path, headers, CONTENT_TYPE=kind, CONTENT_LENGTH=length)

    def begin(self, method, path, body, length, kind=f"multipart/form-data; boundary={BOUNDARY}"):
        """A connection on which so much of the body has been sent, and no end of it."""
        sock = self.connect()
        sock.sendall(fcgi.begin() + fcgi.params(self.values_for(method, path, length, kind)))
        for at in range(0, len(body), 65528):
            sock.sendall(fcgi.record(fcgi.STDIN, body[at:at + 65528]))
        return sock


class CutOff(Batch):
    def nothing(self, before):
        self.worker_is_well()
        self.assertEqual(self.state(), before)

    def test_seventeenth_file(self):
        """With a length and without one: the peer hangs up, or ends the body as if it were whole."""
        body = batch_of([(f"{n}.bin", noise(5000)) for n in range(20)]).body()
        part = body[:body.index(b'"16.bin"') + 3000]
        before = self.state()
        for length in (str(len(body)), "", "-1"):
            with self.subTest(length=length, how="hangs up"):
                self.begin("POST", "/api/v4/uploads", part, length).close()
                self.nothing(before)
            with self.subTest(length=length, how="ends"), self.begin("POST", "/api/v4/uploads", part, length) as sock:
                sock.sendall(fcgi.record(fcgi.STDIN))
                self.assertRefused(fcgi.reply(sock), 400)
                self.nothing(before)

    def test_raw_file(self):
        """Without a length only the end of the stream tells that a file is whole: a hang-up is none."""
        data = noise(MIB)
        before = self.state()
        for length in (str(2 * MIB), "", "-1"):
            with self.subTest(length=length, how="hangs up"):
                self.begin("PUT", "/api/v4/upload/a.bin", data, length, "").close()
                self.nothing(before)
        with self.begin("PUT", "/api/v4/upload/a.bin", data, str(2 * MIB), "") as sock:
            sock.sendall(fcgi.record(fcgi.STDIN))
            self.assertRefused(fcgi.reply(sock), 400)
        self.nothing(before)
        with self.begin("PUT", "/api/v4/upload/a.bin", data, str(MIB - 1), "") as sock:
            sock.sendall(fcgi.record(fcgi.STDIN))
            self.assertRefused(fcgi.reply(sock), 400)
        self.nothing(before)
        with self.begin("PUT", "/api/v4/upload/a.bin", data, "", "") as sock:
            sock.sendall(fcgi.record(fcgi.STDIN))
            self.assertStored(fcgi.reply(sock), data)

    def test_aborted(self):
        before = self.state()
        body = batch_of([("a.bin", noise(MIB))]).body()
        for path, method, kind in (("/api/v4/uploads", "POST", f"multipart/form-data; boundary={BOUNDARY}"),
                                   ("/api/v4/upload/a.bin", "PUT", "")):
            with self.begin(method, path, body[:MIB // 2], "", kind) as sock:
                sock.sendall(fcgi.record(fcgi.ABORT))
            self.nothing(before)

    def test_one_too_many(self):
        """Once it is seen, what came before is given up, however much is still to come."""
        before = self.state()
        part = batch_of([(f"{n}.bin", noise(1000)) for n in range(42)]).body()
        at = part.index(b'"41.bin"') + 500
        with self.begin("POST", "/api/v4/uploads", part[:part.index(b'"39.bin"') + 500], "") as sock:
            process.wait_until(lambda: len(self.being_written()) == 40, what="forty files")
            sock.sendall(fcgi.stream(fcgi.STDIN, part[part.index(b'"39.bin"') + 500:at])[:-8])
            process.wait_until(lambda: not self.being_written(), what="their end")
            sock.sendall(fcgi.stream(fcgi.STDIN, part[at:]))
            answer = fcgi.reply(sock)
            self.assertRefused(answer, 400)
            self.assertEqual(json.loads(answer.body)["detail"], "Maximum 40 files per batch, got 42")
        self.nothing(before)

    def test_killed(self):
        self.site.expect_errors()
        self.site.expect_ends(1)
        before = self.state()
        body = batch_of([(f"{n}.bin", noise(100_000)) for n in range(20)]).body()
        with self.begin("POST", "/api/v4/uploads", body[:len(body) * 17 // 20], str(len(body))):
            process.wait_until(self.being_written, what="a file being written")
            self.site.pool.process.kill()
            self.site.pool.process.wait(10)
        self.site.pool.start()
        self.nothing(before)

    def being_written(self):
        pid, = self.site.pool.pids()
        return [path for path in self.site.descriptors(pid) if path.startswith(self.site.folder.data + "/tmp/")]

    def test_sigterm(self):
        """Told to stop in the middle of a batch, it stores all of it first."""
        files = [(f"{n}.bin", noise(50_000 + n)) for n in range(20)]
        body = batch_of(files).body()
        for signum in (signal.SIGTERM, signal.SIGUSR1):
            with self.begin("POST", "/api/v4/uploads", body[:MIB // 2], str(len(body))) as sock:
                self.site.pool.signal(signum)
                time.sleep(0.2)
                sock.sendall(fcgi.stream(fcgi.STDIN, body[MIB // 2:]))
                answer = fcgi.reply(sock)
            self.assertEqual(self.site.pool.process.wait(10), 0)
            self.site.pool.start()
            self.assertEqual(answer.status, 201)
            made = json.loads(answer.body)
            self.assertEqual(made["failed"], [])
            for file, (_, data) in zip(made["uploads"], files, strict=True):
                self.read_back(file, data)


class Frugal(Batch):
    """The release build: memory for a batch of any size, and descriptors."""

    options = {"workers": "single", "build": RELEASE, "base": "/dev/shm"}
    settings = {"CDN_MIN_FREE": "0"}

    def setUp(self):
        self.site.pool.signal(15)
        self.site.pool.process.wait(10)
        self.site.pool.start()
        self.worker_is_well()
        self.pid, = self.site.pool.pids()

    def open_now(self):
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def at_rest(self):
        """How many descriptors it has between requests: a connection is closed a moment after its answer."""
        counts = [0]

        def settled():
            counts.append(self.open_now())
            return len(counts) > 5 and len(set(counts[-5:])) == 1
        self.worker_is_well()
        process.wait_until(settled, what="a rest")
        return counts[-1]

    def send(self, count, size):
        """A batch of so many files of that size; returns the most descriptors seen, all its files deleted again."""
        head = (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="files[]"; filename="a.bin"\r\n\r\n').encode()
        end = f"--{BOUNDARY}--\r\n".encode()
        piece = bytes(range(256)) * 128
        most = 0
        length = count * (len(head) + size + 2) + len(end)
        with self.connect(60) as sock:
            sock.sendall(fcgi.begin() + fcgi.params(self.values_for("POST", "/api/v4/uploads", str(length))))
            for _ in range(count):
                sock.sendall(fcgi.record(fcgi.STDIN, head))
                for _ in range(size // len(piece)):
                    sock.sendall(fcgi.record(fcgi.STDIN, piece))
                sock.sendall(fcgi.record(fcgi.STDIN, piece[:size % len(piece)] + b"\r\n"))
                most = max(most, self.open_now())
            sock.sendall(fcgi.record(fcgi.STDIN, end) + fcgi.record(fcgi.STDIN))
            answer = fcgi.reply(sock)
        self.assertEqual(answer.status, 201, answer.body)
        for file in json.loads(answer.body)["uploads"]:
            self.assertEqual(file["size"], size)
            self.site.request("DELETE", "/api/v4/upload/" + file["id"], key=True)
        return most

    def test_memory_and_descriptors(self):
        self.send(40, 1000)
        idle = self.at_rest()
        small = process.memory(self.pid)["peak"]
        most = self.send(40, 5 * MIB)
        large = process.memory(self.pid)["peak"]
        print(f"peak {small // 1024} kB with 40 KB, {large // 1024} kB with 200 MiB; "
              f"descriptors {idle} idle, {most} at most", flush=True)
        self.assertLessEqual(large - small, MIB)
        self.assertLessEqual(most, idle + 40 + 8)
        self.assertEqual(self.at_rest(), idle)

    def test_raw_file_s_memory(self):
        peaks = []
        for size in (1, MIB, 100 * MIB):
            with self.connect(60) as sock:
                sock.sendall(fcgi.begin() + fcgi.params(self.values_for("PUT", "/api/v4/upload/a.bin", str(size), "")))
                for _ in range(size // 32768):
                    sock.sendall(fcgi.record(fcgi.STDIN, bytes(32768)))
                if size % 32768:
                    sock.sendall(fcgi.record(fcgi.STDIN, bytes(size % 32768)))
                sock.sendall(fcgi.record(fcgi.STDIN))
                answer = fcgi.reply(sock)
            self.assertEqual((answer.status, json.loads(answer.body)["size"]), (201, size))
            self.site.request("DELETE", "/api/v4/upload/" + json.loads(answer.body)["id"], key=True)
            peaks.append(process.memory(self.pid)["peak"])
        self.assertLessEqual(peaks[2] - peaks[1], MIB)

    def test_too_few_descriptors(self):
        """Those that it could open a file for are stored, the others told; nothing is left and all are closed."""
        self.site.expect_errors()
        self.upload(b"x")
        idle = self.at_rest()
        hard = resource.prlimit(self.pid, resource.RLIMIT_NOFILE)[1]
        before = self.state()
        for limit in range(idle + 5, idle + 26, 3):
            resource.prlimit(self.pid, resource.RLIMIT_NOFILE, (limit, hard))
            with self.subTest(limit=limit, idle=idle):
                body = batch_of([(f"{n}.bin", noise(1000 + n)) for n in range(40)]).body()
                answer = self.call(self.values_for("POST", "/api/v4/uploads", str(len(body))), body)
                self.assertEqual(answer.status, 201, answer.body)
                made = json.loads(answer.body)
                # What could not be published has given up its descriptor to the next.
                self.assertIn(len(made["uploads"]), range(limit - idle - 4, limit - idle))
                self.assertEqual(len(made["uploads"]) + len(made["failed"]), 40)
                self.assertEqual({file["reason"] for file in made["failed"]}, {"Upload failed due to an internal error"})
                for file in made["uploads"]:
                    self.read_back(file, noise(file["size"]))
                for file in made["uploads"]:
                    self.site.request("DELETE", "/api/v4/upload/" + file["id"], key=True)
                self.assertEqual(self.at_rest(), idle)
                self.assertEqual(self.state(), before)


main()
