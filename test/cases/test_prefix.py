"""Where the service begins and ends: at its public URL, which may have a path of its own.

A web server passes on what lies below that path, and nothing else; what it passes on it leaves as it came. Paths that begin
alike, or climb out, are not the service's. All that the service says of its own addresses begins with the public URL.
"""
import json
import urllib.parse

from harness import SiteCase, client, main
from harness.api import UNKNOWN, Source
from harness.samples import png

SOURCE = Source(png())


class Prefix(SiteCase):
    settings = SOURCE.settings

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.prefix = cls.site.front.prefix
        cls.made = cls.site.upload(png(), "a.png").json

    def ask(self, path, method="GET", headers=(), host="localhost", **more):
        """The path as it stands, from the root of the web server."""
        headers = [("Authorization", "Bearer " + self.site.key), *headers]
        return client.request(self.site.address, method, path, headers, host=host, **more)

    def test_addresses_begin_with_it(self):
        self.assertTrue(self.made["url"].startswith(f"{self.site.url}/{self.made['id']}/"))
        for answer in (self.site.get("/api/v4/me"), self.site.get("/api/v4/nothing"), self.site.get(f"/{UNKNOWN}/a"),
                       self.site.get(f"/{UNKNOWN}/a.png"), self.site.get("/nothing/of/this")):
            self.assertTrue(answer.json["documentation_url"].startswith(self.site.url + "/"), answer)
        fetched = self.site.request("POST", "/api/v4/upload_from_url", {"Content-Type": "application/json"},
                                    json.dumps({"url": SOURCE.url + "/b.png"}).encode(), key=True)
        listed = self.site.get("/api/v4/uploads", key=True).json["uploads"]
        for file in (fetched.json, *listed, self.site.rename(self.made["id"], "c.png").json):
            self.assertTrue(file["url"].startswith(f"{self.site.url}/{file['id']}/"), file)
        for server in self.site.get("/openapi.json").json["servers"]:
            self.assertEqual(urllib.parse.urljoin(self.site.url + "/openapi.json", server["url"]), self.site.url + "/")

    def test_rescue_leads_below_it(self):
        old = "https://old.example/picture.png"
        self.site.cdnctl("rescue", "add", old, self.made["id"])
        answer = self.site.get("/rescue?url=" + old)
        self.assertEqual(answer.status, 302)
        self.assertTrue(answer.header("Location").startswith(f"{self.site.url}/{self.made['id']}/"))

    def test_every_call_is_below_it(self):
        for path, status in (("/up", 200), ("/openapi.json", 200), ("/api/v4/me", 200), (f"/{self.made['id']}/a.png", 200),
                             (f"/{self.made['id']}/a", 200), ("/rescue?url=https://nothing.example/", 404)):
            self.assertEqual(self.ask(self.prefix + path).status, status, path)

    def test_outside_of_it(self):
        """Another web site's, or nobody's: none of the service's answers."""
        if not self.prefix:
            return
        for path in ("/up", "/api/v4/me", "/openapi.json", f"/{self.made['id']}/a.png", f"/{self.made['id']}/a",
                     self.prefix + "x/up", self.prefix + "x/api/v4/me", f"{self.prefix}x/{self.made['id']}/a.png",
                     self.prefix[:-1] + "/up", self.prefix.upper() + "/up", "/x" + self.prefix + "/up", self.prefix + ".png",
                     f"{self.prefix}{self.made['id']}/a.png"):
            with self.subTest(path=path):
                answer = self.ask(path)
                self.assertIn(answer.status, (400, 403, 404), answer)
                self.assertNotIn(b"IHDR", answer.body)
                self.assertNotIn(b"test@example.org", answer.body)

    def test_climbing_out_and_in(self):
        """A path is what it says: none that is tidied up first leads into the service, or within it to another place."""
        for path in ("/../up", "/..", "/../..", "/%2e%2e/up", "/x/../up", "/./up", "//up", "/../../etc/passwd", "/..;/up",
                     f"/x/../{self.made['id']}/a.png", f"/../{self.made['id']}/a.png", "/.%2e/up", "/%2e%2e%2fup", "/up/..",
                     f"/..{self.prefix}/up", f"/%2e%2e{self.prefix}/up", f"//{self.made['id']}/a.png"):
            with self.subTest(path=path):
                answer = self.ask(self.prefix + path)
                self.assertNotIn(b"IHDR", answer.body)
                self.assertNotIn(b'"up"', answer.body)
                # What lies around the service may have a page there.
                if not self.prefix or answer.header("X-Request-Id"):
                    self.assertIn(answer.status, (400, 403, 404), answer)

    def test_the_bare_prefix(self):
        """With and without its slash: no such page, or one step to the other; never to where Host says."""
        for path in {self.prefix or "/", self.prefix + "/", self.prefix + "?x=y", self.prefix + "/?x=y"} - {"?x=y"}:
            for host in ("localhost", "evil.example"):
                with self.subTest(path=path, host=host):
                    answer = self.ask(path, host=host)
                    self.assertIn(answer.status, (200, 301, 302, 307, 308, 404))
                    self.assertNotIn("evil", str(answer.headers))
                    self.assertNotIn(b"evil", answer.body)

    def test_all_of_it_in_one_request_line(self):
        """In its absolute form, which proxies use (RFC 9112 section 3.2.2): the same or refused, never somebody else's."""
        for authority in ("localhost", f"127.0.0.1:{self.site.address[1]}", "evil.example"):
            answer = self.ask(f"http://{authority}{self.prefix}/api/v4/nothing")
            self.assertIn(answer.status, (400, 404), answer)
            self.assertNotIn(b"evil", answer.body)


main()
