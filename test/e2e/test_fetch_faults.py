"""Sources that are wrong, too large, or not who they say: nothing is stored, and the next fetch works."""
import gzip

from harness import internet, main, origin, process
from harness.fetching import FetchCase, failed
from harness.internet import DEAD, DEAD6, PUBLIC

K = 1024
BYTES = b"what was fetched \xff" * 100


class FaultCase(FetchCase):
    def assertFails(self, answers, reason=None):
        """Each is refused, with the reason or a general one, and leaves nothing; then a good one is fetched."""
        for name, answer in answers.items():
            self.at_first = self.state()
            for scheme in ("http", "https"):
                with self.subTest(name, scheme=scheme):
                    internet.origin.on("/a", answer)
                    got = self.fetch(f"{scheme}://files.test/a", timeout=15)
                    self.assertRefused(got, reason or failed(502))
                    self.assertIn("files.test" if reason is None else "", self.detail(got))
                    self.assertNothingLeft()
        self.assertWorks()

    def assertWorks(self):
        internet.origin.on("/good", origin.whole(BYTES))
        self.assertFetched(self.fetch("http://files.test/good"), BYTES)


class Wrong(FaultCase):
    def test_too_short(self):
        self.assertFails({
            "says 10, sends 5": origin.claims(10, b"12345"),
            "says 10, sends none": origin.claims(10, b""),
            "says 1 MB, sends all but one": origin.claims(K * K, bytes(K * K - 1)),
            "chunked, no last chunk": origin.chunked(b"12345", b"67890", end=b""),
            "chunked, no chunk": origin.chunked(end=b""),
            "chunked, the last one cut": origin.chunked(b"12345", end=b"a\r\n12345"),
            "chunked, no end of the last chunk": origin.chunked(b"12345", end=b"0\r\n"),
            "says more than 64 bits can": origin.claims(2**64 + 5, b"12345"),
            "says more than a double can": origin.claims("9" * 400, b"12345"),
        })

    def test_not_http(self):
        head = b"HTTP/1.1 200 OK\r\n"
        self.assertFails({
            "nothing": b"",
            "HTTP/0.9": BYTES,
            "one line": b"220 files.test ESMTP\r\n",
            "half a status line": b"HTTP/1.1 2",
            "half a head": head + b"Content-Length: 5\r\n",
            "a length of -1": origin.claims(-1, b"12345"),
            "a length of abc": origin.claims("abc", b"12345"),
            "a length of 5x": origin.claims("5x", b"12345"),
            "an empty length": origin.claims("", b"12345"),
            "two lengths": origin.whole(b"12345", "Content-Length: 10"),
            "two lengths, the longer first": head + b"Content-Length: 10\r\nContent-Length: 5\r\n\r\n1234567890",
            "two lengths in a line": origin.claims("5, 10", b"12345"),
            "no chunk size": origin.chunked(end=b"xyz\r\n12345\r\n0\r\n\r\n"),
            "a chunk size of -5": origin.chunked(end=b"-5\r\n12345\r\n0\r\n\r\n"),
            "an endless chunk size": origin.chunked(end=b"5" * 100 + b"\r\n12345"),
            "an unknown coding": origin.head(200, "Transfer-Encoding: rot13") + b"12345",
            "a header of 100 kB": origin.whole(BYTES, "X-Long: " + "x" * 100 * K),
            "100 kB of headers": origin.whole(BYTES, *[f"X-{n}: {'x' * 100}" for n in range(K)]),
            "100 kB of interim answers": origin.after([103] * 3000, origin.whole(BYTES)),
            "a NUL in a header": origin.whole(BYTES, "X-Nul: a\0b"),
            "a status line among the headers":
                head + b"Content-Length: 10\r\nHTTP/foo: 1\r\nContent-Length: 5\r\n\r\n12345",
            "a whole status line among the headers":
                head + b"Content-Length: 10\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n12345",
            "a blank before the colon": head + b"Content-Length : 500\r\n\r\n12345",
            "a tab before the colon": head + b"Content-Length\t: 500\r\n\r\n12345",
        })

    def test_codings_that_are_not_undone(self):
        """What is stored would not be the file, or nobody would notice that its end is missing."""
        def sent(coding, data, *headers):
            return origin.head(200, *headers, f"Transfer-Encoding: {coding}") + data

        packed = gzip.compress(bytes(range(256)) * 100)
        chunk = origin.chunk(packed[:len(packed) // 2])
        self.assertFails({
            "identity, and too short": sent("identity", b"12345", "Content-Length: 500"),
            "identity": sent("identity", b"12345"),
            "gzip": sent("gzip", packed),
            "gzip, cut": sent("gzip", packed[:-10]),
            "gzip, in a length": sent("gzip", packed, f"Content-Length: {len(packed)}"),
            "gzip, chunked": sent("gzip, chunked", origin.chunk(packed) + b"0\r\n\r\n"),
            "gzip, chunked, cut between chunks": sent("gzip, chunked", chunk),
            "gzip, chunked, cut in a chunk": sent("gzip, chunked", chunk[:-10]),
            "gzip, chunked, with a last chunk too early": sent("gzip, chunked", chunk + b"0\r\n\r\n"),
            "gzip and chunked in two lines": sent("gzip", origin.chunk(packed) + b"0\r\n\r\n",
                                                  "Transfer-Encoding: chunked"),
            "deflate": sent("deflate", packed),
            "chunked, then gzip": sent("chunked, gzip", origin.chunk(packed) + b"0\r\n\r\n"),
        })

    def test_another_protocol(self):
        """Nobody asked to speak another one: 101 is wrong at once, however much follows."""
        head = b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: websocket\r\n"
        self.assertFails({
            "silence": origin.stall(head + b"\r\n"),
            "a length": origin.stall(head + b"Content-Length: 5\r\n\r\n12345"),
            "megabytes": origin.endless(head + b"\r\n", bytes(K * K)),
            "a good answer": head + b"\r\n" + origin.whole(BYTES),
            "after another": origin.endless(origin.after([100, 103], head + b"\r\n"), bytes(K)),
        })

    def test_without_end(self):
        """Headers and interim answers, each for ever."""
        self.assertFails({
            "headers": origin.endless_header(),
            "one header": origin.endless(b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * K),
            "a status line": origin.endless(b"HTTP/1.1 200 ", b"x" * K),
            "interim answers": origin.endless(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
            "a chunk size": origin.endless(origin.chunked(b"12345", end=b""), b"0"),
            "trailers": origin.endless(origin.chunked(b"12345", end=b"0\r\n"), b"X-More: and more\r\n"),
        })

    def test_other_statuses(self):
        for code in (201, 202, 203, 204, 205, 206, 226, 304, 400, 401, 403, 404, 407, 410, 416, 429, 451, 500, 502,
                     503, 504, 599):
            internet.origin.on("/a", origin.status(code))
            answer = self.fetch()
            self.assertRefused(answer, failed(code))
            self.assertIn("only 200", self.detail(answer))
        self.assertNothingLeft()
        self.assertWorks()

    def test_another_status_is_not_waited_for(self):
        """What it has to say at length is of no interest."""
        for answer in (origin.stall(origin.claims(5, b"").replace(b" 200 ", b" 404 ")),
                       origin.endless(origin.head(404), b"x" * K)):
            internet.origin.on("/a", answer)
            self.assertRefused(self.fetch(timeout=15), failed(404))

    def test_nobody_there(self):
        for name, address in (("dead.test", DEAD), ("dead6.test", DEAD6)):
            internet.dns.say(name, [address])
            for host in (name, f"[{address}]" if ":" in address else address):
                answer = self.fetch(f"http://{host}/a")
                self.assertRefused(answer, failed(502))
                self.assertRegex(self.detail(answer), "(?i)unreachable|no route|connect")
        self.assertNothingLeft()

    def test_plain_where_tls_is_due(self):
        self.assertRefused(self.fetch("http://files.test:443/a"), failed(502))
        self.assertNothingLeft()


class Authorization(FaultCase):
    """X-Download-Authorization has up to 4,096 bytes."""

    def test_the_longest(self):
        internet.origin.on("/a", origin.whole(BYTES))
        self.assertFetched(self.fetch(authorization="x" * 4096), BYTES)
        self.assertEqual(internet.origin.requests[0].header("Authorization"), "x" * 4096)

    def test_a_longer_one(self):
        internet.origin.on("/a", origin.whole(BYTES))
        for size in (4097, 6000):
            answer = self.fetch(authorization="x" * size)
            self.assertEqual((answer.status, answer.json["error"], answer.json["code"]),
                             (400, "Bad request", "bad_request"))
            self.assertTellsNothing(answer)
        self.assertEqual(internet.origin.connections, [])
        self.assertEqual(self.dialled(), set())
        self.assertNothingLeft()


class Certificates(FaultCase):
    def test_each_bad_one(self):
        internet.origin.on("/a", origin.whole(BYTES))
        for name, words in (("expired.test", "expired"), ("wrong-name.test", "subject name"),
                            ("self-signed.test", "self-signed"),
                            ("unknown-ca.test", "issuer")):
            internet.dns.say(name, [PUBLIC])
            for url in (f"https://{name}/a", f"https://{name}/none"):
                answer = self.fetch(url)
                self.assertRefused(answer, failed(502))
                self.assertIn(words, self.detail(answer))
            internet.origin.on("/from", origin.redirect(302, f"https://{name}/a"))
            self.assertRefused(self.fetch("https://files.test/from"), failed(502))
        self.assertEqual({request.path for request in internet.origin.requests}, {"/from"})
        self.assertNothingLeft()

    def test_the_good_one(self):
        internet.origin.on("/a", origin.whole(BYTES))
        self.assertFetched(self.fetch("https://files.test/a"), BYTES)

    def test_an_end_that_tls_vouches_for(self):
        internet.origin.on("/a", origin.closed_properly(origin.until_close(BYTES)))
        self.assertFetched(self.fetch("https://files.test/a"), BYTES)


class Right(FetchCase):
    """As odd, but whole."""

    def test_ways_to_send_a_body(self):
        for name, answer, data in (
                ("a length", origin.whole(BYTES), BYTES),
                ("chunks", origin.chunked(BYTES, b"x", BYTES), BYTES + b"x" + BYTES),
                ("until the end", origin.until_close(BYTES), BYTES), ("nothing", origin.whole(b""), b""),
                ("nothing, chunked", origin.chunked(), b""), ("nothing until the end", origin.until_close(b""), b""),
                ("HTTP/1.0", origin.whole(BYTES).replace(b"HTTP/1.1", b"HTTP/1.0"), BYTES),
                ("the same length twice", origin.whole(BYTES, f"Content-Length: {len(BYTES)}"), BYTES),
                ("more than it says", origin.claims(5, b"1234567"), b"12345"),
                ("trailers", origin.chunked(BYTES, end=b"0\r\nContent-Length: 3\r\nLocation: /b\r\n\r\n"), BYTES),
                ("chunks and a length", origin.head(200, "Transfer-Encoding: chunked", "Content-Length: 3") +
                 origin.chunk(BYTES) + b"0\r\n\r\n", BYTES),
                ("100 first", origin.after([100], origin.whole(BYTES)), BYTES),
                ("103, 100 and 103 first", origin.after([103, 100, 103], origin.whole(BYTES)), BYTES),
                ("102 with a length first",
                 b"HTTP/1.1 102 A\r\nContent-Length: 999999999999\r\n\r\n" + origin.whole(BYTES), BYTES),
                ("a Location that is none", origin.whole(BYTES, "Location: http://10.0.0.1/"), BYTES),
                ("bare line feeds", origin.whole(BYTES).replace(b"\r\n", b"\n"), BYTES)):
            with self.subTest(name):
                internet.origin.on("/a", answer)
                self.assertFetched(self.fetch(), data)
        self.assertEqual(self.dialled(), {PUBLIC})

    def test_a_coding_nobody_asked_for(self):
        """The bytes are stored as they came."""
        internet.origin.on("/a", origin.gzipped(BYTES))
        self.assertEqual(gzip.decompress(self.content(self.fetch())), BYTES)
        self.assertEqual(internet.origin.requests[0].all("Accept-Encoding"), [])

    def test_it_is_the_last_hop_that_counts(self):
        internet.origin.on("/from", origin.whole(b"x" * 100, "Location: /a", code=302))
        internet.origin.on("/a", origin.whole(BYTES))
        self.assertFetched(self.fetch("http://files.test/from"), BYTES)


class Large(FaultCase):
    """One file may have 100 KB here, all together 250 KB."""

    settings = {**FetchCase.settings, "CDN_TIER_UNVERIFIED_FILE": "100K", "CDN_TIER_UNVERIFIED_TOTAL": "250K"}
    number = 0

    def setUp(self):
        super().setUp()
        type(self).number += 1
        self.key = self.site.make_account(f"large{self.number}@example.org", "unverified")
        self.at_first = self.state()

    def state(self):
        return super().state(), self.site.me(getattr(self, "key", True)).body

    def fetch(self, url="http://files.test/a", **more):
        return super().fetch(url, key=self.key, timeout=15, **more)

    def fill(self, size):
        self.assertEqual(self.site.upload(bytes(size), "a", key=self.key).status, 201)
        self.at_first = self.state()

    def assertClosed(self):
        """The origin is not left waiting."""
        process.wait_until(lambda: len(internet.origin.closed) == len(internet.origin.connections),
                           what="the end of all connections")

    def test_an_account_that_is_full(self):
        """It has more than it may since its tier was lowered: nobody is asked for what could not be kept."""
        email = f"lowered{type(self).number}@example.org"
        self.key = self.site.make_account(email, "verified")
        for _ in range(3):
            self.fill(90 * K)
        self.site.cdnctl("account", "set", email, "--tier", "unverified")
        self.at_first = self.state()
        for answer in (origin.whole(b"x"), origin.whole(b""), origin.status(404)):
            internet.origin.on("/a", answer)
            for url in ("http://files.test/a", "https://files.test/a", "http://nothing.test/", "http://10.0.0.1/"):
                self.assertFull(self.fetch(url))
        self.assertEqual(internet.origin.connections, [])
        self.assertEqual(self.dialled(), set())
        self.assertEqual(internet.dns.count("files.test"), 0)
        self.assertNothingLeft()
        self.site.cdnctl("account", "set", email, "--tier", "verified")
        internet.origin.on("/a", origin.whole(BYTES))
        self.assertFetched(self.fetch(), BYTES)

    def test_a_length_above_the_limit(self):
        """Refused before the body: here none comes."""
        for size, text in ((100 * K + 1, "100 KB"), (101 * K, "101 KB"), (5 * K * K, "5 MB"),
                           (3 * K ** 3 // 2, "1.5 GB"), (2**62, "4194304 TB")):
            internet.origin.on("/a", origin.stall(origin.head(200, f"Content-Length: {size}")))
            for scheme in ("http", "https"):
                answer = self.fetch(f"{scheme}://files.test/a")
                self.assertRefused(answer, answer.json["error"].removeprefix("Upload failed: "))
                self.assertIn("File too large: ", answer.json["error"])
                self.assertTrue(answer.json["error"].endswith(" exceeds limit of 100 KB"))
                if size < 2**60:
                    self.assertIn(text, answer.json["error"])
        self.assertClosed()
        self.assertNothingLeft()
        self.assertWorks()

    def test_more_than_the_limit_without_a_length(self):
        for start, piece in ((origin.head(200), b"x" * 10 * K), (origin.chunked(end=b""), origin.chunk(b"x" * 10 * K)),
                             (origin.head(200), b"x" * 1000 * K), (origin.chunked(end=b""), origin.chunk(b"x"))):
            internet.origin.on("/a", origin.endless(start, piece))
            for scheme in ("http", "https"):
                answer = self.fetch(f"{scheme}://files.test/a")
                self.assertRefused(answer, "File too large: more than 100 KB exceeds limit of 100 KB")
                self.assertIn("limit", self.detail(answer))
        internet.origin.on("/a", origin.until_close(bytes(100 * K + 1)))
        self.assertRefused(self.fetch(), "File too large: more than 100 KB exceeds limit of 100 KB")
        self.assertClosed()
        self.assertNothingLeft()
        self.assertWorks()

    def test_a_small_length_with_a_large_body_in_chunks(self):
        internet.origin.on("/a", origin.endless(origin.head(200, "Transfer-Encoding: chunked", "Content-Length: 5"),
                                                origin.chunk(b"x" * K)))
        self.assertRefused(self.fetch(), "File too large: more than 100 KB exceeds limit of 100 KB")
        self.assertNothingLeft()

    def test_the_limit_itself(self):
        for answer in (origin.whole(bytes(100 * K)), origin.until_close(bytes(100 * K))):
            internet.origin.on("/a", answer)
            self.assertEqual(self.fetch().status, 201)

    def assertFull(self, answer):
        self.assertEqual((answer.status, answer.json["error"], answer.json["code"]),
                         (402, "Storage quota exceeded", "quota_exceeded"))
        self.assertEqual(set(answer.json["quota"]), {"storage_used", "storage_limit", "quota_tier", "percentage_used"})
        self.assertTellsNothing(answer)

    def test_the_quota(self):
        for _ in range(2):
            self.fill(90 * K)
        internet.origin.on("/length", origin.stall(origin.head(200, f"Content-Length: {70 * K + 1}")))
        internet.origin.on("/none", origin.endless(origin.head(200), b"x" * K))
        internet.origin.on("/fits", origin.whole(bytes(70 * K)))
        for path in ("/length", "/none"):
            self.assertFull(self.fetch("http://files.test" + path))
        self.assertClosed()
        self.assertNothingLeft()
        self.assertEqual(self.fetch("http://files.test/fits").status, 201)
        internet.origin.forget()
        self.at_first = self.state()
        internet.origin.on("/byte", origin.until_close(b"x"))
        self.assertFull(self.fetch("http://files.test/byte"))
        self.assertNothingLeft()


internet.enter()
main()
