"""Many at once: quotas hold, and nothing is counted twice. faults.md rows 30, 32 and 33."""
import concurrent.futures
import hashlib
import re

from faulty import check_counters, kept
from harness import SiteCase, main

SIZE = 5000


class Race(SiteCase):
    options = {"workers": 6}
    settings = {"CDN_TIER_UNVERIFIED_FILE": "6000", "CDN_TIER_UNVERIFIED_TOTAL": str(10 * SIZE + 7), "CDN_FSYNC": "off"}

    def at_once(self, calls, threads=25):
        with concurrent.futures.ThreadPoolExecutor(threads) as pool:
            return [f.result() for f in [pool.submit(call) for call in calls]]

    def names(self, top):
        return [name for name in self.site.stored() if name.startswith(top + "/")]

    def test_room_for_ten(self):
        key = self.site.make_account("small@example.org", "unverified")
        files, records = len(self.names("files")), len(self.names("records"))
        answers = self.at_once([
            lambda n=n: self.site.upload(bytes([n]) * SIZE, f"{n}.bin", key=key) for n in range(50)])
        stored = [a for a in answers if a.status == 201]
        refused = [a for a in answers if a.status == 402]
        self.assertEqual((len(stored), len(refused)), (10, 40), sorted({a.status for a in answers}))
        for answer in refused:
            self.assertEqual(answer.json["code"], "quota_exceeded")
            self.assertLessEqual(answer.json["quota"]["storage_used"], 10 * SIZE)
        self.assertEqual(self.site.me(key=key).json["storage_used"], 10 * SIZE)
        self.assertEqual(len(self.names("files")), files + 10)
        self.assertEqual(len(self.names("records")), records + 10)
        check_counters(self, self.site)
        # What was stored can be deleted by many at once, each once.
        gone = self.at_once([lambda i=a.json["id"]: self.site.request("DELETE", "/api/v4/upload/" + i, key=key)
                             for a in stored for _ in range(4)])
        self.assertLessEqual({a.status for a in gone}, {200, 404})
        self.assertEqual(self.site.me(key=key).json["storage_used"], 0)
        check_counters(self, self.site)

    def test_deletes_among_uploads(self):
        key = self.site.make_account("busy@example.org", "verified")

        def one(n):
            data = bytes([n]) * (n * 100)
            answer = self.site.upload(data, "a.bin", key=key)
            self.assertEqual(answer.status, 201)
            self.assertEqual(self.site.fetch(answer.json["url"]).body, data)
            if n % 2:
                path = "/api/v4/upload/" + answer.json["id"]
                self.assertEqual(self.site.request("DELETE", path, key=key).status, 200)
                self.assertEqual(self.site.fetch(answer.json["url"]).status, 404)
        self.at_once([lambda n=n: one(n) for n in range(60)])
        self.assertEqual(self.site.me(key=key).json["storage_used"], sum(n * 100 for n in range(0, 60, 2)))
        check_counters(self, self.site)

    def test_redis_holds_no_key(self):
        """What can be read in Redis lets nobody in."""
        key = self.site.make_account("secret@example.org")
        answer = self.site.upload(b"x", "a.bin", key=key)
        self.assertEqual(answer.status, 201)
        everything = b""
        for name in self.site.redis.command("KEYS", "*"):
            dump = {"hash": "HGETALL", "set": "SMEMBERS", "string": "GET"}.get(self.site.redis.command("TYPE", name))
            words = self.site.redis.command(dump, name) if dump else []
            words = words if isinstance(words, list) else [words]
            everything += b"\n".join(w if isinstance(w, bytes) else w.encode() for w in [name, *words]) + b"\n"
        secret = key[len("sk_cdn_"):]
        self.assertNotIn(secret.encode(), everything)
        self.assertNotIn(secret[7:40].encode(), everything)
        digest = hashlib.sha256(key.encode()).hexdigest()
        self.assertIn(digest.encode(), everything)
        for word in set(re.findall(rb"[0-9a-f]{64}", everything)):
            self.assertEqual(self.site.me(key="sk_cdn_" + word.decode()).status, 401)
        self.assertEqual(self.site.me(key=digest).status, 401)

    def test_one_character_changed(self):
        key = self.site.key
        for at in (0, 3, 6, 7, 20, 40, 70):
            other = key[:at] + ("0" if key[at] != "0" else "1") + key[at + 1:]
            self.assertEqual(self.site.me(key=other).status, 401, at)
        for other in (key[:-1], key + "0", key.upper(), " " + key[1:], key + ", " + key):
            self.assertEqual(self.site.me(key=other).status, 401)

    def test_revoked_everywhere_at_once(self):
        key = self.site.make_account("revoked@example.org")
        self.assertEqual({a.status for a in self.at_once([lambda: self.site.me(key=key)] * 30)}, {200})
        key_id = self.site.cdnctl("key", "list", "revoked@example.org").split("\t")[0]
        self.site.cdnctl("key", "revoke", key_id)
        before = kept(self.site)
        self.assertEqual({a.status for a in self.at_once([lambda: self.site.me(key=key)] * 30)}, {401})
        self.assertEqual(self.site.upload(b"x", "a.bin", key=key).status, 401)
        self.assertEqual(kept(self.site), before)


main()
