"""Signals in the middle of a request and between two."""
import signal
import threading
import time

from harness import client, fcgi, main, request
from worker_case import WorkerCase, noise

GENTLE = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


class Signals(WorkerCase):
    settings = {"CDN_SENDFILE": "off"}

    def setUp(self):
        if not self.site.pool.pids():
            self.start()
        self.before = self.state()

    def start(self):
        self.site.pool.start()
        self.site.expect_ends()
        self.worker_is_well()

    def wait_for_end(self, timeout):
        """The exit status of the worker."""
        status = self.site.pool.process.wait(timeout)
        self.start()
        return status

    def test_idle(self):
        took = []
        for signum in GENTLE:
            with self.subTest(signal=signum.name):
                began = time.monotonic()
                self.site.pool.signal(signum)
                status = self.site.pool.process.wait(5)
                took.append(time.monotonic() - began)
                self.start()
                self.assertEqual(status, 0)
        # The best of three: a busy machine is not the worker's fault.
        self.assertLess(min(took), 1)

    def test_mid_body_raw(self):
        form = self.form(noise(2_000_000))
        body = form.body()
        for signum in GENTLE:
            for length in ("auto", None):
                with self.subTest(signal=signum.name, length=length):
                    with self.begin_upload(form, 1_000_000, length) as sock:
                        self.wait_for_upload()
                        self.site.pool.signal(signum)
                        time.sleep(0.1)
                        self.site.pool.signal(signum)
                        rest = body[1_000_000:]
                        for at in range(0, len(rest), 65528):
                            sock.sendall(fcgi.record(fcgi.STDIN, rest[at:at + 65528]))
                            time.sleep(0.01)
                        sock.sendall(fcgi.record(fcgi.STDIN))
                        answer = fcgi.reply(sock)
                    self.assertEqual(self.wait_for_end(5), 0)
                    self.assertStored(answer, form.parts[0].data)

    def test_many_signals_mid_body(self):
        """Every read might be interrupted."""
        form = self.form(noise(500_000))
        body = form.body()
        with self.begin_upload(form, 1000) as sock:
            self.wait_for_upload()
            for at in range(1000, len(body), 5000):
                self.site.pool.signal(GENTLE[at // 5000 % 3])
                sock.sendall(fcgi.record(fcgi.STDIN, body[at:at + 5000]))
                time.sleep(0.002)
            sock.sendall(fcgi.record(fcgi.STDIN))
            answer = fcgi.reply(sock)
        self.assertEqual(self.wait_for_end(5), 0)
        self.assertStored(answer, form.parts[0].data)

    def test_while_sending(self):
        """A response under way is sent whole."""
        data = noise(5_000_000)
        path = self.site.upload(data).json["url"][len(self.site.url):]
        with self.connect() as sock:
            sock.sendall(fcgi.begin() + fcgi.params(fcgi.environment("GET", path)) + fcgi.record(fcgi.STDIN))
            _, _, first = fcgi.receive(sock)
            for _ in range(10):
                self.site.pool.signal(signal.SIGTERM)
                time.sleep(0.02)
            rest = fcgi.reply(sock)
        self.assertEqual(self.wait_for_end(5), 0)
        self.assertTrue((first + rest.raw).endswith(data))
        self.assertEqual(rest.ended, 0)

    def slow_upload(self, address, form, while_sending):
        """An upload of which half is sent, then something happens, then the rest."""
        body = form.body()
        with client.connect(address) as sock:
            sock.sendall(client.head("POST", "/api/v4/upload", [
                ("Host", "x"), ("Authorization", "Bearer " + self.site.key), ("Content-Type", form.content_type),
                ("Content-Length", len(body)), ("Connection", "close")]))
            half = len(body) // 2
            sock.sendall(body[:half])
            time.sleep(0.3)
            while_sending()
            client.send(sock, client.cut(body[half:]), pause_s=0.002)
            return client.read(sock, "POST")

    def test_mid_body_behind_nginx(self):
        form = self.form(noise(4_000_000))
        answer = self.slow_upload(self.site.address, form, lambda: self.site.pool.signal(signal.SIGTERM))
        self.assertEqual(self.wait_for_end(5), 0)
        self.assertEqual(answer.status, 201)
        self.read_back(answer.json, form.parts[0].data)

    def test_kill_mid_body(self):
        """Unbuffered: the client sees 502. Nothing is left."""
        form = self.form(noise(4_000_000))

        def kill():
            self.site.pool.signal(signal.SIGKILL)
            self.site.pool.process.wait(5)

        answer = self.slow_upload(self.site.address, form, kill)
        self.start()
        self.assertEqual((answer.status, answer.json["status"]), (502, 502))
        self.assertEqual(self.state(), self.before)

    def test_waiting_connections_outlive_a_worker(self):
        """What came while no worker ran is answered by the next."""
        self.site.pool.signal(signal.SIGTERM)
        self.assertEqual(self.site.pool.process.wait(5), 0)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(request(self.site.address, "GET", "/up").status))
                   for _ in range(5)]
        for thread in threads:
            thread.start()
        time.sleep(0.3)
        self.start()
        for thread in threads:
            thread.join()
        self.assertEqual(answers, [200] * 5)


main()
