"""Tiers, their limits, and what is refused before its body was read.

A web server has no limit of its own below CDN_MAX_BODY on the calls that take files: the account's tier decides, and an
answer that comes before the body has, or in its middle, goes to the client. See test_early.py for how clients take it.
"""
from concurrent.futures import ThreadPoolExecutor

from harness import Multipart, Part, SiteCase, main

K, M = 1024, 1024 * 1024


class Case(SiteCase):
    number = 0

    def account(self, tier):
        type(self).number += 1
        return self.site.make_account(f"{type(self).__name__}{self.number}@example.org".lower(), tier)

    def used(self, key):
        return self.site.me(key).json["storage_used"]

    def assertTooLarge(self, answer, limit):
        self.assertEqual(answer.status, 402, answer)
        self.assertEqual(answer.json["error"], f"File size exceeds your limit of {limit} per file")
        self.assertEqual(answer.json["code"], "file_too_large")

    def assertFull(self, answer, used, limit, tier, percentage):
        self.assertEqual(answer.status, 402, answer)
        self.assertEqual((answer.json["error"], answer.json["code"]), ("Storage quota exceeded", "quota_exceeded"))
        self.assertEqual(list(answer.json["quota"].items()), [
            ("storage_used", used), ("storage_limit", limit), ("quota_tier", tier), ("percentage_used", percentage)])

    def assertNothingLeft(self, key, used=0):
        self.assertEqual(self.used(key), used)
        self.assertEqual(self.site.unfinished(), [])


class Tiers(Case):
    settings = {
        "CDN_TIER_UNVERIFIED_FILE": "10K", "CDN_TIER_UNVERIFIED_TOTAL": "30K", "CDN_TIER_VERIFIED_FILE": "1536K",
        "CDN_TIER_VERIFIED_TOTAL": "2M", "CDN_TIER_UNLIMITED_FILE": "1020K", "CDN_TIER_UNLIMITED_TOTAL": "3M",
    }

    def test_me_tells_the_limit(self):
        for tier, limit in [("unverified", 30 * K), ("verified", 2 * M), ("functionally_unlimited", 3 * M)]:
            doc = self.site.me(self.account(tier)).json
            self.assertEqual((doc["quota_tier"], doc["storage_limit"], doc["storage_used"]), (tier, limit, 0))

    def test_a_file_s_limit(self):
        for tier, limit, words in [("unverified", 10 * K, "10 KB"), ("verified", 1536 * K, "1.5 MB"),
                                   ("functionally_unlimited", 1020 * K, "1020 KB")]:
            with self.subTest(tier=tier):
                key = self.account(tier)
                for more in ({}, {"chunked": True}):
                    self.assertTooLarge(self.site.upload(bytes(limit + 1), "a", key=key, **more), words)
                self.assertNothingLeft(key)
                self.assertEqual(self.site.upload(bytes(limit), "a", key=key).status, 201)
                self.assertEqual(self.used(key), limit)

    def test_filled_to_the_last_byte(self):
        key = self.account("unverified")
        for _ in range(3):
            self.assertEqual(self.site.upload(bytes(10 * K), "a", key=key).status, 201)
        self.assertEqual(self.used(key), 30 * K)
        self.assertFull(self.site.upload(b"x", "a", key=key), 30 * K, 30 * K, "unverified", 100)
        self.assertEqual(self.site.upload(b"", "empty", key=key).status, 201)
        self.assertNothingLeft(key, 30 * K)

    def test_what_is_left_is_counted_in_bytes(self):
        key = self.account("unverified")
        made = [self.site.upload(bytes(10 * K), "a", key=key).json for _ in range(2)]
        self.site.upload(bytes(9999), "a", key=key)
        used = 20 * K + 9999
        self.assertFull(self.site.upload(bytes(242), "a", key=key), used, 30 * K, "unverified", 99.22)
        self.assertEqual(self.site.upload(bytes(241), "a", key=key).status, 201)
        self.site.request("DELETE", "/api/v4/upload/" + made[0]["id"], key=key)
        self.assertEqual(self.site.upload(bytes(10 * K), "b", key=key).status, 201)
        self.assertNothingLeft(key, 30 * K)

    def test_a_smaller_tier_leaves_what_is_there(self):
        key = self.account("verified")
        email = f"{type(self).__name__}{self.number}@example.org".lower()
        made = self.site.upload(bytes(100 * K), "a", key=key).json
        self.site.cdnctl("account", "set", email, "--tier", "unverified")
        answer = self.site.upload(b"x", "a", key=key)
        self.assertFull(answer, 100 * K, 30 * K, "unverified", 333.33)
        self.assertEqual(len(self.site.fetch(made["url"]).body), 100 * K)
        self.assertEqual(self.site.upload(b"", "a", key=key).status, 402)

    def test_refused_early(self):
        """The file inside must be too large whatever else the form holds: told before the body is read."""
        key = self.account("unverified")
        form = Multipart(Part(b"", filename="a"))
        for length in (40 * M, M + 10 * K + 1):
            with self.subTest(length=length):
                answer = self.site.announce("POST", "/api/v4/upload", length, {"Content-Type": form.content_type}, key=key)
                self.assertTooLarge(answer, "10 KB")
                self.assertIn("quota", answer.json)
        self.assertNothingLeft(key)

    def test_a_form_larger_than_its_file(self):
        """Other fields may be large: only what no form could explain is refused for its length."""
        key = self.account("unverified")
        form = Multipart(Part(bytes(M - 20 * K), name="note"), Part(b"x" * 10 * K, filename="a"))
        self.assertEqual(self.site.upload(form=form, key=key).status, 201)

    def test_a_refused_file_among_several(self):
        key = self.account("unverified")
        form = Multipart(Part(b"small", filename="a"), Part(bytes(11 * K), filename="b"))
        self.assertTooLarge(self.site.upload(form=form, key=key), "10 KB")
        self.assertNothingLeft(key)


class Sizes(Case):
    """Human sizes, through the one answer that has them: three at once, and a worker to spare."""
    options = {"workers": 4}
    rows = [
        {"unverified": ("0", "0 Bytes"), "verified": ("1", "1 Byte"), "functionally_unlimited": ("1000", "1000 Bytes")},
        {"unverified": ("1K", "1 KB"), "verified": ("1500", "1.46 KB"), "functionally_unlimited": ("10M", "10 MB")},
        {"unverified": ("1048575", "1020 KB"), "verified": ("100M", "100 MB"),
         "functionally_unlimited": ("12345678", "11.8 MB")},
    ]

    def test_rows(self):
        form = Multipart(Part(b"", filename="a"))
        keys = {tier: self.account(tier) for tier in self.rows[0]}
        for row in self.rows:
            self.site.restart(**{
                f"CDN_TIER_{tier.split('_')[-1].upper()}_FILE": value for tier, (value, _) in row.items()})
            # At once: an early refusal takes what is still on its way for up to 2 s.
            with ThreadPoolExecutor(3) as pool:
                answers = list(pool.map(lambda tier: self.site.announce(
                    "POST", "/api/v4/upload", 102 * M, {"Content-Type": form.content_type}, key=keys[tier]), row))
            for answer, (_, words) in zip(answers, row.values()):
                self.assertTooLarge(answer, words)


class Ceiling(Case):
    settings = {"CDN_MAX_BODY": "1M"}

    def assertCeiling(self, answer):
        self.assertEqual(answer.status, 413, answer)
        self.assertEqual((answer.json["error"], answer.json["code"]), ("Request body too large", "body_too_large"))
        self.assertNotIn("quota", answer.json)

    def test_known_from_the_length(self):
        def pieces():
            for _ in range(60):
                yield bytes(M)
        answer = self.site.request("POST", "/api/v4/upload", {"Content-Type": "multipart/form-data; boundary=b"},
                                   pieces(), length=60 * M, key=True)
        self.assertCeiling(answer)
        if self.site.differs("413 of a worker") or not self.site.differs("refusal before the body"):
            self.assertFalse(answer.sent_all)

    def test_found_out_while_streaming(self):
        answer = self.site.upload(bytes(M), "a", chunked=True)
        self.assertCeiling(answer)
        self.assertNothingLeft(True)

    def test_just_below(self):
        self.assertEqual(self.site.upload(bytes(M - 1000), "a").status, 201)


class NoSpace(Case):
    settings = {"CDN_MIN_FREE": "1000000G"}

    @classmethod
    def setUpClass(cls):
        # /up says down on such a disk, so the site is started with room and then restarted.
        settings, cls.settings = cls.settings, {}
        super().setUpClass()
        cls.site.restart(**settings)
        cls.site.expect_errors(r"storage_full|/up")

    def test_507_and_down(self):
        answer = self.site.upload(b"x", "a")
        self.assertEqual((answer.status, answer.json["error"]), (507, "Storage full"))
        self.assertEqual(answer.json["code"], "storage_full")
        self.assertNothingLeft(True)
        up = self.site.get("/up")
        self.assertEqual((up.status, up.json), (503, {
            "status": "down", "checks": {"redis": "up", "store": "up", "free_space": "down"}}))
        self.assertTrue(up.header("Retry-After").isdigit())


main()
