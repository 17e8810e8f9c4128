"""Paths and headers that mean harm: nothing outside the store, nothing taken from Host or X-Forwarded-*.

A web server serves a file by itself only for a path that is written as the service writes it, and leaves every other to a
worker, as it came: none is decoded, tidied or redirected first. What it refuses itself it refuses as the API does. The
client's address is that of the connection.
"""
import os
import posixpath
import urllib.parse

from harness import SiteCase, main
from harness.samples import png

SECRET = b"never to be served"


class Paths(SiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.made = cls.site.upload(png(), "a.png").json
        cls.page = cls.site.upload(b"<html>page</html>", "a.html").json
        for path in (cls.site.folder.path, cls.site.folder.data, os.path.join(cls.site.folder.data, "files")):
            with open(os.path.join(path, "secret.png"), "wb") as f:
                f.write(SECRET)

    def is_ours(self, path):
        """Whether it stays below the prefix, however it is read. Outside is what else the web server has."""
        if not self.site.front.prefix or path.startswith("http:"):
            return True
        tidied = posixpath.normpath(urllib.parse.unquote(self.site.front.prefix + path))
        return path.startswith("/") and tidied.startswith(self.site.front.prefix + "/")

    def test_odd_paths(self):
        ids = (self.made["id"], self.page["id"])
        paths = ["//x", "//", "/./", "/../", "/a/../b", "/a/%2e%2e/b", "/%2e%2e/%2e%2e/etc/passwd",
                 "/..%2f..%2fsecret.png",
                 "/../secret.png", "/%2f", "/a%2fb", "/%5c", "/a%5cb", "/%00", "/a%00b", "/%", "/a%", "/%z", "/%zz",
                 "/%c0%af",
                 "/%c0%ae%c0%ae/secret.png", "/%e0%80%af", "/%f0%80%80%af", "/%ff", "/%ed%a0%80", "/a/b/c", "/a//b",
                 "/" + "a" * 8000, "/" + "a" * 20000, "/a/" + "b" * 8000, "/secret.png", "/files/secret.png",
                 "/.env",
                 "/data/.cdn-store", "/.files/secret.png", "/.files/../secret.png", "/.files%2fsecret.png",
                 "/.error/500",
                 "/%2efiles/secret.png", "/a b", "/a\tb", "/\xff", "*",
                 "http://evil.example" + self.site.front.prefix + "/x"]
        for id in ids:
            shard = id[-3:]
            paths += [f"/{id}", f"/{id}/", f"/{id}/../secret.png", f"/{id}/%2e%2e/secret.png",
                      f"/{id}/..%2f..%2fsecret.png",
                      f"//{id}/a.png", f"/{id}//a.png", f"/./{id}/a.png", f"/{id}/./a.png", f"/x/../{id}/a.png",
                      f"/{id}%2fa.png", f"/{id}/a%2fb.png", f"/{id}/a%5cb.png", f"/{id}/a%00.png", f"/{id}/%c0%af.png",
                      f"/{id}/%e0%80%af.png",
                      f"/{id}/a%.png", f"/{id}/%zz.png", f"/{id}/a/b.png", f"/.files/{shard}/{id}.png",
                      f"/files/{shard}/{id}.png",
                      f"/{id}/%ff.png", f"/{id}/a%0d%0aX: y.png", f"/{id}/..", f"/{id}/."]
        for path in paths:
            with self.subTest(path=path[:80]):
                answer = self.site.get(path)
                if not self.is_ours(path):
                    self.assertNotIn(SECRET, answer.body)
                    continue
                if self.is_refused_as_text(answer):
                    self.assertMalformed(answer, (400, 403, 404, 414))
                    self.assertNotIn(SECRET, answer.body)
                    continue
                self.assertIn(answer.status, (400, 404), answer)
                self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
                self.assertIn(answer.json["code"], ("bad_request", "not_found", "route_not_found"))
                self.assertNotIn(SECRET, answer.body)
                self.assertTrue(answer.header("X-Request-Id"))

    def test_good_paths_that_look_odd(self):
        for id, data in [(self.made["id"], png()), (self.page["id"], b"<html>page</html>")]:
            for name in ("a%20b", "..a", "a..", "...", "%2525", "%25", "~", "a.png?x=../../y", "%C3%A9.png",
                         "%E2%82%AC",
                         "a+b",
                         "%3Cscript%3E", "!$&'()*+,;=:@", "x" * 3000):
                with self.subTest(name=name[:40]):
                    self.assertEqual(self.site.get(f"/{id}/{name}").body, data)


class Forged(SiteCase):
    HEADERS = [{"X-Forwarded-For": "8.8.8.8"}, {"X-Forwarded-Host": "evil.example"},
               {"X-Forwarded-Proto": "https"},
               {"X_Forwarded_Proto": "https"}, {"X_Forwarded_For": "8.8.8.8"},
               {"Forwarded": "for=8.8.8.8;host=evil.example"},
               {"X-Real-IP": "8.8.8.8"}, {"X-Original-URL": "/api/v4/me"}, {"X-Rewrite-URL": "/up"},
               {"Proxy": "evil:1"},
               {"X-HTTP-Method-Override": "DELETE"}, {"X-Accel-Redirect": "/.files/x"}]

    def test_headers(self):
        for headers in self.HEADERS:
            with self.subTest(headers=headers):
                answer = self.site.upload(b"x", "a.txt", headers=headers)
                self.assertEqual(answer.status, 201)
                self.assertTrue(answer.json["url"].startswith(self.site.url + "/"))
                self.assertNotIn(b"evil", answer.body)
                self.assertEqual(self.site.access()[-1]["remote"], "127.0.0.1")
                error = self.site.get("/api/v4/nope", headers)
                self.assertEqual(error.status, 404)
                self.assertTrue(error.json["documentation_url"].startswith(self.site.url + "/"))

    def test_host(self):
        for host in ("evil.example", "evil.example:99", "[::1]", "127.0.0.1", "localhost"):
            with self.subTest(host=host):
                answer = self.site.upload(b"x", "a.txt", host=host)
                self.assertTrue(answer.json["url"].startswith(self.site.url + "/"))
                for path in ("/api", "/api/v4", "/api/v4/nope", "/up/", "/.files", "/.files/", "/.error"):
                    error = self.site.get(path, host=host)
                    self.assertIn(error.status, (400, 404), path)
                    self.assertNotIn("evil", str(error.headers) + error.body.decode())
        for host in ("evil.example/x", "a b", "evil\\example", ""):
            self.assertIn(self.site.get("/up", host=host).status, (200, 400))

    def test_bodies_where_none_is_due(self):
        made = self.site.upload(png(), "a.png").json
        rows = [("GET", f"/{made['id']}/a.png", 200), ("GET", f"/{made['id']}/a", 200), ("HEAD", "/up", 200),
                ("OPTIONS", "/api/v4/me", 204), ("GET", "/api/v4/me", 200),
                ("DELETE", "/api/v4/upload/" + made["id"], 200)]
        for method, path, status in rows:
            with self.subTest(method=method, path=path):
                answer = self.site.request(method, path, {"Content-Type": "text/plain"}, b"unasked" * 1000, key=True)
                self.assertEqual(answer.status, status)


main()
