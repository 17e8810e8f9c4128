"""What a key may be used for, when it was used last, and how it ends.

Any worker of the pool answers any request: what was said to one holds for all of them at once.
"""
import hashlib
import json
import threading
import time

from harness import Multipart, Part, main
from harness.cases import SiteCase
from harness.samples import png

ID = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
TEST = "test@example.org"


class Case(SiteCase):
    options = {"workers": 4}

    def new_key(self, *words, name="new"):
        return self.site.cdnctl("key", "add", TEST, "--name", name, *words)

    def listed(self, key):
        """The key, as key list --json shows it."""
        rows = map(json.loads, self.site.cdnctl("key", "list", TEST, "--json").splitlines())
        return next(row for row in rows if row["hint"] == key[:13] + "...." + key[-6:])

    @staticmethod
    def name(key):
        return "cdn:key:" + hashlib.sha256(key.encode()).hexdigest()

    def at_once(self, count, call):
        """The answers to as many calls, made together."""
        gate, answers = threading.Barrier(count), []

        def one():
            gate.wait()
            answers.append(call())

        threads = [threading.Thread(target=one) for _ in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(answers), count)
        return answers


class Scopes(Case):
    def calls(self):
        """Each kind of call that is there for a file of one's own, with the scope it needs."""
        form = Multipart(Part(b"x", filename="a.txt"))
        made = self.site.upload(png(), "a.png").json["id"]
        return [
            ("upload", "POST", "/api/v4/upload", {"Content-Type": form.content_type}, form.body(), 201),
            ("upload", "POST", "/api/v4/upload_from_url?url=ftp://x", {}, None, 422),
            ("read", "GET", "/api/v4/me", {}, None, 200), ("read", "HEAD", "/api/v4/me", {}, None, 200),
            ("delete", "DELETE", "/api/v4/upload/" + made, {}, None, 200),
        ]

    def test_each_alone_and_all(self):
        for granted in ("upload", "read", "delete", "upload,delete", "upload,read,delete", None):
            key = self.new_key(*(["--scopes", granted] if granted else []))
            for scope, method, path, headers, body, status in self.calls():
                with self.subTest(granted=granted, method=method, path=path):
                    answer = self.site.request(method, path, headers, body, key=key)
                    if granted is None or scope in granted:
                        self.assertEqual(answer.status, status, answer)
                    else:
                        self.assertLacks(answer, scope, method)

    def assertLacks(self, answer, scope, method="GET"):
        self.assertEqual(answer.status, 403, answer)
        self.assertEqual(answer.header("WWW-Authenticate"), f'Bearer error="insufficient_scope", scope="{scope}"')
        self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        if method == "HEAD":
            return
        self.assertEqual(list(answer.json), ["error", "code", "message", "status", "documentation_url", "hint",
                                             "request_id"])
        self.assertEqual((answer.json["error"], answer.json["code"], answer.json["status"]),
                         ("insufficient_scope", "insufficient_scope", 403))
        self.assertIn(scope, answer.json["hint"])

    def test_decided_before_the_body(self):
        """60 MB, of which hardly any need be sent to be told."""
        key = self.new_key("--scopes", "read,delete")
        form = Multipart(Part(b"", filename="a"))
        before, _ = form.around()

        def pieces():
            yield before
            for _ in range(60):
                yield bytes(1 << 20)

        stored = self.site.stored()
        answer = self.site.request("POST", "/api/v4/upload", {"Content-Type": form.content_type}, pieces(),
                                   length=60 << 20, key=key)
        self.assertLacks(answer, "upload")
        if not self.site.differs("refusal before the body"):
            self.assertFalse(answer.sent_all)
        self.assertLess(self.site.access()[-1]["bytes_in"], 3 << 20)
        self.assertEqual(self.site.stored(), stored)

    def test_what_nobody_granted(self):
        """Whatever stands in Redis: a word that is not known grants nothing."""
        key = self.new_key()
        for kept, status in (("read,admin", 200), ("admin,read", 200), ("admin", 403), ("", 403), (",", 403),
                             ("READ", 403), ("read ", 403), ("upload,delete", 403), ("read\0", 403)):
            with self.subTest(kept=kept):
                self.site.redis.command("HSET", self.name(key), "scopes", kept)
                self.assertEqual(self.site.me(key).status, status)
        self.site.redis.command("HDEL", self.name(key), "scopes")
        self.assertEqual(self.site.me(key).status, 200)

    def test_somebody_else_s_file(self):
        """Without the scope one is not told whether it is there; with it, it is not there."""
        made = self.site.upload(png(), "a.png").json["id"]
        other = self.site.make_account("other@example.org")
        self.site.redis.command("HSET", self.name(other), "scopes", "read")
        for name in (made, ID):
            self.assertLacks(self.site.request("DELETE", "/api/v4/upload/" + name, key=other), "delete")


class LastUse(Case):
    def test_noted_and_listed(self):
        key = self.new_key()
        self.assertIsNone(self.listed(key)["last_used_at"])
        begin = time.time()
        self.assertEqual(self.site.me(key).status, 200)
        used = self.site.redis.command("HGET", self.name(key), "last_used_at")
        self.assertLessEqual(int(begin * 1000) - 1, int(used))
        self.assertLessEqual(int(used), time.time() * 1000 + 1)
        self.assertEqual(self.listed(key)["last_used_at"],
                         time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(used) // 1000)))

    def test_once_for_all_workers(self):
        for last in (None, 1, int(time.time() * 1000) - 61000):
            with self.subTest(last=last):
                key = self.new_key()
                if last:
                    self.site.redis.command("HSET", self.name(key), "last_used_at", last)
                self.site.redis.command("CONFIG", "RESETSTAT")
                answers = self.at_once(12, lambda key=key: self.site.me(key))
                self.assertEqual({answer.status for answer in answers}, {200})
                stats = self.site.redis.command("INFO", "commandstats")
                self.assertIn("cmdstat_hset:calls=1,", stats)

    def test_refused_keys_are_not_used(self):
        for words in (("--scopes", "delete"), ("--expires", "2199-01-31")):
            key = self.new_key(*words)
            if "--expires" in words:
                self.site.redis.command("HSET", self.name(key), "expires_at", 1)
            self.assertIn(self.site.me(key).status, (401, 403))
            self.assertIsNone(self.listed(key)["last_used_at"])


class Revoke(Case):
    def revoke(self, key, body=None, **more):
        return self.site.request("POST", "/api/v4/revoke", body=body, key=key, **more)

    def test_dead_on_every_worker(self):
        key = self.new_key(name="Laptop \u2603")
        self.assertEqual({self.site.me(key).status for _ in range(12)}, {200})
        answer = self.revoke(key)
        self.assertEqual(answer.status, 200)
        self.assertEqual(list(answer.json.items()), [
            ("success", True), ("owner_email", TEST), ("key_name", "Laptop \u2603"), ("status", "complete")])
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        self.assertEqual({self.site.me(key).status for _ in range(24)}, {401})
        self.assertEqual(self.revoke(key).status, 401)
        self.assertIsNotNone(self.listed(key)["revoked_at"])
        self.assertEqual(self.site.me().status, 200)

    def test_no_scope_is_needed(self):
        for scopes in ("upload", "read", "delete"):
            key = self.new_key("--scopes", scopes)
            self.assertEqual(self.revoke(key).status, 200)
            self.assertEqual(self.revoke(key).status, 401)
        key = self.new_key()
        self.site.redis.command("HSET", self.name(key), "scopes", "")
        self.assertEqual(self.revoke(key).status, 200)

    def test_any_body(self):
        for body, headers, more in ((b"", {}, {}), (b"{", {"Content-Type": "application/json"}, {}),
                                    (bytes(900000), {"Content-Type": "text/plain"}, {}),
                                    (b"--", {"Content-Type": "multipart/form-data"}, {}),
                                    (b"abc", {}, {"chunked": True}),
                                    (b"x", {"Content-Encoding": "gzip"}, {})):
            with self.subTest(headers=headers, size=len(body)):
                key = self.new_key()
                self.assertEqual(self.revoke(key, body, headers=headers, **more).status, 200)
                self.assertEqual(self.site.me(key).status, 401)

    def test_wrong_ways(self):
        key = self.new_key()
        for method in ("GET", "HEAD", "DELETE", "PUT"):
            answer = self.site.request(method, "/api/v4/revoke", key=key)
            self.assertEqual((answer.status, answer.header("Allow")), (405, "POST"))
        for authorization in (None, "Bearer sk_cdn_" + "0" * 64, "Basic " + key, key):
            headers = [("Authorization", authorization)] if authorization else []
            answer = self.site.request("POST", "/api/v4/revoke", headers, b'{"key":"%s"}' % key.encode())
            self.assertEqual(answer.status, 401)
        self.assertEqual(self.site.me(key).status, 200)

    def test_many_at_once(self):
        for _ in range(3):
            key = self.new_key()
            statuses = [answer.status for answer in self.at_once(8, lambda key=key: self.revoke(key))]
            self.assertIn(200, statuses)
            self.assertLessEqual(set(statuses), {200, 401})
            self.assertEqual(self.site.me(key).status, 401)


main()
