"""Claims while disks fill and break, while others claim the same, and after what a crash leaves of them."""
import hashlib
import os
import subprocess

from harness import BUILD, SiteCase, main, samples, wait_until
from harness.servers import SANITIZERS
from shim import Shim

OLD = "https://old.example"
FULL = ("ENOSPC", "EDQUOT")
BROKEN = ("EIO", "EROFS")


class Rescue(SiteCase):
    settings = {"CDN_FSYNC": "on"}
    options = {"workers": 1}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.shim = Shim(cls.site.folder)
        cls.one, cls.two = (cls.site.upload(samples.png(), f"{i}.png").json for i in range(2))
        cls.asked = 0

    @classmethod
    def tearDownClass(cls):
        cls.shim.close()
        super().tearDownClass()

    def setUp(self):
        self.shim.rest()

    def fresh(self):
        """An old URL that nobody has claimed."""
        type(self).asked += 1
        return f"{OLD}/{self.asked}"

    def start(self, *words, **env):
        return subprocess.Popen(
            [os.path.join(BUILD, "cdnctl"), "--env", os.path.join(self.site.folder.path, ".env"), "rescue", *words],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env={**os.environ, **SANITIZERS, **self.shim.env(), **env})

    def run_it(self, *words, text="", **env):
        with self.start(*words, **env) as run:
            out, err = run.communicate(text, timeout=60)
        return run.returncode, out, err

    def location(self, url):
        answer = self.site.get("/rescue?url=" + url)
        self.assertIn(answer.status, (302, 404), answer)
        return answer.header("Location")

    def path(self, url):
        digest = hashlib.sha256(url.encode()).hexdigest()
        return os.path.join(self.site.folder.data, "rescue", digest[-3:], digest + ".json")

    def claims(self):
        return sorted(name for _, _, names in os.walk(os.path.join(self.site.folder.data, "rescue")) for name in names)

    # -- one claim

    def refused(self, call, error, nth, times=1):
        """Claims until the fault has struck; that one must be refused and leave nothing."""
        while True:
            url, before = self.fresh(), self.claims()
            self.shim.strike(call, error, nth=nth, times=times)
            status, out, err = self.run_it("add", url, self.one["id"])
            # Whether the folder is there already decides how many calls there are.
            if self.shim.rest():
                break
            self.assertEqual(status, 0, err)
        with self.subTest(call=call, error=error, nth=nth):
            self.assertEqual((status, out, len(err.splitlines())), (1, "", 1), err)
            self.assertEqual(self.claims(), before)
            self.assertEqual(self.site.unfinished(), [])
            self.assertIsNone(self.location(url))
            self.assertEqual(self.run_it("add", url, self.one["id"]), (0, "", ""))
            self.assertEqual(self.location(url), self.one["url"])

    def test_add(self):
        for error in FULL + BROKEN:
            # The record is closed first.
            for call, nth in (("unnamed", 1), ("write", 1), ("close", 2), ("link", 1), ("link", 2), ("mkdir", 1), ("mkdir", 2)):
                self.refused(call, error, nth)
        # The claim, the store's folder, rescue/ and the folder in it.
        for nth in range(1, 5):
            self.refused("fsync", "EIO", nth)
        self.refused("write", "ENOSPC", 1, 1 << 30)

    def test_add_is_durable(self):
        while True:
            self.shim.rest()
            self.assertEqual(self.run_it("add", self.fresh(), self.one["id"])[0], 0)
            if self.shim.calls()["mkdir"]:
                break
        self.assertEqual(self.shim.calls()["fsync"], 4)

    def test_replace(self):
        """The old claim or the new one, never none."""
        # The record and the old claim are closed first; the last sync is that of a name which is new by then.
        for call, nth in (("unnamed", 1), ("write", 1), ("fsync", 1), ("close", 3), ("link", 1), ("lock", 1), ("rename", 1), ("fsync", 2)):
            url = self.fresh()
            self.assertEqual(self.run_it("add", url, self.one["id"])[0], 0)
            self.shim.strike(call, "EIO", nth=nth)
            status, _, err = self.run_it("add", url, self.two["id"], "--replace")
            with self.subTest(call=call, nth=nth):
                self.assertEqual((status, self.shim.rest()), (1, 1), err)
                self.assertIn(self.location(url), [self.one["url"], self.two["url"]][:2 if nth == 2 else 1])
                self.assertEqual(self.site.unfinished(), [])
                self.assertEqual(self.run_it("add", url, self.two["id"], "--replace"), (0, "", ""))
                # The claim and its folder, also where the new one was there and had only not been made durable.
                self.assertEqual(self.shim.calls()["fsync"], 2)
                self.assertEqual(self.location(url), self.two["url"])

    # -- an import

    def lines(self, count, file=None):
        urls = [self.fresh() for _ in range(count)]
        return urls, "".join(f"{url} {(file or self.one)['id']}\n" for url in urls)

    def test_import_is_one_sync(self):
        urls, text = self.lines(20)
        self.assertEqual(self.run_it("import", "-", text=text), (0, "20 added, 0 replaced, 0 unchanged, 0 refused\n", ""))
        calls = self.shim.calls()
        self.assertEqual((calls["unnamed"], calls["fsync"], calls["syncfs"]), (20, 0, 1))
        self.shim.rest()
        # What is there already may be of an import that was broken off before its end.
        self.assertEqual(self.run_it("import", "-", text=text)[0], 0)
        self.assertEqual(self.shim.calls()["syncfs"], 1)
        self.shim.rest()
        self.assertEqual(self.run_it("import", "-", text=text, CDN_FSYNC="off")[0], 0)
        self.assertEqual(self.shim.calls()["syncfs"], 0)

    def test_import_fails_in_the_middle(self):
        for call, error in (("write", "ENOSPC"), ("write", "EIO"), ("unnamed", "EROFS")):
            urls, text = self.lines(5)
            self.shim.strike(call, error, nth=3, times=1 << 30)
            status, out, err = self.run_it("import", "-", text=text)
            with self.subTest(call=call):
                self.assertEqual((status, out), (1, "2 added, 0 replaced, 0 unchanged, 1 refused\n"))
                self.assertEqual(len(err.splitlines()), 1)
                self.assertTrue(err.startswith("cdnctl: line 3: "), err)
                # What was taken is kept all the same.
                self.assertEqual(self.shim.calls()["syncfs"], 1)
                self.assertEqual([self.location(url) for url in urls], [self.one["url"]] * 2 + [None] * 3)
                self.shim.rest()
                self.assertEqual(self.run_it("import", "-", text=text)[1], "3 added, 0 replaced, 2 unchanged, 0 refused\n")

    def test_the_sync_fails(self):
        _, text = self.lines(3)
        self.shim.strike("syncfs", "EIO")
        status, _, err = self.run_it("import", "-", text=text)
        self.assertEqual((status, self.shim.rest()), (1, 1))
        self.assertIn("syncfs: Input/output error", err)
        self.assertEqual(self.run_it("import", "-", text=text)[0], 0)

    def test_killed_and_repeated(self):
        urls, text = self.lines(30)
        with self.start("import", "-") as run:
            run.stdin.write("".join(text.splitlines(True)[:10]))
            run.stdin.flush()
            wait_until(lambda: self.location(urls[9]), what="ten claims")
            run.kill()
        self.assertEqual(self.site.unfinished(), [])
        # What a crash of the machine may leave of a claim whose bytes were not on disk yet.
        self.site.expect_errors("is damaged")
        self.site.expect_errors('"status":500')
        os.truncate(self.path(urls[4]), 0)
        answer = self.site.get("/rescue?url=" + urls[4])
        self.assertEqual((answer.status, answer.json["error"], answer.header("Location")), (500, "Internal error", None))
        self.assertEqual([line["detail"] for line in self.site.access() if line["status"] == 500],
                         [f"claim {os.path.basename(self.path(urls[4]))[:-5]} is damaged"])
        status, out, err = self.run_it("list")
        self.assertEqual((status, len(err.splitlines())), (1, 1), err)
        self.assertIn("is damaged", err)
        self.assertIn(urls[5] + "\t", out)
        self.assertEqual(self.run_it("import", "-", text=text)[1], "20 added, 1 replaced, 9 unchanged, 0 refused\n")
        self.assertEqual({self.location(url) for url in urls}, {self.one["url"]})

    def test_imports_at_once(self):
        """Each claim is made once; all are told so that they hold."""
        urls, text = self.lines(300)
        runs = [self.start("import", "-") for _ in range(4)]
        for run in runs:
            run.stdin.write(text)
            run.stdin.close()
        added = 0
        for run in runs:
            out, err = run.stdout.read(), run.stderr.read()
            self.assertEqual((run.wait(60), err), (0, ""))
            run.stdout.close()
            run.stderr.close()
            words = out.split()
            added += int(words[0])
            self.assertEqual(int(words[0]) + int(words[4]), len(urls), out)
        self.assertEqual(added, len(urls))
        self.assertEqual(self.site.unfinished(), [])

    # -- what somebody planted

    def test_planted(self):
        url, elsewhere = self.fresh(), os.path.join(self.site.folder.path, "elsewhere")
        self.assertEqual(self.run_it("add", url, self.one["id"])[0], 0)
        os.rename(self.path(url), elsewhere)
        os.symlink(elsewhere, self.path(url))
        self.assertIsNone(self.location(url))
        self.assertEqual(self.run_it("add", url, self.one["id"], "--replace")[0], 1)
        self.assertNotIn(url + "\t", self.run_it("list")[1])
        os.unlink(self.path(url))
        os.rename(elsewhere, self.path(url))
        self.assertEqual(self.location(url), self.one["url"])


main()
