"""A batch while Redis fails in the middle of its commits: what is stored is told, and nothing else is public."""
from faulty import ProxyCase, check_counters
from harness import main

INTERNAL = "Upload failed due to an internal error"
COUNT = 8
FILES = [(f"{n}.bin", bytes([n + 1]) * 1000) for n in range(COUNT)]


class BatchRedis(ProxyCase):
    def told(self, answer, before, count, doubtful=0):
        """The first `count` are stored and read back, the rest failed; `doubtful` files stay, known to nobody."""
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual([file["filename"] for file in answer.json["uploads"]], [name for name, _ in FILES[:count]])
        self.assertEqual(answer.json["failed"], [{"filename": name, "reason": INTERNAL} for name, _ in FILES[count:]])
        for file, (_, data) in zip(answer.json["uploads"], FILES):
            self.assertEqual(self.site.fetch(file["url"]).body, data)
        self.assertEqual(self.site.me().status, 200)
        now = self.kept()
        self.assertEqual(now["tmp"], [])
        self.assertEqual(len(now["disk"]), len(before["disk"]) + 2 * (count + doubtful))
        check_counters(self, self.site)

    def test_commands(self):
        """However many files, each is asked about once, and the account before them all."""
        self.assertEqual(self.site.batch(FILES).status, 201)
        self.assertEqual(self.proxy.seen.count("EVALSHA"), COUNT)
        self.assertLessEqual(len(self.proxy.seen), COUNT + 3, self.proxy.seen)

    def test_refuses_from_one_on(self):
        for text in ("OOM command not allowed", "LOADING Redis is loading", "READONLY You can't write"):
            for nth in (2, 5, COUNT):
                self.setUp()
                before = self.kept()
                self.proxy.when("EVALSHA", nth=nth, times=1000, text=text)
                answer = self.site.batch(FILES)
                # It was asked no more after that.
                self.assertEqual(self.proxy.seen.count("EVALSHA"), nth)
                self.proxy.forget()
                with self.subTest(text=text, nth=nth):
                    self.told(answer, before, nth - 1)

    def test_refuses_all(self):
        before = self.kept()
        self.proxy.when("EVALSHA", times=1000, text="OOM command not allowed")
        answer = self.site.batch(FILES)
        self.proxy.forget()
        self.unavailable(answer)
        self.assertEqual(self.kept(), before)

    def test_is_gone_from_one_on(self):
        """Cut off before it saw the commit, again and again: nobody can tell, so that file's bytes stay."""
        for do in ("before", "after"):
            self.setUp()
            before = self.kept()
            self.proxy.when("EVALSHA", nth=4, times=1000, do=do)
            answer = self.site.batch(FILES)
            # The commit once more, and then no other.
            self.assertEqual(self.proxy.forget().count("EVALSHA"), 5)
            with self.subTest(do=do):
                self.told(answer, before, 3, doubtful=1)

    def test_stalls_from_one_on(self):
        before = self.kept()
        self.proxy.when("EVALSHA", nth=4, times=1000, do="stall", seconds=0.6)
        answer = self.site.batch(FILES)
        self.proxy.forget()
        self.told(answer, before, 3, doubtful=1)

    def test_one_answer_is_lost(self):
        """Asked again, it says that it has the file: nothing is counted twice."""
        for do in ("after", "before"):
            for nth in (1, 4, COUNT):
                self.setUp()
                before = self.kept()
                self.proxy.when("EVALSHA", nth=nth, do=do)
                answer = self.site.batch(FILES)
                with self.subTest(do=do, nth=nth):
                    self.told(answer, before, COUNT)

    def test_scripts_forgotten_in_the_middle(self):
        before = self.kept()
        self.proxy.when("EVALSHA", nth=3, text="NOSCRIPT No matching script")
        self.told(self.site.batch(FILES), before, COUNT)

    def test_account_is_gone(self):
        """Removed while the body came: 401, and nothing is left."""
        key = self.site.make_account("gone@example.org")
        self.assertEqual(self.site.me(key=key).status, 200)
        before = self.kept()
        self.proxy.when("EVALSHA", times=1000, do="answer", text="no account")
        answer = self.site.batch(FILES, key=key)
        self.assertEqual(self.proxy.seen.count("EVALSHA"), 1)
        self.proxy.forget()
        self.assertEqual((answer.status, answer.json["error"]), (401, "invalid_auth"))
        self.assertEqual(self.kept(), before)

    def test_room_taken_in_the_middle(self):
        """Of a file that another request left no room for, the rest of the batch hears nothing."""
        before = self.kept()
        self.proxy.when("EVALSHA", nth=3, do="answer", text="no room")
        answer = self.site.batch(FILES)
        self.assertEqual(answer.status, 201)
        self.assertEqual([file["filename"] for file in answer.json["failed"]], ["2.bin"])
        self.assertIn("Would exceed storage quota (", answer.json["failed"][0]["reason"])
        self.assertEqual(len(answer.json["uploads"]), COUNT - 1)
        self.assertEqual(len(self.kept()["disk"]), len(before["disk"]) + 2 * (COUNT - 1))
        check_counters(self, self.site)


main()
