"""Redirects of a fetch, what goes along with them, and what does not; what it takes from nobody's environment."""
import base64
import json
import os
import tempfile

from harness import fcgi, internet, main, origin
from harness.fetching import INVALID, NOT_FOUND, SCHEME, TOO_MANY, FetchCase, failed
from harness.internet import OTHER, PUBLIC

BYTES = b"what was fetched \xff"
TOKEN = "Bearer secret-of-the-origin"
REDIRECTS = (301, 302, 303, 307, 308)


class RedirectCase(FetchCase):
    def setUp(self):
        super().setUp()
        internet.origin.on("/a", origin.whole(BYTES))

    def on(self, path, location, code=302):
        internet.origin.on(path, origin.redirect(code, location))

    def paths(self):
        return [request.path for request in internet.origin.requests]

    def authorizations(self):
        return [request.header("Authorization") for request in internet.origin.requests]


class Chains(RedirectCase):
    def test_each_status(self):
        for code in REDIRECTS:
            self.on("/from", "/a", code)
            self.assertFetched(self.fetch("http://files.test/from"), BYTES)

    def test_without_a_location(self):
        for code in REDIRECTS:
            for location in (None, "", " "):
                self.on("/from", location, code)
                self.assertRefused(self.fetch("http://files.test/from"), failed(code))
        self.assertNothingLeft()

    def test_a_location_that_is_too_long(self):
        """It is not cut and followed. 8 KiB is where it ends, with its terminator."""
        internet.origin.fallback = origin.whole(BYTES)
        for code in REDIRECTS:
            for start in ("/", "http://other.test/"):
                for size in (8192, 8193, 9000, 50_000):
                    self.on("/from", start.ljust(size, "x"), code)
                    self.assertRefused(self.fetch("http://files.test/from"), failed(code))
        self.assertEqual(set(self.paths()), {"/from"})
        self.assertEqual(self.dialled(), {PUBLIC})
        self.assertNothingLeft()
        self.on("/from", "/".ljust(8191, "x"))
        self.assertFetched(self.fetch("http://files.test/from"), BYTES)

    def test_what_an_interim_answer_says_is_void(self):
        """The Location of a 103 is not that of the 302 behind it."""
        for code in (100, 102, 103):
            interim = f"HTTP/1.1 {code} Wait\r\nLocation: http://other.test/a\r\n\r\n".encode()
            internet.origin.on("/from", interim + origin.redirect(302))
            self.assertRefused(self.fetch("http://files.test/from"), failed(302))
        self.assertNothingLeft()
        for answer in (origin.redirect(302, "/a"), origin.whole(BYTES)):
            internet.origin.on("/from", interim + answer)
            self.assertFetched(self.fetch("http://files.test/from"), BYTES)
        self.assertEqual(self.dialled(), {PUBLIC})

    def test_other_statuses_lead_nowhere(self):
        for code in (201, 300, 304, 305, 306, 309, 310, 399, 401, 404):
            self.on("/from", "/a", code)
            self.assertRefused(self.fetch("http://files.test/from"), failed(code))
        self.assertEqual(set(self.paths()), {"/from"})
        self.assertNothingLeft()

    def test_five_work_and_six_do_not(self):
        for number in range(1, 7):
            self.on(f"/hop/{number}", f"/hop/{number - 1}" if number > 1 else "/a")
        self.assertFetched(self.fetch("http://files.test/hop/5"), BYTES)
        internet.origin.forget()
        self.at_first = self.state()
        self.assertRefused(self.fetch("http://files.test/hop/6"), TOO_MANY)
        self.assertEqual(self.paths(), [f"/hop/{number}" for number in range(6, 0, -1)])
        self.assertNothingLeft()

    def test_loops(self):
        self.on("/loop", "/loop")
        self.on("/there", "http://other.test/back")
        self.on("/back", "http://files.test/there")
        for path in ("/loop", "/there"):
            internet.origin.forget()
            self.assertRefused(self.fetch("http://files.test" + path), TOO_MANY)
            self.assertEqual(len(self.paths()), 6)
        self.assertNothingLeft()

    def test_to_another_scheme(self):
        for location in ("ftp://files.test/a", "file:///etc/passwd", "FILE:///etc/passwd", "gopher://files.test/_a",
                         "dict://files.test/a",
                         "ldap://files.test/", "ws://files.test/a", "wss://files.test/a", "smb://files.test/a",
                         "httpx://files.test/a",
                         "telnet://files.test:80/", "scp://files.test/a"):
            self.on("/from", location)
            self.assertRefused(self.fetch("http://files.test/from"), SCHEME)
        self.assertEqual(set(self.paths()), {"/from"})
        self.assertNothingLeft()

    def test_to_what_is_a_path_to_a_browser_or_nothing_at_all(self):
        for location in ("data:text/plain,a", "javascript:alert(1)", "mailto:a@files.test", "about:blank",
                         "file:/etc/passwd",
                         "file://files.test/etc/passwd", "http:/a"):
            self.on("/from", location)
            answer = self.fetch("http://files.test/from")
            self.assertIn(answer.json["error"],
                          [f"Upload failed: {reason}" for reason in (failed(404), SCHEME, INVALID, NOT_FOUND)])
        self.assertEqual(self.dialled(), {PUBLIC})
        self.assertNothingLeft()

    def test_to_a_closed_port(self):
        for location in ("http://files.test:22/a", "//files.test:8080/a", "https://files.test:6379/a",
                         "http://files.test:0/"):
            self.on("/from", location)
            self.assertRefused(self.fetch("http://files.test/from"), INVALID)
        self.assertEqual({port for _, port in internet.origin.connections}, {80})

    def test_with_control_characters(self):
        for location in ("/a\tb", "/a\x01", "http://files.test/\x7f", "/a\x0bX: y"):
            self.on("/from", location)
            answer = self.fetch("http://files.test/from")
            self.assertRefused(answer, answer.json["error"].removeprefix("Upload failed: "))
        self.assertNothingLeft()

    def test_relative(self):
        for location, path in (("a", "/deep/a"), ("./a", "/deep/a"), ("../a", "/a"), ("../../../a", "/a"), ("/a", "/a"),
                               ("?q=1", "/deep/from?q=1"), ("a?b#c", "/deep/a?b"), ("//files.test/a", "/a"),
                               ("a b", "/deep/a%20b"),
                               ("/\u00fc", "/%c3%bc")):
            with self.subTest(location):
                internet.origin.forget()
                self.on("/deep/from", location)
                internet.origin.fallback = origin.whole(BYTES)
                self.assertFetched(self.fetch("http://files.test/deep/from"), BYTES)
                self.assertEqual(self.paths()[-1].lower(), path)

    def test_the_first_name_is_kept(self):
        """And the first URL: where it led that day is not what the user asked for."""
        self.on("/picture.png", "http://other.test/a")
        answer = self.fetch("http://files.test/picture.png")
        self.assertEqual((answer.status, answer.json["filename"]), (201, "picture.png"))


class Authorization(RedirectCase):
    settings = {**FetchCase.settings, "CDN_FETCH_PORTS": "80,443,8080"}

    def asked(self, url, authorization=TOKEN, status=201):
        """Fetches; returns (address, port, authorization) of each request."""
        internet.origin.forget()
        answer = self.fetch(url, authorization)
        self.assertEqual(answer.status, status, answer)
        return [(request.dialled, request.port,
                 request.header("Authorization")) for request in internet.origin.requests]

    def test_goes_to_the_origin_as_it_is(self):
        for value in (TOKEN, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "token with  two spaces, and a comma", "a", ":;=",
                      "\u00fcber"):
            self.assertEqual(self.asked("http://files.test/a", value), [(PUBLIC, 80, value.encode().decode("latin-1"))])
            self.assertIsNone(internet.origin.requests[0].header("X-Download-Authorization"))
        self.assertEqual(self.asked("https://files.test/a"), [(PUBLIC, 443, TOKEN)])

    def test_is_not_there_unless_given(self):
        self.assertEqual(self.asked("http://files.test/a", None), [(PUBLIC, 80, None)])
        self.assertEqual(self.asked("http://files.test/a", ""), [(PUBLIC, 80, None)])

    def test_stays_within_the_origin(self):
        self.on("/from", "/a")
        self.assertEqual(self.asked("http://files.test/from"), [(PUBLIC, 80, TOKEN)] * 2)
        self.on("/from", "http://FILES.test:80/a")
        self.assertEqual(self.asked("http://files.test/from"), [(PUBLIC, 80, TOKEN)] * 2)

    def test_goes_to_no_other_host(self):
        for location in ("http://other.test/a", "//other.test/a", "http://www.files.test/a", f"http://{PUBLIC}/a",
                         "http://files.test./a"):
            internet.dns.say("www.files.test", [PUBLIC])
            self.on("/from", location)
            first, second = self.asked("http://files.test/from")
            self.assertEqual((first[2], second[2]), (TOKEN, None), location)

    def test_goes_to_no_other_port(self):
        self.on("/from", "http://files.test:8080/a")
        self.assertEqual(self.asked("http://files.test/from"), [(PUBLIC, 80, TOKEN), (PUBLIC, 8080, None)])

    def test_goes_to_no_other_scheme(self):
        self.on("/from", "https://files.test/a")
        self.assertEqual(self.asked("http://files.test/from"), [(PUBLIC, 80, TOKEN), (PUBLIC, 443, None)])

    def test_does_not_come_back(self):
        self.on("/from", "http://other.test/on")
        self.on("/on", "http://files.test/a")
        self.assertEqual(self.asked("http://files.test/from"),
                         [(PUBLIC, 80, TOKEN), (OTHER, 80, None), (PUBLIC, 80, None)])

    def test_is_never_followed_into_the_clear(self):
        """From https to http: another may have read, or written, what comes then."""
        self.on("/from", "http://files.test/a")
        self.on("/far", "https://other.test/from")
        self.assertEqual(self.asked("https://files.test/from", status=422), [(PUBLIC, 443, TOKEN)])
        self.assertRefused(self.fetch("https://files.test/from", TOKEN), failed(302))
        self.assertEqual(self.asked("https://files.test/far", status=422), [(PUBLIC, 443, TOKEN), (OTHER, 443, None)])
        self.assertNothingLeft()

    def test_without_it_http_is_followed(self):
        self.on("/from", "http://files.test/a")
        self.assertEqual(self.asked("https://files.test/from", None), [(PUBLIC, 443, None), (PUBLIC, 80, None)])

    def test_of_the_url(self):
        """The same rules for a name and password in it; the header has the last word."""
        basic = "Basic " + base64.b64encode(b"me:pw").decode()
        self.on("/from", "/a")
        self.on("/away", "http://other.test/back")
        self.on("/back", "http://files.test/a")
        self.assertEqual(self.asked("http://me:pw@files.test/from", None), [(PUBLIC, 80, basic)] * 2)
        self.assertEqual(self.asked("http://me:pw@files.test/away", None),
                         [(PUBLIC, 80, basic), (OTHER, 80, None), (PUBLIC, 80, None)])
        self.assertEqual(self.asked("http://me:pw@files.test/a"), [(PUBLIC, 80, TOKEN)])
        self.assertEqual(self.asked("http://me:pw@files.test/away")[1:], [(OTHER, 80, None), (PUBLIC, 80, None)])

    def test_is_not_taken_from_a_location(self):
        for location in ("http://me:pw@files.test/a", "http://me:pw@other.test/a", "//me@files.test/a"):
            self.on("/from", location)
            self.assertEqual(self.asked("http://files.test/from", None)[1][2], None)

    def test_is_in_no_log(self):
        self.on("/from", "http://other.test/a")
        for url in ("http://files.test/from", "http://files.test/none", "https://expired.test/", "http://10.0.0.1/"):
            self.fetch(url, TOKEN)
        self.assertNotIn(b"secret-of-the-origin", self.site.slow.log_bytes())


class Control(RedirectCase):
    """What would end a line of a request of ours."""

    values = ("a\r\nX-Evil: b", "a\nX-Evil: b", "a\rX-Evil: b", "a\r\n", "\r\nX-Evil: b",
              "a\r\n\r\nGET /evil HTTP/1.1", "a\x7f", "a\x1b")

    def call(self, body, kind="application/json", header=None, query=""):
        """Past nginx, which would not let it through."""
        values = fcgi.environment(
            "POST", "/api/v4/upload_from_url" + query, {"Authorization": "Bearer " + self.site.key}, CONTENT_TYPE=kind,
            CONTENT_LENGTH=len(body))
        if header is not None:
            values["HTTP_X_DOWNLOAD_AUTHORIZATION"] = header
        return fcgi.call(self.site.slow.socket, values, body)

    def assertBad(self, reply):
        self.assertEqual(reply.status, 400, reply.body)
        self.assertEqual(json.loads(reply.body)["error"], "Bad request")

    def test_in_the_header(self):
        good = json.dumps({"url": "http://files.test/a"}).encode()
        self.assertEqual(self.call(good, header=TOKEN).status, 201)
        self.at_first = self.state()
        internet.origin.forget()
        for value in self.values:
            self.assertBad(self.call(good, header=value))
        self.assertEqual(internet.origin.connections, [])
        self.assertNothingLeft()

    def test_in_the_url(self):
        for value in self.values:
            url = "http://files.test/" + value
            self.assertBad(self.call(json.dumps({"url": url}).encode()))
            escaped = "".join(f"%{byte:02x}" for byte in url.encode())
            self.assertBad(self.call(f"url={escaped}".encode(), "application/x-www-form-urlencoded"))
            self.assertBad(self.call(b"", "", query=f"?url={escaped}"))
        self.assertEqual(internet.origin.connections, [])
        self.assertNothingLeft()

    def test_escaped_they_are_a_path_like_any(self):
        internet.origin.on("/%0d%0aX-Evil:%20b", origin.whole(BYTES))
        self.assertFetched(self.fetch("http://files.test/%0d%0aX-Evil:%20b"), BYTES)
        self.assertEqual(self.paths(), ["/%0d%0aX-Evil:%20b"])


class Environment(RedirectCase):
    """Proxies, passwords and settings of libcurl's that lie about are none of ours."""

    @classmethod
    def setUpClass(cls):
        cls.home = tempfile.TemporaryDirectory()
        for name, text in ((".netrc", "machine files.test login me password from-netrc\n"
                                       "default login me password from-netrc\n"),
                           (".curlrc", "proxy = 10.0.0.9:80\nheader = \"X-Evil: from-curlrc\"\ninsecure\n")):
            path = os.path.join(cls.home.name, name)
            with open(path, "w", encoding="ascii") as f:
                f.write(text)
            os.chmod(path, 0o600)
        proxy = "http://user:pw@10.0.0.9:80"
        cls.options = {**cls.options, "env": {
            "HOME": cls.home.name, "CURL_HOME": cls.home.name, "XDG_CONFIG_HOME": cls.home.name,
            "NETRC": os.path.join(cls.home.name, ".netrc"), "http_proxy": proxy, "HTTP_PROXY": proxy,
            "https_proxy": proxy,
            "HTTPS_PROXY": proxy, "all_proxy": "socks5h://10.0.0.9:80", "ALL_PROXY": "socks5h://10.0.0.9:80"}}
        super().setUpClass()

    @classmethod
    def tearDownClass(cls):
        super().tearDownClass()
        cls.home.cleanup()

    def test_have_no_effect(self):
        for url in ("http://files.test/a", "https://files.test/a", "http://me@files.test/a"):
            self.assertFetched(self.fetch(url), BYTES)
        self.assertEqual(self.dialled(), {PUBLIC})
        self.assertEqual(self.paths(), ["/a"] * 3)
        self.assertEqual(self.authorizations()[:2], [None, None])
        self.assertNotIn("from-netrc", base64.b64decode(self.authorizations()[2].split()[1]).decode())

    def test_a_bad_certificate_is_still_bad(self):
        internet.dns.say("self-signed.test", [PUBLIC])
        self.assertRefused(self.fetch("https://self-signed.test/a"), failed(502))

    def test_a_request_says_no_more_than_it_must(self):
        self.fetch("http://files.test/a")
        request, = internet.origin.requests
        self.assertEqual((request.method, request.version), ("GET", "HTTP/1.1"))
        self.assertEqual(sorted(request.headers),
                         [("Accept", "*/*"), ("Host", "files.test"), ("User-Agent", "cdn.fcgi")])

    def test_nothing_is_remembered(self):
        """Cookies, HSTS, Alt-Svc; on the way of one fetch, or from one to the next."""
        remember = ("Set-Cookie: a=b; Path=/", "Strict-Transport-Security: max-age=1000",
                    'Alt-Svc: h2="other.test:443"; ma=1000')
        internet.origin.on("/first", origin.whole(b"", *remember, "Location: /second", code=302))
        internet.origin.on("/second", origin.whole(b"", *remember, "Location: http://files.test/a", code=302))
        for _ in range(2):
            for scheme in ("http", "https"):
                internet.origin.forget()
                self.assertFetched(self.fetch(f"{scheme}://files.test/first"), BYTES)
                self.assertEqual([request.header("Cookie") for request in internet.origin.requests], [None] * 3)
                self.assertEqual([request.header("Referer") for request in internet.origin.requests], [None] * 3)
                self.assertEqual([request.port for request in internet.origin.requests],
                                 [80, 80, 80] if scheme == "http" else [443, 443, 80])


internet.enter()
main()
