"""A search for very many names while files come, go and are renamed under it: each file that stays is told once."""
import itertools
import random

from faulty import ProxyCase
from harness import listed, main

FILES = 7000
numbers = itertools.count()


class Changes(ProxyCase):
    settings = {"CDN_REDIS_COMMAND_TIMEOUT": "20000"}

    def begin(self, matches, files=FILES, every=FILES):
        """So many of the oldest files match, and so many of each `every` after them."""
        key = self.site.make_account(f"changes-{next(numbers)}@example.org")
        self.key, self.redis = key, self.site.redis
        self.account = "cdn:{%s}" % self.site.me(key=key).json["id"]
        names = [f"{'Match' if i % every < matches else 'other'}-{i * 7919 % files:06d}" for i in range(files)]
        listed.fill(self.redis, self.account, names)
        self.names = {listed.make_id(i): name for i, name in enumerate(names)}
        # Files that matched all the time, and those that ever did.
        self.always = {i for i, name in self.names.items() if matching(name)}
        self.ever = set(self.always)
        self.page("query=other")
        self.proxy.forget()

    def page(self, query):
        answer = self.site.get("/api/v4/uploads?" + query, key=self.key)
        self.assertEqual(answer.status, 200, answer)
        return [file["id"] for file in answer.json["uploads"]], answer.json["next_cursor"]

    def read_all(self, limit):
        found, cursor = [], ""
        while cursor is not None:
            ids, cursor = self.page(f"query=mAtch&limit={limit}&cursor={cursor}")
            self.assertTrue(len(ids) == limit or cursor is None, (len(ids), cursor))
            found += ids
            self.assertLessEqual(len(found), len(self.ever), "told again and again")
        return found

    def check(self, found):
        self.assertEqual(found, sorted(set(found), reverse=True))
        self.assertEqual(self.always - set(found), set())
        self.assertEqual(set(found) - self.ever, set())

    # -- what happens between two scripts

    def upload(self, chance):
        i = listed.make_id(10 ** 6 + next(numbers))
        self.names[i] = f"{chance.choice(('match', 'other'))}-{chance.randrange(FILES):06d}"
        self.assertEqual(listed.upload(self.redis, self.account, self.names[i], i), "stored")
        self.ever.add(i)

    def remove(self, chance):
        i = chance.choice(sorted(self.names))
        self.assertEqual(listed.remove(self.redis, self.account, i), "removed")
        del self.names[i]
        self.always.discard(i)

    def rename(self, i, name):
        self.assertEqual(listed.rename(self.redis, self.account, i, name), "renamed")
        self.names[i] = name
        if matching(name):
            self.ever.add(i)
        else:
            self.always.discard(i)

    def rename_any(self, chance):
        self.rename(chance.choice(sorted(self.names)), f"{chance.choice(('mATCH', 'other'))}-{chance.randrange(FILES):06d}")

    # -- cases

    def test_whole_pages(self):
        """Around the numbers that one script looks at, with nothing changing."""
        for matches in (999, 1000, 1001, 1999, 2000, 2001, 3500):
            with self.subTest(matches):
                self.begin(matches)
                want = [listed.make_id(i) for i in range(matches - 1, -1, -1)]
                for limit in (100, 77):
                    self.assertEqual(self.read_all(limit), want)

    def test_random_changes(self):
        """Matches lie in heaps, between which only the index leads."""
        for seed in range(6):
            with self.subTest(seed=seed):
                self.begin(500, files=16_000, every=4000)
                chance = random.Random(seed)
                changes = [self.upload, self.remove, self.remove, self.rename_any]

                def change(chance=chance, changes=changes):
                    # Rare enough for a pass to be whole, now and then.
                    for _ in range(chance.choice((0, 0, 0, 1, 5))):
                        chance.choice(changes)(chance)

                self.proxy.when("EVALSHA", times=10 ** 6, do="then", then=change)
                found = self.read_all(100)
                self.check(found)
                self.assertGreater(len(found), 1500)
                self.assertGreater(self.proxy.struck, 30)

    def test_a_rename_from_before_a_pass_to_behind_it(self):
        for to in ("match-", "match-999999"):
            self.begin(2500)
            newest = listed.make_id(2499)
            self.proxy.when("EVALSHA", nth=3, do="then", then=lambda to=to: self.rename(newest, to))
            if to != "match-":
                self.rename(newest, "match-")
            self.check(self.read_all(100))
            self.assertEqual(self.proxy.struck, 1)

    def test_what_was_found_is_gone(self):
        """The files that a pass found, before their records are asked for: others fill the page."""
        self.begin(2500)
        gone = [listed.make_id(i) for i in range(2499, 2449, -1)]

        def remove():
            for n, i in enumerate(gone):
                if n % 2:
                    self.remove_one(i)
                else:
                    self.rename(i, "other")

        self.proxy.when("EVALSHA", nth=5, do="then", then=remove)
        ids, cursor = self.page("query=match&limit=50")
        self.assertEqual(ids, [listed.make_id(i) for i in range(2449, 2399, -1)])
        self.assertEqual(self.page("query=match&limit=1&cursor=" + cursor)[0], [listed.make_id(2399)])

    def remove_one(self, i):
        self.assertEqual(listed.remove(self.redis, self.account, i), "removed")

    def test_renamed_all_the_time(self):
        """No pass over the index can be trusted, and all is told nevertheless."""
        self.begin(2500)
        chance = random.Random(2)
        self.proxy.when("EVALSHA", times=10 ** 6, do="then",
                        then=lambda: self.rename(listed.make_id(0), f"match-{chance.randrange(10 ** 6):06d}"))
        ids, _ = self.page("query=match&limit=100")
        # As many steps over names as there may be, then all files are walked over.
        scripts = self.proxy.forget().count("EVALSHA")
        self.assertTrue(256 < scripts <= 256 + 10, scripts)
        self.assertEqual(ids, [listed.make_id(i) for i in range(2499, 2399, -1)])

    def test_an_index_that_lacks_a_file(self):
        self.begin(2500)
        self.redis.command("ZREM", self.account + ":names", self.names[listed.make_id(2000)].lower() + "\0" + listed.make_id(2000))
        self.assertEqual(self.read_all(100), [listed.make_id(i) for i in range(2499, -1, -1)])


def matching(name):
    return name.lower().startswith("match")


main()
