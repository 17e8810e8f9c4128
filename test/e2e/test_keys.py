"""Who may call: keys that are wrong, revoked or expired, other people's files; and that Redis holds no usable key."""
import glob
import hashlib
import os
import re
import time

from harness import Multipart, Part, SiteCase, main
from harness.samples import png

HEX = "0123456789abcdef"


class Case(SiteCase):
    def me(self, authorization, **more):
        headers = [] if authorization is None else [("Authorization", authorization)]
        return self.site.get("/api/v4/me", headers, **more)

    def assertRefused(self, answer):
        self.assertEqual(answer.status, 401, answer)
        self.assertEqual((answer.json["error"], answer.json["code"]), ("invalid_auth", "invalid_auth"))
        self.assertEqual(answer.header("WWW-Authenticate"), "Bearer")
        self.assertNotIn("quota", answer.json)


class Wrong(Case):
    def test_one_character_changed(self):
        key = self.site.key
        for at in (7, 8, 40, len(key) - 1):
            changed = key[:at] + HEX[(HEX.index(key[at]) + 1) % 16] + key[at + 1:]
            self.assertRefused(self.me("Bearer " + changed))
        self.assertEqual(self.me("Bearer " + key).status, 200)

    def test_every_call_asks(self):
        form = Multipart(Part(b"x", filename="a"))
        self.assertRefused(self.site.upload(form=form, key=None))
        self.assertRefused(self.site.request("DELETE", "/api/v4/upload/0193a1b2-c3d4-7e5f-8a9b-0123456ababc"))
        self.assertEqual(self.site.stored(), [])

    def test_decided_before_the_body(self):
        """60 MB, of which hardly any need be sent to be told."""
        form = Multipart(Part(b"", filename="a"))
        before, _ = form.around()

        def pieces():
            yield before
            for _ in range(60):
                yield bytes(1 << 20)

        begin = time.monotonic()
        answer = self.site.request("POST", "/api/v4/upload", {"Content-Type": form.content_type}, pieces(),
                                   length=60 << 20, key="sk_cdn_" + "0" * 64)
        self.assertRefused(answer)
        self.assertFalse(answer.sent_all)
        self.assertLess(time.monotonic() - begin, 10)
        self.assertLess(self.site.access()[-1]["bytes_in"], 3 << 20)


class Life(Case):
    options = {"workers": 4}

    def each_worker(self, key, times=24):
        """More requests at once than there are workers would need threads; in a row they go round the pool."""
        return {self.me("Bearer " + key).status for _ in range(times)}

    def test_revoked_on_every_worker_at_once(self):
        key = self.site.cdnctl("key", "add", "test@example.org", "--name", "second")
        self.assertRegex(key, "^sk_cdn_[0-9a-f]{64}$")
        self.assertEqual(self.each_worker(key), {200})
        hint = key[:13] + "...." + key[-6:]
        listing = self.site.cdnctl("key", "list", "test@example.org").splitlines()
        row = next(line.split("\t") for line in listing if hint in line)
        self.assertEqual(len(hint), 23)
        self.site.cdnctl("key", "revoke", row[0])
        self.assertEqual(self.each_worker(key), {401})
        self.assertRefused(self.site.upload(b"x", "a", key=key))
        self.assertEqual(self.each_worker(self.site.key), {200})

    def test_expired(self):
        key = self.site.cdnctl("key", "add", "test@example.org", "--name", "third", "--expires", "2199-01-31")
        self.assertEqual(self.me("Bearer " + key).status, 200)
        name = "cdn:key:" + hashlib.sha256(key.encode()).hexdigest()
        expires = int(self.site.redis.command("HGET", name, "expires_at"))
        self.assertEqual(time.gmtime(expires // 1000)[:6], (2199, 2, 1, 0, 0, 0))
        self.site.redis.command("HSET", name, "expires_at", int(time.time() * 1000) + 3000)
        self.assertEqual(self.each_worker(key, 4), {200})
        time.sleep(3.1)
        self.assertEqual(self.each_worker(key), {401})
        run = self.site.cdnctl("key", "add", "test@example.org", "--name", "n", "--expires", "2020-01-31", check=False)
        self.assertEqual((run.returncode, run.stdout), (2, ""))

    def test_account_gone(self):
        key = self.site.make_account("gone@example.org")
        self.assertEqual(self.me("Bearer " + key).status, 200)
        self.site.cdnctl("account", "remove", "gone@example.org")
        self.assertRefused(self.me("Bearer " + key))


class Others(Case):
    def test_another_account_s_file(self):
        other = self.site.make_account("other@example.org")
        made = self.site.upload(png(), "a.png").json
        answer = self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=other)
        unknown = self.site.request("DELETE", "/api/v4/upload/0193a1b2-c3d4-7e5f-8a9b-0123456ababc", key=other)
        for a in (answer, unknown):
            self.assertEqual((a.status, a.json["error"]), (404, "Not found"))
        same = [{name: value for name, value in a.json.items() if name != "request_id"} for a in (answer, unknown)]
        self.assertEqual(*same)
        self.assertEqual(self.site.fetch(made["url"]).body, png())
        self.assertEqual(self.site.me().json["storage_used"], len(png()))
        self.assertEqual(self.site.me(other).json["storage_used"], 0)

    def test_ids_that_are_none(self):
        for word in ("x", "0193a1b2-c3d4-7e5f-8a9b-0123456ABABC", "0193a1b2-c3d4-4e5f-8a9b-0123456ababc", "*", "..%2e",
                     "0193a1b2c3d47e5f8a9b0123456ababc", "a" * 300, "%7Busr_x%7D"):
            with self.subTest(word=word):
                answer = self.site.request("DELETE", "/api/v4/upload/" + word, key=True)
                self.assertIn((answer.status, answer.json["code"]), [(404, "not_found"), (400, "bad_request")])


class AtRest(Case):
    def test_no_usable_key_in_redis_nor_in_its_file(self):
        keys = [self.site.key, self.site.make_account("second@example.org")]
        for key in keys:
            self.assertEqual(self.site.upload(b"x", "a.txt", key=key).status, 201)
        bytes_of_redis = [self.everything().encode("utf-8", "surrogateescape")]
        for path in glob.glob(os.path.join(self.site.folder.redis, "**"), recursive=True):
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    bytes_of_redis.append(f.read())
        self.assertGreater(len(bytes_of_redis), 1)
        self.assertTrue(any(hashlib.sha256(keys[0].encode()).hexdigest().encode() in data for data in bytes_of_redis))
        for data in bytes_of_redis:
            self.assertNotRegex(data, rb"sk_cdn_[0-9a-f]{7}")
            for key in keys:
                # Behind the account's id, of which there is no secret.
                secret = key[len("sk_cdn_") + 16:]
                self.assertNotIn(bytes.fromhex(secret), data)
                for at in range(len(secret) - 10):
                    self.assertNotIn(secret[at:at + 10].encode(), data)

    def everything(self):
        redis = self.site.redis
        readers = {"hash": ("HGETALL",), "set": ("SMEMBERS",), "string": ("GET",), "zset": ("ZRANGE", 0, -1),
                   "list": ("LRANGE", 0, -1)}
        text = ""
        for name in redis.command("KEYS", "*"):
            verb, *more = readers[redis.command("TYPE", name)]
            text += f"{name} {redis.command(verb, name, *more)}\n"
        self.assertIn("cdn:key:", text)
        return text


main()
