"""A fetch dials public addresses, however written and whoever names them, and never sends a packet to another."""
import base64
import json
import os
import socket
from concurrent.futures import ThreadPoolExecutor

from harness import internet, main, origin
from harness.dns import REFUSED
from harness.fetching import INVALID, NOT_ALLOWED, NOT_FOUND, FetchCase, failed
from harness.internet import DEAD, DEAD6, OTHER, OWN, OWN6, PUBLIC, PUBLIC6
from spellings import CONTROLS, HOSTS, ODD, URLS

BYTES = b"\x89PNG not really \xff\xfe"


class AddressCase(FetchCase):
    """The origin answers under every address, so that what is dialled has something to give."""

    options = {"workers": 1, "slow": 4}

    def setUp(self):
        super().setUp()
        internet.origin.fallback = origin.whole(BYTES)

    def fetch_all(self, urls):
        with ThreadPoolExecutor(8) as pool:
            return list(zip(urls, pool.map(self.fetch, urls)))

    def assertRefusedWith(self, url, answer, reason):
        with self.subTest(url):
            self.assertEqual(answer.status, 422, answer)
            got = answer.json["error"].removeprefix("Upload failed: ")
            if reason == ODD:
                self.assertIn(got, (NOT_ALLOWED, NOT_FOUND, INVALID))
            else:
                self.assertEqual(got, reason)
            self.assertRefused(answer, got)

    def assertDialled(self, *addresses):
        """And no other got a packet."""
        self.assertEqual(self.dialled(), set(addresses))
        self.assertEqual({address for address, _ in internet.origin.connections}, set(addresses))

    def assertNoneOf(self, rows):
        """Rows of (url, reason): each is refused so, and nothing comes of it."""
        rows = dict(rows)
        for url, answer in self.fetch_all(rows):
            self.assertRefusedWith(url, answer, rows[url])
        self.assertDialled()
        self.assertNothingLeft()


class Spellings(AddressCase):
    def test_there_are_many(self):
        self.assertGreater(len({host for hosts in HOSTS.values() for host in hosts.split()}), 350)

    def test_hosts(self):
        self.assertNoneOf((f"http://{host}/trap", reason) for reason, hosts in HOSTS.items() for host in hosts.split())

    def test_hosts_with_tls(self):
        self.assertNoneOf((f"https://{host}/trap", reason) for reason, hosts in HOSTS.items() for host in hosts.split())

    def test_urls(self):
        self.assertNoneOf((url, reason) for reason, urls in URLS.items() for url in urls)

    def test_control_characters(self):
        for url, answer in self.fetch_all(CONTROLS):
            with self.subTest(url):
                self.assertEqual((answer.status, answer.json["error"], answer.json["code"]),
                                 (400, "Bad request", "bad_request"))
                self.assertTellsNothing(answer)
        self.assertDialled()
        self.assertNothingLeft()

    def test_own_addresses(self):
        """Public ones too: what listens there may be meant for this machine alone."""
        number = int.from_bytes(socket.inet_aton(OWN), "big")
        hosts = [OWN, number, hex(number), oct(number).replace("o", ""), f"[::ffff:{OWN}]", f"[64:ff9b::{OWN}]",
                 f"[{OWN6}]",
                 "[2001:503:ba3e:0:0:0:2:30]", "[2001:0503:BA3E::0002:0030]"]
        self.assertNoneOf((f"http://{host}/trap", NOT_ALLOWED) for host in hosts)

    def test_the_detail_is_in_the_log(self):
        for url, words in (("http://0177.0.0.1/trap", ["127.0.0.1", "not public"]), (f"http://[{OWN6}]/", [OWN6]),
                           ("http://8.8.8.8:22/", ["22", "CDN_FETCH_PORTS"]),
                           ("http://nothing.test/", ["nothing.test"])):
            detail = self.detail(self.fetch(url))
            for word in words:
                self.assertIn(word, detail)


class Names(AddressCase):
    private = ["127.0.0.1", "0.0.0.0", "10.0.0.1", "169.254.169.254", "192.168.1.1", "100.64.0.1", "255.255.255.255",
               "224.0.0.1", OWN, "::1", "::", "fd00::1", "fe80::1", "ff02::1", "::10.0.0.1", "64:ff9b::a00:1",
               "64:ff9b:1::1", "2002:a00:1::", "2001::1", OWN6]

    def test_that_lead_to_one(self):
        rows = []
        for number, address in enumerate(self.private):
            name = f"private{number}.test"
            internet.dns.say(name, [address])
            internet.dns.say(f"alias{number}.test", [name])
            internet.dns.say(f"chain{number}.test", [f"alias{number}.test"])
            rows += [(f"http://{label}{number}.test/trap", NOT_ALLOWED) for label in ("private", "alias", "chain")]
            rows.append((f"http://private{number}.test./trap", NOT_ALLOWED))
        internet.dns.say("mapped.test", ["::ffff:10.0.0.1"])
        internet.dns.say("all.test", ["127.0.0.1", "10.0.0.1", "::1", "fd00::1"])
        self.assertNoneOf([*rows, ("http://mapped.test/", NOT_ALLOWED), ("http://all.test/", NOT_ALLOWED)])

    def test_that_look_like_an_address(self):
        """With a dot behind it an address is a name, and a DNS server may say anything of it."""
        for name in ("127.0.0.1", "10.0.0.1", "localhost", "a.localhost", "256.0.0.1", "0x7f000001", "2130706433"):
            internet.dns.say(name, ["127.0.0.1", "::1"])
        self.assertNoneOf((f"http://{host}/trap", NOT_ALLOWED) for host in (
            "127.0.0.1.", "10.0.0.1.", "localhost.", "a.localhost.", "256.0.0.1", "0x7f000001.", "2130706433."))

    def test_mixed_answers(self):
        """The public address is used, the other never, whichever comes first."""
        mixes = [[PUBLIC, "127.0.0.1"], ["127.0.0.1", PUBLIC], [PUBLIC, "10.0.0.1"], ["10.0.0.1", PUBLIC],
                 ["169.254.169.254", PUBLIC], [PUBLIC, "::1"], ["::1", PUBLIC], ["fd00::1", PUBLIC],
                 ["::ffff:10.0.0.1", PUBLIC], [OWN, PUBLIC], [OWN6, PUBLIC],
                 ["10.0.0.1", "192.168.0.1", "127.0.0.1", PUBLIC, "fd00::1", "fe80::1", "::1"]]
        for number, mix in enumerate(mixes):
            for ours in (PUBLIC, PUBLIC6):
                with self.subTest(mix=mix, public=ours):
                    internet.origin.forget()
                    internet.witness.forget()
                    name = f"mix{number}-{ours.count(':')}.test"
                    internet.dns.say(name, [ours if address == PUBLIC else address for address in mix])
                    self.assertFetched(self.fetch(f"http://{name}/a"), BYTES)
                    self.assertDialled(ours)

    def test_when_the_public_address_is_dead(self):
        for number, mix in enumerate(([DEAD, "10.0.0.1"], ["10.0.0.1", DEAD], [DEAD6, "::1"],
                                      [DEAD, DEAD6, "127.0.0.1", "fd00::1"])):
            internet.dns.say(f"dead{number}.test", mix)
            answer = self.fetch(f"http://dead{number}.test/a")
            self.assertIn(answer.json["error"], ("Upload failed: " + NOT_ALLOWED, "Upload failed: " + failed(502)))
            self.assertTellsNothing(answer)
        self.assertDialled()
        self.assertNothingLeft()

    def test_answers_that_change(self):
        """What is judged is what is dialled: the name is asked for once. And the next fetch judges anew."""
        for private in ("127.0.0.1", "10.0.0.1", "fd00::1", "::1", OWN):
            with self.subTest(private):
                internet.dns.say("changes.test", [PUBLIC], [private], [PUBLIC], [private])
                for round_ in (1, 3):
                    internet.origin.forget()
                    internet.witness.forget()
                    self.assertFetched(self.fetch("http://changes.test/a"), BYTES)
                    self.assertEqual(internet.dns.count("changes.test"), round_)
                    self.assertRefused(self.fetch("http://changes.test/a"), NOT_ALLOWED)
                    self.assertEqual(internet.dns.count("changes.test"), round_ + 1)
                    self.assertDialled(PUBLIC)

    def test_answers_that_change_on_the_way(self):
        """A redirect to the same host is a look-up of its own, and so a judgement of its own."""
        for private in ("127.0.0.1", "10.0.0.1", "fd00::1", "::1", OWN):
            internet.dns.say("changes.test", [PUBLIC], [private])
            internet.origin.on("/again", origin.redirect(302, "/trap"))
            self.assertRefused(self.fetch("http://changes.test/again"), NOT_ALLOWED)
            self.assertEqual(internet.dns.count("changes.test"), 2)
        self.assertDialled(PUBLIC)
        self.assertNothingLeft()

    def test_that_are_not_there(self):
        internet.dns.say("refused.test", REFUSED)
        internet.dns.say("empty.test", [])
        self.assertNoneOf((f"http://{name}/", NOT_FOUND) for name in (
            "nothing.test", "refused.test", "empty.test", "a." + "b" * 63 + ".test"))


class Redirects(AddressCase):
    def follow(self, locations, start="http://files.test"):
        for number, location in enumerate(locations):
            code = (301, 302, 303, 307, 308)[number % 5]
            internet.origin.on(f"/to/{number}", origin.redirect(code, location))
        urls = [f"{start}/to/{number}" for number in range(len(locations))]
        return [(location, answer) for location, (_, answer) in zip(locations, self.fetch_all(urls))]

    def assertNoneFollowed(self, rows, start="http://files.test"):
        rows = dict(rows)
        for location, answer in self.follow(list(rows), start):
            self.assertRefusedWith(location, answer, rows[location])
        self.assertDialled(PUBLIC)
        self.assertEqual({request.path.split("/")[1] for request in internet.origin.requests}, {"to"})
        self.assertNothingLeft()

    def test_to_every_spelling(self):
        self.assertNoneFollowed((f"http://{host}/trap", reason)
                                for reason, hosts in HOSTS.items() for host in hosts.split())

    def test_from_tls(self):
        self.assertNoneFollowed([(f"https://{host}/trap", NOT_ALLOWED) for host in HOSTS[NOT_ALLOWED].split()[::7]],
                                "https://files.test")

    def test_without_a_scheme(self):
        self.assertNoneFollowed((f"//{host}/trap", NOT_ALLOWED) for host in HOSTS[NOT_ALLOWED].split()[::3])

    def test_to_names_and_own_addresses(self):
        internet.dns.say("private.test", ["10.0.0.1"])
        internet.dns.say("private6.test", ["fd00::1"])
        internet.dns.say("own.test", [OWN, OWN6])
        self.assertNoneFollowed((f"http://{host}/trap", NOT_ALLOWED) for host in (
            "private.test", "private6.test", "own.test", OWN, f"[{OWN6}]", "user@private.test"))

    def test_after_another(self):
        internet.dns.say("second.test", [PUBLIC])
        for number, host in enumerate(("127.0.0.1", "[::1]", "0x7f.1", "localhost", "[::ffff:10.0.0.1]")):
            internet.origin.on(f"/{number}/1", origin.redirect(302, f"http://second.test/{number}/2"))
            internet.origin.on(f"/{number}/2", origin.redirect(302, f"http://{host}/trap"))
            self.assertRefused(self.fetch(f"http://files.test/{number}/1"), NOT_ALLOWED)
        self.assertDialled(PUBLIC)
        self.assertNothingLeft()


class Public(AddressCase):
    """What is to work, so that the refusals above mean something."""

    def assertComes(self, url, address, port=80, host=None):
        with self.subTest(url):
            internet.origin.forget()
            internet.witness.forget()
            self.assertFetched(self.fetch(url), BYTES)
            self.assertDialled(address)
            self.assertEqual(internet.origin.connections, [(address, port)])
            if host:
                self.assertEqual(internet.origin.requests[0].header("Host"), host)

    def test_addresses(self):
        for host in (PUBLIC, "134744072", "0x08080808", "010.010.010.010", "8.8.2056", "8.526344", "%38.8.8.8",
                     "8.8.8.8:80", "8.8.8.8:",
                     "8.8.8.8:080"):
            self.assertComes(f"http://{host}/a", PUBLIC)
        for host in (f"[{PUBLIC6}]", "[2001:4860:4860:0:0:0:0:8888]", f"[{PUBLIC6.upper()}]:80"):
            self.assertComes(f"http://{host}/a", PUBLIC6)

    def test_next_to_what_is_not_public(self):
        for address in ("9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0", "126.255.255.255", "128.0.0.0",
                        "169.253.255.255", "169.255.0.0", "172.15.255.255", "172.32.0.0", "192.0.1.0", "192.0.3.0",
                        "192.167.255.255", "192.169.0.0",
                        "198.17.255.255", "198.20.0.0", "223.255.255.255"):
            self.assertComes(f"http://{address}/a", address)
        for address in ("2001:200::1", "2001:db7::1", "2001:db9::1", "2003::1", "2620:4f:8001::1", "3ffe::1"):
            self.assertComes(f"http://[{address}]/a", address)

    def test_wrapped_addresses(self):
        self.assertComes(f"http://[::ffff:{PUBLIC}]/a", PUBLIC)
        self.assertComes("http://[::ffff:808:808]/a", PUBLIC)
        self.assertComes(f"http://[64:ff9b::{PUBLIC}]/a", "64:ff9b::808:808")

    def test_names(self):
        internet.dns.say("six.test", [PUBLIC6])
        internet.dns.say("alias.test", ["files.test"])
        self.assertComes("http://files.test/a", PUBLIC, host="files.test")
        self.assertComes("http://FILES.Test/a", PUBLIC)
        self.assertComes("http://files.test./a", PUBLIC)
        self.assertComes("http://alias.test/a", PUBLIC, host="alias.test")
        self.assertComes("http://six.test:80/a", PUBLIC6)
        self.assertComes("http:///files.test/a", PUBLIC)

    def test_with_tls(self):
        internet.dns.say("six.test", [PUBLIC6])
        for host, address in (("files.test", PUBLIC), ("six.test", PUBLIC6), (PUBLIC, PUBLIC),
                              (f"[{PUBLIC6}]", PUBLIC6),
                              ("files.test:443", PUBLIC)):
            self.assertComes(f"https://{host}/a", address, 443)

    def test_redirects(self):
        internet.origin.on("/away", origin.redirect(302, "http://other.test/a"))
        self.assertFetched(self.fetch("http://files.test/away"), BYTES)
        self.assertDialled(PUBLIC, OTHER)

    def test_two_addresses_one_dead(self):
        for mix in ([DEAD, OTHER], [OTHER, DEAD6], [DEAD, DEAD6, OTHER]):
            internet.dns.say("half.test", mix)
            self.assertComes("http://half.test/a", OTHER)

    def test_name_and_password_in_the_url(self):
        answer = self.fetch("http://Aladdin:open%20sesame@files.test/a%20b.png?q=1#part")
        self.assertFetched(answer, BYTES)
        request, = internet.origin.requests
        self.assertEqual(request.path, "/a%20b.png?q=1")
        self.assertEqual(request.header("Authorization"), "Basic " + base64.b64encode(b"Aladdin:open sesame").decode())
        id_ = answer.json["id"]
        with open(os.path.join(self.site.folder.data, "records", id_[-3:], id_ + ".json"), encoding="utf-8") as f:
            record = json.load(f)
        self.assertEqual(record["original_url"], "http://files.test/a%20b.png?q=1#part")
        self.assertNotIn("sesame", json.dumps(record) + self.site.slow.log_bytes().decode())


class Opened(AddressCase):
    """Named ranges, this server's own address and another port are open; nothing beside them is."""

    settings = {**FetchCase.settings, "CDN_FETCH_OPEN": f"10.0.0.0/8,fd00::/8,{OWN}", "CDN_FETCH_PORTS": "80,8080"}

    def test_what_is_open(self):
        for host, address, port in (
                ("10.1.2.3", "10.1.2.3", 80), ("012.1.2.3", "10.1.2.3", 80), ("167772161", "10.0.0.1", 80),
                ("[::ffff:10.1.2.3]", "10.1.2.3", 80), ("[64:ff9b::10.1.2.3]", "64:ff9b::a01:203", 80),
                ("[fd00::1]", "fd00::1", 80),
                (OWN, OWN, 80), ("10.1.2.3:8080", "10.1.2.3", 8080), (PUBLIC + ":8080", PUBLIC, 8080),
                (PUBLIC, PUBLIC, 80)):
            with self.subTest(host):
                internet.origin.forget()
                internet.witness.forget()
                self.assertFetched(self.fetch(f"http://{host}/a"), BYTES)
                # The witness sees a worker that dials a private address.
                self.assertDialled(address)
                self.assertEqual(internet.origin.connections, [(address, port)])

    def test_what_is_not(self):
        internet.dns.say("private.test", ["192.168.0.1", "fc00::1"])
        closed = ["127.0.0.1", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.0", "[::1]", "[fc00::1]",
                  "[fe80::1]",
                  f"[{OWN6}]", "[2002:a00:1::]", "[::10.0.0.1]", "[2001:0:808:808:0:0:f5ff:fffe]", "private.test"]
        self.assertNoneOf([(f"http://{host}/trap", NOT_ALLOWED) for host in closed] + [
            (f"{url}/trap", INVALID) for url in ("https://10.0.0.1", "http://10.0.0.1:443", "http://10.0.0.1:22")])


internet.enter()
main()
