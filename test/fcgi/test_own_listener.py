"""A worker as mod_fcgid starts one: alone on its listener, and asked for its answer only when the whole body is sent."""
import os
import signal
import socket
import threading
import time

from harness import fcgi, main
from worker_case import WorkerCase, noise

UP = fcgi.begin() + fcgi.params(fcgi.environment("GET", "/up")) + fcgi.record(fcgi.STDIN)


class Alone(WorkerCase):
    def let_go(self):
        """The test's own hold on the listener is all that others have of it."""
        self.site.pool.listener.close()

    def anew(self):
        """Another worker, on a listener of its own as well."""
        pool = self.site.pool
        self.site.expect_ends()
        pool.stop()
        self.let_go()
        os.unlink(pool.socket)
        pool.listener = socket.socket(socket.AF_UNIX)
        pool.listener.bind(pool.socket)
        pool.listener.listen(128)
        pool.start()
        self.worker_is_well()


class Own(Alone):
    settings = {"CDN_LISTENER": "own"}

    def test_what_waits_is_served(self):
        self.anew()
        self.let_go()
        form = self.form(noise(100_000))
        with self.begin_upload(form, 50_000) as first, self.connect() as second, self.connect() as third:
            second.sendall(UP)
            self.wait_for_upload()
            self.site.pool.signal(signal.SIGTERM)
            first.sendall(fcgi.stream(fcgi.STDIN, form.body()[50_000:]))
            self.assertEqual(fcgi.reply(first).status, 201)
            self.assertEqual(fcgi.reply(second).status, 200)
            # The last one has not sent its request yet; whoever comes now is sent elsewhere.
            with self.assertRaises(ConnectionRefusedError):
                self.connect()
            third.sendall(UP)
            self.assertEqual(fcgi.reply(third).status, 200)
        self.assertEqual(self.site.pool.process.wait(5), 0)

    def test_refused_or_answered(self):
        """However close to the end a connection is made."""
        for _ in range(10):
            self.anew()
            self.let_go()
            answers = []
            threads = [threading.Thread(target=self.ask_until_refused, args=(answers,)) for _ in range(3)]
            for thread in threads:
                thread.start()
            self.site.pool.signal(signal.SIGTERM)
            self.assertEqual(self.site.pool.process.wait(5), 0)
            for thread in threads:
                thread.join()
            self.assertLessEqual(set(answers), {200})

    def ask_until_refused(self, answers):
        while True:
            try:
                sock = self.connect()
            except (ConnectionRefusedError, BlockingIOError):
                return
            with sock:
                try:
                    sock.sendall(UP)
                    answers.append(fcgi.reply(sock).status)
                except OSError as error:
                    answers.append(repr(error))


class Shared(Alone):
    def test_what_waits_is_left_to_the_next(self):
        self.site.expect_ends()
        form = self.form(noise(100_000))
        with self.begin_upload(form, 50_000) as first, self.connect() as second:
            second.sendall(UP)
            self.wait_for_upload()
            self.site.pool.signal(signal.SIGTERM)
            first.sendall(fcgi.stream(fcgi.STDIN, form.body()[50_000:]))
            self.assertEqual(fcgi.reply(first).status, 201)
            self.assertEqual(self.site.pool.process.wait(5), 0)
            self.connect().close()
            self.site.pool.start()
            self.assertEqual(fcgi.reply(second).status, 200)


class Drain(WorkerCase):
    settings = {"CDN_DRAIN": "1G", "CDN_MAX_BODY": "1M"}

    def test_a_peer_that_sends_to_the_end(self):
        form = self.form(noise(20_000_000))
        for key, status in (("sk_cdn_" + "0" * 64, 401), (None, 413)):
            for length in ("auto", None):
                with self.subTest(status=status, length=length), self.connect() as sock:
                    sock.sendall(fcgi.begin() + fcgi.params(self.values(form, length, key)))
                    sock.sendall(fcgi.stream(fcgi.STDIN, form.body()))
                    self.assertRefused(fcgi.reply(sock), status)
        self.worker_is_well()

    def test_a_peer_whose_client_is_slow(self):
        """More than the 2 s that there are for a peer which might look for the answer."""
        form = self.form(noise(1_200_000))
        with self.connect() as sock:
            sock.sendall(fcgi.begin() + fcgi.params(self.values(form, "auto", "sk_cdn_" + "0" * 64)))
            records = fcgi.stream(fcgi.STDIN, form.body())
            for at in range(0, len(records), 40_000):
                sock.sendall(records[at:at + 40_000])
                time.sleep(0.1)
            self.assertRefused(fcgi.reply(sock), 401)


main()
