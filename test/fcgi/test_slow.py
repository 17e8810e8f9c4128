"""Peers that are slow to send, slow to read, or keep a connection: none of them holds a worker."""
import socket
import threading
import time

from harness import client, fcgi, main, process
from worker_case import KEPT, WorkerCase, noise


class SlowSenders(WorkerCase):
    settings = {"CDN_RECEIVE_TIMEOUT": "1", "CDN_MIN_RATE": "1000", "CDN_RATE_WINDOW": "2"}

    def setUp(self):
        self.before = self.state()

    def tearDown(self):
        self.worker_is_well(timeout=3)
        self.assertEqual(self.state(), self.before)

    def trickle(self, sock, pieces, every):
        """Send until an answer comes; the seconds it took."""
        began = time.monotonic()
        client.send(sock, pieces, every)
        return time.monotonic() - began

    def test_a_byte_now_and_then(self):
        form = self.form(noise(100_000))
        for length in ("auto", None):
            with self.subTest(length=length):
                with self.begin_upload(form, 50_000, length) as sock:
                    took = self.trickle(sock, [fcgi.record(fcgi.STDIN, b"x")] * 100, 0.3)
                    self.assertRefused(fcgi.reply(sock), 408)
                # The window begins before the 50,000 bytes, which make the first one good.
                self.assertLess(took, 2 * 2 + 1.5)

    def test_stalled(self):
        form = self.form(noise(100_000))
        for part in (0, 50_000):
            with self.subTest(part=part):
                with self.begin_upload(form, part) as sock:
                    began = time.monotonic()
                    self.assertRefused(fcgi.reply(sock), 408)
                    self.assertLess(time.monotonic() - began, 3)

    def test_behind_nginx(self):
        form = self.form(noise(100_000))
        body = form.body()
        for chunked, every in ((False, 5), (True, 0.3)):
            with self.subTest(chunked=chunked, every=every):
                headers = [("Host", "x"), ("Authorization", "Bearer " + self.site.key),
                           ("Content-Type", form.content_type)]
                headers.append(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", len(body)))
                with client.connect(self.site.address) as sock:
                    sock.sendall(client.head("POST", "/api/v4/upload", headers))
                    for piece in client.cut(body[:50_000]):
                        sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
                    if every < 1:
                        self.trickle(sock, [b"1\r\nx\r\n"] * 100, every)
                    began = time.monotonic()
                    answer = client.read(sock, "POST")
                    self.assertLess(time.monotonic() - began, 4)
                    self.assertEqual((answer.status, answer.json["error"]), (408, "Request timeout"))

    def test_fast_enough(self):
        """Above the rate all is well, however long it takes."""
        data = noise(8_000)
        form = self.form(data)
        began = time.monotonic()
        with self.connect() as sock:
            sock.sendall(fcgi.begin() + fcgi.params(self.values(form)))
            for piece in client.cut(form.body(), 700):
                sock.sendall(fcgi.record(fcgi.STDIN, piece))
                time.sleep(0.25)
            sock.sendall(fcgi.record(fcgi.STDIN))
            answer = fcgi.reply(sock)
        self.assertGreater(time.monotonic() - began, 2.5)
        self.assertStored(answer, data)
        self.before = self.state()

    def test_each_request_has_its_own_window(self):
        """Two that pause a little, one after the other, are no slow one."""
        data = noise(100)
        form = self.form(data)
        body = form.body()
        for _ in range(2):
            with self.begin_upload(form, 10) as sock:
                for at in (10, 20, 30):
                    time.sleep(0.5)
                    sock.sendall(fcgi.record(fcgi.STDIN, body[at:at + 10]))
                sock.sendall(fcgi.stream(fcgi.STDIN, body[40:]))
                self.assertStored(fcgi.reply(sock), data)
        self.before = self.state()

    def test_a_body_that_nobody_reads(self):
        """A refused client that goes on sending, slowly, is let go after two seconds."""
        with self.connect() as sock:
            values = fcgi.environment("POST", "/api/v4/upload", CONTENT_LENGTH="1000000", CONTENT_TYPE="text/plain")
            sock.sendall(fcgi.begin() + fcgi.params(values))
            self.assertEqual(fcgi.reply(sock).status, 401)
            began = time.monotonic()
            client.send(sock, [fcgi.record(fcgi.STDIN, b"x")] * 100, 0.2)
            self.assertLess(time.monotonic() - began, 4)


class SlowReaders(WorkerCase):
    settings = {"CDN_SENDFILE": "off", "CDN_SEND_TIMEOUT": "1"}

    def lines_of(self, path):
        return [line for line in self.site.access() if line["path"] == path]

    def test_reader_that_stops(self):
        data = noise(8_000_000)
        answer = self.site.upload(data, "a.bin")
        path = answer.json["url"][len(self.site.url):]
        for read_first in (0, 100_000):
            with self.subTest(read_first=read_first):
                count = len(self.lines_of(path))
                with socket.socket(socket.AF_UNIX) as sock:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                    sock.settimeout(10)
                    sock.connect(self.site.pool.socket)
                    sock.sendall(fcgi.begin() + fcgi.params(fcgi.environment("GET", path)) +
                                 fcgi.record(fcgi.STDIN))
                    got = len(fcgi.exactly(sock, read_first))
                    began = time.monotonic()
                    self.worker_is_well()
                    self.assertLess(time.monotonic() - began, 6)
                    self.assertEqual(got, read_first)
                    while sock.recv(1 << 20):
                        pass
                # The line of a request is written a moment after its answer.
                process.wait_until(lambda: len(self.lines_of(path)) > count, what="the line in the log")
                line = self.lines_of(path)[count]
                self.assertTrue(line["client_left"])
                self.assertLess(line["bytes_out"], len(data))

    def test_reader_that_is_slow(self):
        """As long as something moves it is given all of it."""
        data = noise(2_000_000)
        answer = self.site.upload(data, "a.bin")
        path = answer.json["url"][len(self.site.url):]
        with self.connect() as sock:
            sock.sendall(fcgi.begin() + fcgi.params(fcgi.environment("GET", path)) + fcgi.record(fcgi.STDIN))
            out = b""
            while True:
                got = fcgi.receive(sock)
                if got is None or got[0] == fcgi.END:
                    break
                out += got[2]
                time.sleep(0.05 if len(out) < 1_000_000 else 0)
        self.assertTrue(out.endswith(data))

    def test_reader_that_leaves(self):
        answer = self.site.upload(noise(8_000_000), "a.bin")
        path = answer.json["url"][len(self.site.url):]
        count = len(self.site.access())
        with self.connect() as sock:
            sock.sendall(fcgi.begin() + fcgi.params(fcgi.environment("GET", path)) + fcgi.record(fcgi.STDIN))
            fcgi.exactly(sock, 1000)
        self.worker_is_well(timeout=3)
        self.assertTrue(self.site.access()[count]["client_left"])


class KeptConnections(WorkerCase):
    settings = {"CDN_RECEIVE_TIMEOUT": "1"}

    def test_three_at_once(self):
        """One worker, and a web server that would keep its connections."""
        other = self.other_nginx(KEPT)
        for _ in range(5):
            answers = []
            threads = [threading.Thread(target=lambda: answers.append(
                client.request(other.address, "GET", "/up", timeout=5).status)) for _ in range(3)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(answers, [200] * 3)
        data = noise(300_000)
        form = self.form(data)
        headers = {"Authorization": "Bearer " + self.site.key, "Content-Type": form.content_type}
        answer = client.request(other.address, "POST", "/api/v4/upload", headers, form.body())
        self.assertStored(answer, data)

    def test_raw(self):
        """The connection is closed after the answer, on both sides, whatever the peer asked for."""
        pid, = self.site.pool.pids()
        before = len(self.site.descriptors(pid))
        for _ in range(5):
            with self.connect(5) as sock:
                sock.sendall(fcgi.begin(flags=fcgi.KEEP_CONN) + fcgi.params(fcgi.environment("GET", "/up")) +
                             fcgi.record(fcgi.STDIN))
                self.assertEqual(fcgi.reply(sock).status, 200)
                self.assertEqual(sock.recv(1), b"")
                self.worker_is_well(timeout=2)
        process.wait_until(lambda: len(self.site.descriptors(pid)) <= before, 2, "closing what was kept")

    def test_silent_connections(self):
        """One that sends nothing costs the receive timeout, not the worker."""
        with self.connect(), self.connect():
            self.worker_is_well(timeout=6)


main()
