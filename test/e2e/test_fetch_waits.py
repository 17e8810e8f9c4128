"""Sources that keep a worker waiting: it gives up in time, says so, and is free."""
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from harness import internet, main, origin, process
from harness.dns import SILENCE
from harness.fetching import TIMED_OUT, FetchCase
from harness.internet import OTHER

K = 1024
BYTES = b"what was fetched \xff" * 100
# No source below comes to an end of its own within a minute. What is over by now was ended by the limit under test.
SOON_S = 15
# Where connections are taken by the kernel only until its line is full.
FULL_PORT = 81


class WaitCase(FetchCase):
    """As many slow workers as sources that are asked at a time."""

    options = {"workers": 1, "slow": 8}

    def fetch_all(self, urls):
        with ThreadPoolExecutor(len(urls)) as pool:
            return list(zip(urls, pool.map(lambda url: self.fetch(url, timeout=SOON_S), urls)))

    def assertTimedOut(self, urls):
        """Each, and then nothing is left of it: no bytes, no connection, no worker that still waits."""
        for url, answer in self.fetch_all(urls):
            with self.subTest(url):
                self.assertRefused(answer, TIMED_OUT)
                self.assertRegex(self.detail(answer), "(?i)timed out|timeout|too slow")
        self.assertNothingLeft()
        process.wait_until(lambda: len(internet.origin.closed) == len(internet.origin.connections),
                           what="the end of all connections")
        self.assertAllFree()

    def assertAllFree(self):
        """Each worker, at once: the source answers when all of them have come."""
        everybody = threading.Barrier(self.options["slow"])

        def answer(conn, _):
            everybody.wait(SOON_S)
            conn.sendall(origin.whole(BYTES))

        internet.origin.on("/together", answer)
        for _, got in self.fetch_all(["http://files.test/together"] * everybody.parties):
            self.assertFetched(got, BYTES)
        self.at_first = self.state()


class Slow(WaitCase):
    """A rate is due within two seconds, a connection within one; all in all there is plenty of time."""

    settings = {**FetchCase.settings, "CDN_FETCH_TIMEOUT": 60, "CDN_FETCH_CONNECT_TIMEOUT": 1, "CDN_MIN_RATE": "8K",
                "CDN_RATE_WINDOW": 2, "CDN_FETCH_PORTS": f"80,443,{FULL_PORT}"}

    def on(self, answers):
        for path, answer in answers.items():
            internet.origin.on(path, answer)
        return [f"http://files.test{path}" for path in answers]

    def test_silence(self):
        urls = self.on({
            "/never": origin.stall(b""), "/line": origin.stall(b"HTTP/1.1 2"),
            "/head": origin.stall(b"HTTP/1.1 200 OK\r\nContent-"),
            "/no-body": origin.stall(origin.claims(K * K, b"")),
            "/body": origin.stall(origin.claims(K * K, bytes(10 * K))),
            "/chunk": origin.stall(origin.chunked(bytes(10 * K), end=b"")),
            "/interim": origin.stall(origin.after([100, 103], b"")),
            "/end": origin.stall(origin.chunked(bytes(10 * K), end=b"0\r\n")),
        })
        self.assertTimedOut(urls)
        self.assertTimedOut([url.replace("http:", "https:") for url in urls])

    def test_trickle(self):
        self.assertTimedOut(self.on({
            "/body": origin.trickle(origin.claims(K * K, b""), b"x", 0.1),
            "/chunks": origin.trickle(origin.chunked(end=b""), origin.chunk(b"x" * 100), 0.2),
            "/until-close": origin.trickle(origin.head(200), b"x" * 500, 0.1),
            "/head": origin.trickle(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0.1),
            "/line": origin.trickle(b"HTTP/1.1 200 ", b"x", 0.1),
            "/interim": origin.trickle(b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.1),
            "/after-much": origin.trickle(origin.claims(K * K, bytes(500 * K)), b"x", 0.1),
        }))

    def test_much_that_is_no_body(self):
        """What is said about a chunk does not count, however much it is."""
        self.assertTimedOut(self.on({"/extension": origin.endless(origin.chunked(end=b"5;a="), b"x" * K)}))

    def test_nobody_takes_the_call(self):
        internet.dns.say("mute.test", [OTHER])
        internet.origin.mute.add(OTHER)
        with socket.socket() as listener:
            listener.bind(("0.0.0.0", FULL_PORT))
            listener.listen(0)
            waiting = [socket.socket() for _ in range(4)]
            for sock in waiting:
                sock.setblocking(False)
                sock.connect_ex(("127.0.0.1", FULL_PORT))
            self.assertTimedOut([f"http://files.test:{FULL_PORT}/", "https://mute.test/", "http://mute.test/"])
            for sock in waiting:
                sock.close()

    def test_dns_that_never_answers(self):
        """Not even the C library waits as long as the worker does not."""
        internet.dns.say("silent.test", SILENCE)
        internet.wait_for_dns(20)
        try:
            self.assertTimedOut(["http://silent.test/"] * 8)
        finally:
            internet.wait_for_dns(3)
        self.assertEqual(internet.origin.requests[0].path, "/together")

    def test_what_is_slow_but_not_too_slow(self):
        def answer(conn, _):
            conn.sendall(origin.claims(16 * 4 * K, b""))
            for _ in range(16):
                time.sleep(0.2)
                conn.sendall(bytes(4 * K))
        internet.origin.on("/slow", answer)
        self.assertFetched(self.fetch("http://files.test/slow"), bytes(64 * K))


class Long(WaitCase):
    """Two seconds for all of it, however lively."""

    settings = {**FetchCase.settings, "CDN_FETCH_TIMEOUT": 2, "CDN_FETCH_CONNECT_TIMEOUT": 60, "CDN_RATE_WINDOW": 60}

    def test_it_is_enough(self):
        internet.dns.say("mute.test", [OTHER])
        internet.dns.say("silent.test", SILENCE)
        internet.origin.mute.add(OTHER)
        internet.origin.on("/never", origin.stall(b""))
        internet.origin.on("/steady", origin.trickle(origin.head(200), bytes(16 * K), 0.05))
        internet.origin.on("/steady-head", origin.trickle(b"HTTP/1.1 200 OK\r\n", b"X-A: b\r\n", 0.2))
        for number in range(5):
            internet.origin.on(f"/hop/{number}", origin.slowly(0.7, origin.redirect(302, f"/hop/{number + 1}")))
        internet.origin.on("/hop/5", origin.slowly(0.7, origin.whole(BYTES)))
        internet.origin.on("/last", origin.slowly(1, origin.redirect(302, "/never")))
        internet.wait_for_dns(20)
        try:
            self.assertTimedOut([f"http://files.test/{path}" for path in ("never", "steady", "steady-head", "hop/0",
                                                                          "last")] +
                                ["https://files.test/steady", "https://mute.test/", "http://silent.test/"])
        finally:
            internet.wait_for_dns(3)
        self.assertNotIn("/hop/4", [request.path for request in internet.origin.requests])


class Held(WaitCase):
    """An Idempotency-Key is held for ten seconds at a time, as long as its fetch goes on."""

    options = {"workers": 1, "slow": 2}

    def once(self):
        headers = [("Content-Type", "application/json"), ("Idempotency-Key", "held")]
        return self.site.request("POST", "/api/v4/upload_from_url", headers, b'{"url":"http://files.test/late"}', key=True)

    def test_longer_than_a_lease(self):
        internet.origin.on("/late", origin.slowly(14, origin.whole(BYTES)))
        with ThreadPoolExecutor(1) as pool:
            first = pool.submit(self.once)
            time.sleep(12)
            self.assertEqual(self.once().status, 409)
            answer = first.result()
        self.assertFetched(answer, BYTES)
        again = self.once()
        self.assertEqual((again.body, again.header("Idempotency-Replayed")), (answer.body, "true"))


internet.enter()
main()
