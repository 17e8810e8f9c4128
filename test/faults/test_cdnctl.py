"""cdnctl as an administrator and their scripts see it."""
import hashlib
import json
import os
import pty
import re
import socket
import subprocess
import threading
import time
import unittest

from harness import BUILD, Folder, Redis, main
from harness.servers import SANITIZERS
from shim import Shim

TOO_LONG = "a" * 201


class Cdnctl(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.redis = Redis(cls.folder).start()
        cls.env = {"PATH": os.environ["PATH"], **SANITIZERS, "CDN_ENV_FILE": "/dev/null",
                   "CDN_REDIS_URL": cls.redis.url, "CDN_DATA_DIR": cls.folder.data}

    @classmethod
    def tearDownClass(cls):
        cls.redis.stop()
        cls.folder.remove()

    def setUp(self):
        self.redis.command("FLUSHALL")

    def run_it(self, *words, **env):
        return subprocess.run([os.path.join(BUILD, "cdnctl"), *words], capture_output=True, text=True, errors="replace",
                              env={**self.env, **env}, timeout=30)

    def good(self, *words, **env):
        """What it printed; nothing on standard error, but the id of a key."""
        run = self.run_it(*words, **env)
        self.assertEqual(run.returncode, 0, (words, run.stderr))
        self.assertRegex(run.stderr, r"\Aid: key_[0-9a-f]{20}\n\Z" if words[:2] == ("key", "add") else r"\A\Z")
        return run.stdout

    def fails(self, status, says, *words, **env):
        """Nothing on standard output, one reason on standard error, and nothing changed."""
        before = self.everything()
        run = self.run_it(*words, **env)
        self.assertEqual((run.returncode, run.stdout), (status, ""), (words, run.stderr))
        self.assertIn(says, run.stderr)
        self.assertEqual(self.everything(), before, words)

    def everything(self):
        read = {"hash": "HGETALL", "set": "SMEMBERS", "string": "GET"}
        return {key: self.redis.command(read[self.redis.command("TYPE", key)], key)
                for key in self.redis.command("KEYS", "*")}

    # -- configurations

    def test_a_live_file_stays_until_the_new_one_is_on_the_disk(self):
        path = os.path.join(self.folder.data, "redis.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write("# in use\n")
        shim = Shim(self.folder)
        for call in ("write", "fsync"):
            with self.subTest(call=call):
                shim.strike(call, "EIO")
                run = self.run_it("config", "redis", "--to", self.folder.data, "--replace", **shim.env())
                self.assertEqual((run.returncode, run.stdout), (1, ""), run.stderr)
                self.assertIn("Input/output error", run.stderr)
                self.assertEqual(os.listdir(self.folder.data), ["redis.conf"])
                with open(path, encoding="utf-8") as f:
                    self.assertEqual(f.read(), "# in use\n")
        os.unlink(path)

    # -- accounts

    def test_account_add(self):
        account = self.good("account", "add", "a@example.org")
        self.assertRegex(account, r"\Ausr_[A-Za-z0-9]{12,16}\n\Z")
        self.good("account", "add", "b@example.org", "--name", "Bé", "--tier", "verified")
        self.good("account", "add", "--tier", "functionally_unlimited", "c@example.org")
        rows = [line.split("\t") for line in self.good("account", "list").splitlines()]
        found = {row[1]: row[2:4] + row[5:] for row in rows}
        self.assertEqual(found, {
            "a@example.org": ["a@example.org", "unverified", "0", "0"],
            "b@example.org": ["Bé", "verified", "0", "0"],
            "c@example.org": ["c@example.org", "functionally_unlimited", "0", "0"]})
        for row in rows:
            self.assertRegex(row[4], r"\A20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")
        as_json = [json.loads(line) for line in self.good("account", "list", "--json").splitlines()]
        self.assertEqual({row["email"]: row["tier"] for row in as_json},
                         {email: values[1] for email, values in found.items()})
        self.assertEqual(list(as_json[0]), ["id", "email", "name", "tier", "created_at", "files", "bytes"])
        self.assertEqual((as_json[0]["files"], as_json[0]["bytes"]), (0, 0))

    def test_no_accounts(self):
        self.assertEqual(self.good("account", "list"), "")
        self.assertEqual(self.good("--json", "account", "list"), "")

    def test_many_accounts(self):
        """More than one step through Redis, among keys that are none."""
        self.redis.command("EVAL", """
            for i = 1, 3000 do
                local id = string.format('usr_%012d', i)
                redis.call('HSET', 'cdn:{' .. id .. '}', 'email', i .. '@example.org', 'name', 'x', 'tier', 'verified',
                    'created_at', 0, 'files', 0, 'bytes', 0)
                redis.call('SET', 'cdn:email:' .. i, id)
            end""", "0")
        rows = [line.split("\t")[1] for line in self.good("account", "list").splitlines()]
        self.assertEqual(set(rows), {f"{i}@example.org" for i in range(1, 3001)})
        self.assertLess(len(rows), 3300)

    def test_account_add_refused(self):
        self.good("account", "add", "a@example.org")
        for email in ("a@example.org", "A@Example.ORG"):
            self.fails(1, "has an account", "account", "add", email)
        for email in ("", "a", "@example.org", "a@", "a b@example.org", "a@example.org\n", "\udcff@example.org", "a" * 250 + "@e.org"):
            self.fails(1, "not an email address", "account", "add", email)
        for name in ("", "two\nlines", "a\x7f", "\udcff", TOO_LONG):
            self.fails(2, "a name is", "account", "add", "n@example.org", "--name", name)
        for tier in ("", "Verified", "unlimited", "verified "):
            self.fails(2, f"no such tier: {tier}; there are unverified, verified and functionally_unlimited",
                       "account", "add", "t@example.org", "--tier", tier)
        self.fails(2, "needs one EMAIL", "account", "add")
        self.fails(2, "one word too many: y@", "account", "add", "x@example.org", "y@example.org")
        self.fails(2, "--tier needs a value", "account", "add", "x@example.org", "--tier")

    def test_account_set(self):
        self.good("account", "add", "a@example.org", "--name", "Old")
        self.assertEqual(self.good("account", "set", "A@EXAMPLE.org", "--tier", "verified"), "")
        self.good("account", "set", "a@example.org", "--name", "New")
        row = json.loads(self.good("account", "list", "--json"))
        self.assertEqual((row["name"], row["tier"]), ("New", "verified"))
        self.fails(1, "no account has the email", "account", "set", "b@example.org", "--tier", "verified")
        self.fails(2, "no such tier", "account", "set", "a@example.org", "--tier", "x")
        self.fails(2, "no such tier", "account", "set", "a@example.org", "--name", "Fine", "--tier", "x")
        self.fails(2, "a name is", "account", "set", "a@example.org", "--name", "")
        self.fails(2, "needs one EMAIL", "account", "set", "a@example.org")

    def test_account_remove(self):
        account = self.good("account", "add", "a@example.org").strip()
        self.good("key", "add", "a@example.org", "--name", "k")
        self.good("account", "add", "b@example.org")
        self.good("key", "add", "b@example.org", "--name", "k")
        self.redis.command("HSET", f"cdn:{{{account}}}", "files", "1")
        self.fails(1, "still has files", "account", "remove", "a@example.org")
        self.redis.command("HSET", f"cdn:{{{account}}}", "files", "0")
        self.assertEqual(self.good("account", "remove", "a@example.org"), "")
        self.assertEqual(len(self.everything()), 4)
        self.assertNotIn(account, str(self.everything()))
        self.fails(1, "no account has the email", "account", "remove", "a@example.org")
        self.fails(2, "needs one EMAIL", "account", "remove")
        self.good("account", "add", "a@example.org")

    # -- keys

    def test_key_add(self):
        self.good("account", "add", "a@example.org")
        key = self.good("key", "add", "a@example.org", "--name", "laptop")
        self.assertRegex(key, r"\Ask_cdn_[0-9a-f]{64}\n\Z")
        later = self.good("key", "add", "a@example.org", "--name", "later", "--expires", "2099-12-31")
        self.assertNotEqual(key, later)
        rows = {row["name"]: row for row in map(
            json.loads, self.good("key", "list", "a@example.org", "--json").splitlines())}
        self.assertEqual(list(rows["laptop"]), [
            "id", "hint", "name", "scopes", "created_at", "expires_at", "last_used_at", "revoked_at"])
        self.assertRegex(rows["laptop"]["id"], r"\Akey_[0-9a-f]{20}\Z")
        said = self.run_it("key", "add", "a@example.org", "--name", "third").stderr
        self.assertIn("\n" + said.removeprefix("id: ").strip() + "\t", "\n" + self.good("key", "list", "a@example.org"))
        self.assertEqual(rows["laptop"]["hint"], key[:13] + "...." + key.strip()[-6:])
        self.assertEqual(rows["laptop"]["scopes"], "upload,read,delete")
        for name in ("expires_at", "last_used_at", "revoked_at"):
            self.assertIsNone(rows["laptop"][name])
        # To the end of the day that was named.
        self.assertEqual(rows["later"]["expires_at"], "2100-01-01T00:00:00Z")
        self.assertNotIn(key.strip(), str(self.everything()))

    def test_key_add_refused(self):
        self.good("account", "add", "a@example.org")
        self.fails(1, "no account has the email", "key", "add", "b@example.org", "--name", "k")
        self.fails(2, "--name", "key", "add", "a@example.org")
        self.fails(2, "--name", "key", "add", "a@example.org", "--name", "")
        self.fails(2, "--name", "key", "add", "--name", "k")
        for day in ("", "tomorrow", "2020-01-01", "2099-13-01", "2099-02-30", "2099-1-1", "20990101", "2099-01-01T00"):
            self.fails(2, "a day to come", "key", "add", "a@example.org", "--name", "k", "--expires", day)

    def test_key_dies_at_midnight(self):
        """Of today, in UTC, is still alive; of yesterday is no day to come."""
        self.good("account", "add", "a@example.org")
        while True:
            today = time.time() // 86400 * 86400
            days = [time.strftime("%Y-%m-%d", time.gmtime(today + 86400 * n)) for n in (-1, 0)]
            runs = [self.run_it("key", "add", "a@example.org", "--name", "k", "--expires", day) for day in days]
            if time.time() < today + 86400:
                break
        self.assertEqual([run.returncode for run in runs], [2, 0])
        row = json.loads(self.good("key", "list", "a@example.org", "--json").splitlines()[-1])
        self.assertEqual(row["expires_at"], time.strftime("%Y-%m-%dT00:00:00Z", time.gmtime(today + 86400)))

    def test_key_scopes(self):
        self.good("account", "add", "a@example.org")
        for given, kept in (("upload", "upload"), ("read", "read"), ("delete", "delete"), ("read,upload", "upload,read"),
                            ("delete,read,upload", "upload,read,delete"), ("read,read", "read")):
            with self.subTest(given=given):
                name = "k " + given
                self.good("key", "add", "a@example.org", "--name", name, "--scopes", given)
                rows = map(json.loads, self.good("key", "list", "a@example.org", "--json").splitlines())
                self.assertEqual([row["scopes"] for row in rows if row["name"] == name], [kept])
        before = self.everything()
        for given in ("", ",", "write", "upload,", ",upload", "upload,,read", "upload read", "upload, read", "Upload",
                      "upload;read", "all", "*", "none", "upload,write", "uploads", "upload\n"):
            self.fails(2, "--scopes needs some of upload, read and delete", "key", "add", "a@example.org", "--name",
                       "k", "--scopes", given)
        self.fails(2, "--scopes needs a value", "key", "add", "a@example.org", "--name", "k", "--scopes")
        self.fails(2, "--scopes comes twice", "key", "add", "a@example.org", "--name", "k", "--scopes", "read",
                   "--scopes", "upload")
        self.assertEqual(self.everything(), before)

    def test_scopes_that_nobody_wrote(self):
        """Whatever stands in Redis: what is not known grants nothing, and the listing says so."""
        self.good("account", "add", "a@example.org")
        key = self.good("key", "add", "a@example.org", "--name", "k", "--scopes", "read").strip()
        name = "cdn:key:" + hashlib.sha256(key.encode()).hexdigest()
        for kept, shown in (("read,admin", "read"), ("admin", None), ("", None), ("READ", None), ("read ", None)):
            self.redis.command("HSET", name, "scopes", kept)
            row = json.loads(self.good("key", "list", "a@example.org", "--json"))
            self.assertEqual(row["scopes"], shown)
            self.assertEqual(self.good("key", "list", "a@example.org").split("\t")[3], shown or "-")
        self.redis.command("HDEL", name, "scopes")
        self.assertEqual(json.loads(self.good("key", "list", "a@example.org", "--json"))["scopes"], "upload,read,delete")

    def test_key_name_is_one_line(self):
        """Names go into listings of one line a key."""
        self.good("account", "add", "a@example.org")
        for name in ("two\nlines", "a\tb", "\udcc3", TOO_LONG):
            self.fails(2, "a name is", "key", "add", "a@example.org", "--name", name)

    def test_key_revoke(self):
        self.good("account", "add", "a@example.org")
        for name in ("one", "two"):
            self.good("key", "add", "a@example.org", "--name", name)
        rows = [line.split("\t") for line in self.good("key", "list", "a@example.org").splitlines()]
        self.assertEqual(self.good("key", "revoke", rows[0][0]), "")
        now = {row[0]: row for row in (
            line.split("\t") for line in self.good("key", "list", "a@example.org").splitlines())}
        self.assertRegex(now[rows[0][0]][-1], r"\A20\d\d-")
        self.assertEqual(now[rows[1][0]][-1], "-")
        before = self.everything()
        self.good("key", "revoke", rows[0][0])
        self.assertEqual(self.everything(), before)
        for key_id in ("", "key_", "key_*", "key_" + "0" * 20, rows[0][0] + "0", rows[0][0][:-1], rows[0][0].upper()):
            self.fails(1, "no key has the id", "key", "revoke", key_id)
        self.fails(2, "needs one ID", "key", "revoke")
        self.fails(1, "no account has the email", "key", "list", "b@example.org")
        self.fails(2, "needs one EMAIL", "key", "list")

    # -- use and settings

    def test_use(self):
        run = self.run_it()
        self.assertEqual((run.returncode, run.stdout), (2, ""))
        self.assertIn("usage: cdnctl", run.stderr)
        self.assertIn("usage: cdnctl", self.good("--help"))
        self.assertEqual(self.run_it("--json").returncode, 2)

    def test_unknown_commands(self):
        """One line, with what is near."""
        accounts = "there are account add, account list, account set, account remove ("
        for words, says in ((("account",), "account; " + accounts), (("account", "eat"), "account eat; " + accounts),
                            (("acount", "add"), "acount add; " + accounts),
                            (("keys", "list"), "there are key add, key list, key revoke ("),
                            (("fiel",), "there are file list, file show, file delete ("),
                            (("eat",), "eat; there are account, key, rescue, file, store, settings, config, doctor ("),
                            (("eat", "--help"), "no such command: eat;"), (("key", "eat", "--help"), "there are key add,")):
            self.fails(2, says, *words)
            self.assertEqual(self.run_it(*words).stderr.count("\n"), 1, words)

    def test_help_of_some(self):
        for words, rows in ((("key",), ["key add", "key list", "key revoke"]), (("key", "add"), ["key add"]),
                            (("doctor",), ["doctor"]), (("account", "set", "a@example.org"), ["account set"])):
            said = self.good("--help", *words)
            self.assertEqual(re.findall(r"(?m)^  cdnctl ([a-z]+(?: [a-z]+)?)", said), rows)
            self.assertEqual(said.count("\n"), 2 * len(rows))

    def test_words_that_nobody_reads(self):
        self.good("account", "add", "a@example.org")
        for says, words in (("no such option: --colour", ("key", "add", "a@example.org", "--name", "k", "--colour")),
                            ("no such option: -x", ("key", "list", "a@example.org", "-x")),
                            ("no such option: --tie", ("account", "set", "a@example.org", "--tie", "verified")),
                            ("no such option: --query", ("file", "show", "x", "--query", "y")),
                            ("one word too many: y", ("file", "list", "a@example.org", "--query", "x", "y")),
                            ("one word too many: x", ("settings", "x")), ("one word too many: b", ("doctor", "a", "b")),
                            ("one word too many: c", ("rescue", "add", "a", "b", "c")),
                            ("--name needs a value", ("key", "add", "a@example.org", "--name")),
                            ("has no --json", ("store", "init", "--json")), ("--env needs a FILE", ("--env",)),
                            ("--env needs a FILE", ("account", "list", "--env"))):
            self.fails(2, says, *words)

    def test_no_settings_file(self):
        """Whoever forgot --env is told so, where nothing answers at the defaults."""
        words = ["key", "list", "a@example.org"]
        bare = {key: value for key, value in self.env.items() if not key.startswith("CDN_")}
        folder = os.path.join(self.folder.path, "bare")
        os.mkdir(folder)
        # Root needs no user namespace of its own for it, and in a chroot gets none.
        nowhere = ["unshare", "-n" if os.geteuid() == 0 else "-rn"]
        hint = "no .env here, so the defaults count; after deploy/up: --env var/.env"

        def said(**env):
            run = subprocess.run([*nowhere, os.path.join(BUILD, "cdnctl"), *words], capture_output=True,
                                 text=True, cwd=folder, env={**bare, **env}, timeout=30)
            self.assertEqual((run.returncode, run.stdout), (1, ""))
            return run.stderr

        self.assertIn(hint, said())
        self.assertNotIn(hint, said(CDN_REDIS_URL="redis://127.0.0.1:1"))
        with open(os.path.join(folder, ".env"), "w", encoding="ascii") as f:
            f.write("\n")
        self.assertNotIn(hint, said())

    def test_headings_for_people(self):
        self.good("account", "add", "a@example.org")
        for words, first in ((("account", "list"), "id\temail\tname\t"), (("settings",), "name\tdefault\thelp"),
                             (("account", "list", "--json"), "{")):
            terminal, other = pty.openpty()
            with open(terminal, "rb", buffering=0) as reader:
                subprocess.run([os.path.join(BUILD, "cdnctl"), *words], stdout=other, env=self.env, check=True, timeout=30)
                os.close(other)
                lines = reader.read(4000).decode().replace("\r", "").splitlines()
            self.assertTrue(lines[0].startswith(first), lines[0])
            self.assertNotIn(lines[0], lines[1:])

    def test_wrong_settings_are_all_reported(self):
        path = os.path.join(self.folder.path, "wrong.env")
        with open(path, "w", encoding="ascii") as f:
            f.write("CDN_MAX_BODY=much\nCDN_FSYNC=maybe\nCDN_MISSPELT=1\nCDN_PUBLIC_URL=ftp://x\n")
        run = self.run_it("--env", path, "account", "list", CDN_RECEIVE_TIMEOUT="0")
        self.assertEqual((run.returncode, run.stdout), (1, ""))
        for name in ("CDN_MAX_BODY", "CDN_FSYNC", "CDN_MISSPELT", "CDN_PUBLIC_URL", "CDN_RECEIVE_TIMEOUT"):
            self.assertEqual(len(re.findall(rf"(?m)^{name}: ", run.stderr)), 1, run.stderr)
        self.fails(1, "cannot read " + path + ".not: No such file", "--env", path + ".not", "account", "list")

    def test_redis_down_or_wrong(self):
        for url, says in (("unix:///nowhere", "No such file"), ("redis://127.0.0.1:1", "refused"),
                          ("http://x", "must begin with"), ("unix://relative", "absolute path")):
            run = self.run_it("account", "list", CDN_REDIS_URL=url)
            self.assertEqual((run.returncode, run.stdout), (1, ""))
            self.assertIn(says, run.stderr)
        run = self.run_it("account", "list", CDN_REDIS_URL="redis://:secret@[")
        self.assertEqual(run.returncode, 1)
        self.assertNotIn("secret", run.stderr)

    def test_redis_hangs_up_between_two_questions(self):
        """The tool lives to say so."""
        path = os.path.join(self.folder.run, "hangs-up.sock")
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(path)
            listener.listen()

            def answer_once():
                connection, _ = listener.accept()
                with connection:
                    connection.recv(1000)
                    connection.shutdown(socket.SHUT_RD)
                    connection.sendall(b"$1\r\nx\r\n")

            server = threading.Thread(target=answer_once)
            server.start()
            self.fails(1, "Broken pipe", "account", "list", CDN_REDIS_URL="unix://" + path)
            server.join()

    def test_evicting_redis(self):
        self.redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        try:
            self.fails(1, "noeviction", "account", "add", "a@example.org")
        finally:
            self.redis.command("CONFIG", "SET", "maxmemory-policy", "noeviction")

    def test_secret_from_a_file(self):
        path = os.path.join(self.folder.path, "redis-url")
        with open(path, "w", encoding="ascii") as f:
            f.write(self.redis.url + "\n")
        env = {key: value for key, value in self.env.items() if key != "CDN_REDIS_URL"}
        run = subprocess.run([os.path.join(BUILD, "cdnctl"), "account", "add", "a@example.org"], capture_output=True,
                             text=True, env={**env, "CDN_REDIS_URL_FILE": path}, timeout=30)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        self.assertEqual(len(self.everything()), 2)

    def test_full_standard_output(self):
        """A listing that could not be written is not a success."""
        self.good("account", "add", "a@example.org")
        with open("/dev/full", "w", encoding="ascii") as full:
            run = subprocess.run([os.path.join(BUILD, "cdnctl"), "account", "list"], stdout=full,
                                 stderr=subprocess.PIPE, env=self.env, timeout=30)
        self.assertEqual(run.returncode, 1)

    def test_store_init(self):
        data = os.path.join(self.folder.path, "new")
        for _ in range(2):
            self.good("store", "init", CDN_DATA_DIR=data)
            self.assertEqual(sorted(os.listdir(data)), [".cdn-store", "files", "records", "rescue", "tmp"])
        self.fails(2, "one word too many: x", "store", "init", "x")
        self.fails(1, "No such file", "store", "init", CDN_DATA_DIR="/nowhere/at/all")
        self.fails(1, "absolute path", "store", "init", CDN_DATA_DIR="relative")

    def test_settings(self):
        rows = [json.loads(line) for line in self.good("settings", "--json").splitlines()]
        self.assertIn("CDN_PUBLIC_URL", [row["name"] for row in rows])
        self.assertEqual([row["name"] for row in rows],
                         [line.split("\t")[0] for line in self.good("settings").splitlines()])


main()
