"""cdnctl config: the files of deploy/ with names filled in from the settings, the command line and their own defaults."""
import json
import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

from harness import BUILD, ROOT, main
from harness.servers import SANITIZERS

CDNCTL = os.path.join(BUILD, "cdnctl")
DEPLOY = os.path.join(ROOT, "deploy")
# Not files that are filled in.
OTHERS = {"up", "down", "common.sh", "README.md"}


class Case(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="cdn-config-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.env_file = os.path.join(self.folder, ".env")
        self.settings()

    def settings(self, **changes):
        values = {"CDN_PUBLIC_URL": "https://cdn.example.org/cdn", "CDN_DATA_DIR": "/srv/cdn", **changes}
        with open(self.env_file, "w", encoding="utf-8") as f:
            f.writelines(f"{name}={value}\n" for name, value in values.items())

    def run_config(self, *words, env_file=True):
        more = ["--env", self.env_file] if env_file else []
        return subprocess.run([CDNCTL, *more, "config", *words], capture_output=True, text=True, timeout=60, cwd="/",
                              env={"PATH": os.environ["PATH"], **SANITIZERS})

    def config(self, *words, **more):
        run = self.run_config(*words, **more)
        self.assertEqual((run.returncode, run.stderr), (0, ""))
        return run.stdout

    def units(self, *words):
        """As printed; that a checkout, or the tests' folder, is no place for them is said besides."""
        run = self.run_config("systemd", *words)
        self.assertEqual((run.returncode, [line for line in run.stderr.splitlines() if "the units hide" not in line]), (0, []))
        return run.stdout

    def assertRefused(self, run, said, status=2):
        self.assertEqual((run.returncode, run.stdout), (status, ""), run.stderr)
        self.assertIn(said, run.stderr)

    def listed(self):
        return [json.loads(line) for line in self.config("--json").splitlines()]

    def names(self, config, *words):
        return {row["name"]: row for row in map(json.loads, self.config(config, "--names", "--json", *words).splitlines())}


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as f:
        return f.read()


class Files(Case):
    def test_each_file_of_deploy_is_listed_once(self):
        there = {os.path.relpath(os.path.join(top, name), DEPLOY)
                 for top, _, names in os.walk(DEPLOY) for name in names if name not in OTHERS}
        listed = [row["file"] for row in self.listed()]
        self.assertEqual(sorted(listed), sorted(there))
        self.assertEqual(len(set(listed)), len(listed))

    def test_the_list(self):
        rows = [line.split("\t") for line in self.config(env_file=False).splitlines()]
        self.assertGreater(len(rows), 2)
        for name, file, title in rows:
            first = [line for line in read(DEPLOY, file).splitlines() if not line.startswith("#!")][0]
            self.assertEqual(title, first.lstrip("#;- "))
            self.assertRegex(title, r"^\S.*\.$", "a whole sentence")
            self.assertRegex(name, r"^[a-z-]+$")

    def test_a_name_means_one_thing_everywhere(self):
        """Of the common names, the default."""
        said = {}
        for row in self.listed():
            for line in re.findall(r"(?m)^[#;]: (.*)$", read(DEPLOY, row["file"])):
                name, default, *meaning = line.split(None, 2)
                with self.subTest(file=row["file"], name=name):
                    self.assertRegex(name, r"^[A-Z][A-Z0-9_]*$")
                    if name.startswith("CDN_"):
                        self.assertIn(name, read(ROOT, ".env.example"))
                        continue
                    self.assertTrue(meaning)
                    if name in ("RUN", "LOG", "CONF", "PORT", "EXTRA"):
                        self.assertEqual(said.setdefault(name, default), default)

    def test_each_prints_by_its_defaults(self):
        """With nothing but the settings; and nothing of the template is left in it."""
        for name in sorted({row["name"] for row in self.listed()}):
            with self.subTest(name=name):
                run = self.run_config(name)
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertNotRegex(run.stdout, r"(?m)@[A-Z][A-Z0-9_]*\??@|^[#;]: ")


class Values(Case):
    def test_from_the_settings(self):
        self.settings(CDN_FETCH_TIMEOUT="400", CDN_BATCH_TIMEOUT="90", CDN_MAX_BODY="1M")
        found = {row["name"]: row["value"] for name in {row["name"] for row in self.listed()}
                 for row in self.names(name).values()}
        expected = {
            "URL": "https://cdn.example.org/cdn", "PREFIX": "/cdn", "PREFIX_RE": "/cdn", "URL_HOST": "cdn.example.org",
            "DATA": "/srv/cdn", "DIR": os.path.realpath(self.folder), "BUILD": BUILD, "MAX_BODY": "1048576",
            "MAX_KB": "1088", "TIMEOUT": "120",
            "SLOW_TIMEOUT": "860", "SLOW_STOP": "430"}
        self.assertEqual({name: found[name] for name in expected if name in found},
                         {name: expected[name] for name in expected if name in found})
        self.assertLessEqual({"URL", "DATA", "DIR", "BUILD"}, set(found))

    def test_a_prefix_in_a_pattern(self):
        self.settings(CDN_PUBLIC_URL="https://example.org/~ann/a.b")
        rows = self.names("lighttpd")
        self.assertEqual((rows["PREFIX"]["value"], rows["PREFIX_RE"]["value"]), ("/~ann/a.b", "/~ann/a[.]b"))
        self.assertIn('"^/~ann/a[.]b/', self.config("lighttpd"))

    def test_names(self):
        rows = self.names("redis", "RUN=/r")
        self.assertEqual(rows["RUN"]["value"], "/r")
        self.assertTrue(all(row["meaning"] for row in rows.values()), rows)

    def test_the_command_line_wins(self):
        self.assertIn("\ndir /elsewhere\n", self.config("redis", "REDIS=/elsewhere"))
        self.assertIn("https://other.example/docs/api", self.config("nginx", "URL=https://other.example"))

    def test_before_there_is_a_store_or_a_redis(self):
        self.settings(CDN_DATA_DIR="/nonexistent/store", CDN_REDIS_URL="unix:///nonexistent/redis.sock")
        self.config("redis")

    def test_what_would_break_out(self):
        for value in ("a b", "a;b", "a\nb", 'a"b', "{}", "$x", "%(x)s", "a\\", "'", "#"):
            with self.subTest(value=value):
                self.assertRefused(self.run_config("redis", "LOG=/" + value), "LOG may have only letters")
        self.settings(CDN_DATA_DIR="/srv/a b")
        self.assertRefused(self.run_config("nginx"), "DATA may have only letters")
        self.config("redis")

    def test_extra_is_the_operators_own(self):
        text = self.config("nginx", 'EXTRA=add_header X "a;b";\n\t\tcharset {};')
        self.assertIn('add_header X "a;b";\n\t\tcharset {};\n', text)

    def test_wrong_words(self):
        rows = [(("redis", "NOTHING=1"), "redis has no name NOTHING; it has RUN"), (("redis", "RUN"), "not NAME=VALUE: RUN"),
                (("redis", "RUN=/a", "RUN=/b"), "RUN comes twice"), (("redis", "CDN_FSYNC=off"), "belongs into the env file"),
                (("rediss",), "there are "), (("redis", "--too", "x"), "no such option: --too"),
                (("redis", "=x"), "no name"), (("nginx", "PREFIX=cdn"), "PREFIX begins with /"),
                (("nginx", "PREFIX=/cdn/"), "PREFIX begins with /"), (("nginx", "URL=https://x.example/"), "PREFIX begins with /")]
        for words, said in rows:
            with self.subTest(words=words):
                self.assertRefused(self.run_config(*words), said)

    def test_no_env_file(self):
        self.assertRefused(self.run_config("supervisord", env_file=False), "no value for")
        self.assertIn("--env FILE", self.run_config("supervisord", env_file=False).stderr)

    def test_sendfile_that_nobody_follows(self):
        rows = [("nginx", "off", None), ("nginx", "x-accel-redirect", None), ("nginx", "x-sendfile", "off|x-accel-redirect"),
                ("lighttpd", "x-accel-redirect", "off|x-sendfile"), ("redis", "x-sendfile", None)]
        for name, value, cure in rows:
            with self.subTest(name=name, value=value):
                self.settings(CDN_SENDFILE=value)
                run = self.run_config(name)
                self.assertEqual(run.returncode, 0)
                self.assertEqual(run.stderr, "" if not cure else f"cdnctl: warning: CDN_SENDFILE is {value}, which {name} does "
                                 f"not know; in the env file make it {cure}\n")

    def test_listener_of_one_worker(self):
        """It would shut the socket that all of a pool have."""
        self.settings(CDN_LISTENER="own")
        for name in ("systemd", "supervisord", "supervisord-fcgi", "spawn-fcgi"):
            self.assertIn(f"CDN_LISTENER is own, which {name} does not know", self.run_config(name).stderr)
        self.assertEqual(self.run_config("htaccess").stderr, "")

    def test_redis_of_a_confined_worker(self):
        tcp, rows = "AF_UNIX AF_INET AF_INET6", [
            (None, ["127.0.0.1"]), ("unix:///run/redis.sock?db=1", []), ("redis://u:pass@10.1.2.3:6380/2", ["10.1.2.3"]),
            ("redis://localhost", ["localhost"]), ("redis://[::1]:6379", ["::1"]), ("redis://redis.example.org/1", None)]
        for url, allow in rows:
            with self.subTest(url=url):
                self.settings(**({"CDN_REDIS_URL": url} if url else {}))
                unit = self.units().split("# ---- ")
                worker = next(text for text in unit if text.startswith("cdn-worker@.service"))
                found = {name: re.findall(rf"(?m)^{name}=(.*)$", worker)
                         for name in ("RestrictAddressFamilies", "IPAddressDeny", "IPAddressAllow")}
                self.assertEqual(found, {
                    "RestrictAddressFamilies": ["AF_UNIX" if allow == [] else tcp],
                    "IPAddressDeny": [] if allow is None else ["any"], "IPAddressAllow": allow or []})
                self.assertNotIn("pass@", "".join(unit))
        self.settings(CDN_REDIS_URL="redis://a$b")
        self.assertRefused(self.run_config("systemd"), "may have only letters")

    def test_places_that_units_hide(self):
        words = ["BUILD=" + BUILD, "DIR=/etc/cdn", "DATA=/srv/cdn"]
        rows = [("BUILD=/home/ann/build", "/home"), ("DIR=/root", "/root"), ("DATA=/var/tmp/cdn", "/var/tmp"),
                ("DATA=/run/user/1000/x", "/run/user"), ("DATA=/tmp", "/tmp"), ("DATA=/tmpfs/x", None), ("DATA=/homes", None)]
        for word, hidden in rows:
            with self.subTest(word=word):
                name, path = word.split("=")
                asked = [word if other.startswith(name + "=") else other for other in words]
                said = f"{name} is {path}, and the units hide {hidden} from the workers"
                self.assertEqual(said in self.run_config("systemd", *asked).stderr, bool(hidden))
                self.assertNotIn("hide", self.run_config("supervisord", *asked).stderr)
        self.settings(CDN_REDIS_URL="unix:///home/ann/redis.sock")
        self.assertIn("CDN_REDIS_URL is /home/ann/redis.sock, and the units hide /home", self.run_config("systemd", *words).stderr)

    def test_buffering(self):
        """A body of any size would lie on nginx's disk before anybody asks whose it is."""
        for most, warned in (((), True), (("BODY_MAX=0",), True), (("BODY_MAX=00m",), True), (("BODY_MAX=512m",), False)):
            with self.subTest(most=most):
                run = self.run_config("nginx", "BUFFERING=on", *most)
                self.assertEqual((run.returncode, "give BODY_MAX" in run.stderr), (0, warned), run.stderr)
        self.config("nginx", "BUFFERING=off")
        self.assertRefused(self.run_config("nginx", "BUFFERING=yes", "BODY_MAX=1m"), "BUFFERING is on or off")

    def test_no_program_beside_it(self):
        run = self.run_config("supervisord", f"BUILD={self.folder}")
        self.assertEqual(run.returncode, 0)
        self.assertIn(f"there is no program {self.folder}/cdn.fcgi", run.stderr)


class SpawnFcgi(Case):
    def test_never_as_root(self):
        """Whoever started it: it names a user, and without one it does nothing for root."""
        self.assertIn('\nuser="cdn"\n', self.config("spawn-fcgi"))
        self.config("spawn-fcgi", "USER=", f"RUN={self.folder}", f"LOG={self.folder}", "--to", self.folder)
        if os.getuid() == 0:
            for words in (["start"], ["start", "slow"]):
                run = subprocess.run(["sh", os.path.join(self.folder, "spawn-fcgi"), *words], capture_output=True, text=True,
                                     timeout=60, env={"PATH": os.environ["PATH"]})
                self.assertEqual(run.returncode, 1)
                self.assertIn("USER=NAME", run.stderr)
                self.assertEqual(sorted(os.listdir(self.folder)), [".env", "spawn-fcgi"])


class To(Case):
    def setUp(self):
        super().setUp()
        self.to = os.path.join(self.folder, "to")
        os.mkdir(self.to)

    @staticmethod
    def identity(path):
        found = os.lstat(path)
        return found.st_ino, found.st_mode, found.st_size, found.st_mtime_ns

    def test_written_once(self):
        path = os.path.join(self.to, "redis.conf")
        self.assertEqual(self.config("redis", "--to", self.to), f"written\t{path}\n")
        self.assertEqual(read(path), self.config("redis"))
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o644)
        self.assertEqual(self.config("redis", "--to", self.to), f"unchanged\t{path}\n")

    def test_modes(self):
        self.addCleanup(os.umask, os.umask(0o077))
        self.config("spawn-fcgi", "--to", self.to)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(self.to, "spawn-fcgi")).st_mode), 0o755)

    def test_a_set(self):
        """Each under its name; written, as many files."""
        files = [os.path.basename(row["file"]) for row in self.listed() if row["name"] == "systemd"]
        self.assertGreater(len(files), 1)
        self.assertEqual(re.findall(r"(?m)^# ---- (.*)$", self.units()), files)
        self.units("--to", self.to)
        self.assertEqual(sorted(os.listdir(self.to)), sorted(files))
        self.assertEqual("\n".join(f"# ---- {name}\n" + read(self.to, name) for name in files), self.units())
        with open(os.path.join(self.to, files[-1]), "a", encoding="utf-8") as f:
            f.write("# mine\n")
        os.unlink(os.path.join(self.to, files[0]))
        self.assertRefused(self.run_config("systemd", "--to", self.to), files[-1], status=1)
        self.assertFalse(os.path.exists(os.path.join(self.to, files[0])), "all of them, or none")

    def test_written_by_root_into_roots_folder(self):
        """The store's owner is no more than that."""
        store = os.path.join(self.folder, "store")
        os.mkdir(store)
        if os.getuid() == 0:
            os.chown(store, 33, 33)
        os.chmod(self.to, 0o700)
        self.settings(CDN_DATA_DIR=store)
        self.config("redis", "--to", self.to)
        self.assertEqual(os.stat(os.path.join(self.to, "redis.conf")).st_uid, os.getuid())

    def test_what_is_there_stays(self):
        path = os.path.join(self.to, "redis.conf")
        for plant in (lambda: os.symlink("/nonexistent", path), lambda: os.mkfifo(path),
                      lambda: shutil.copy(self.env_file, path)):
            if os.path.lexists(path):
                os.unlink(path)
            plant()
            before = self.identity(path)
            self.assertRefused(self.run_config("redis", "--to", self.to), "--replace replaces it", status=1)
            self.assertEqual(self.identity(path), before)
        self.assertEqual(self.config("redis", "--to", self.to, "--replace"), f"written\t{path}\n")
        self.assertEqual(read(path), self.config("redis"))
        self.assertEqual(os.listdir(self.to), ["redis.conf"])

    def test_a_link_is_replaced_and_not_followed(self):
        victim, path = os.path.join(self.folder, "victim"), os.path.join(self.to, "redis.conf")
        os.symlink(victim, path)
        os.symlink(victim, path + ".new")
        self.config("redis", "--to", self.to, "--replace")
        self.assertFalse(os.path.lexists(victim))
        self.assertFalse(os.path.islink(path))

    def test_under_another_name(self):
        path = os.path.join(self.to, "cdn.conf")
        self.assertEqual(self.config("nginx", "--to", self.to, "--as", "cdn.conf"), f"written\t{path}\n")
        self.assertEqual(read(path), self.config("nginx"))
        before = self.identity(path)
        self.assertRefused(self.run_config("nginx", "LISTEN=a b", "--to", self.to, "--as", "cdn.conf", "--replace"), "LISTEN may")
        self.assertEqual(self.identity(path), before)
        for words, said in ((("nginx", "--as", "x"), "--to DIR"), (("systemd", "--to", self.to, "--as", "x"), "of one file"),
                            (("nginx", "--to", self.to, "--as", "../x"), "without its folder"),
                            (("nginx", "--to", self.to, "--as", ".."), "without its folder")):
            with self.subTest(words=words):
                self.assertRefused(self.run_config(*words), said)
        self.assertEqual(os.listdir(self.to), ["cdn.conf"])

    def test_no_such_folder(self):
        self.assertRefused(self.run_config("redis", "--to", self.folder + "/none"), "No such file", status=1)


main()
