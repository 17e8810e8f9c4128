"""README.md, the page about the API and .env.example against the program and the tree."""
import glob
import json
import os
import re
import shlex
import subprocess
import tempfile
import unittest

from harness import BUILD, ROOT, SiteCase, main
from harness.samples import jpeg

API = "cgi/pages/docs/api.md"
TEXTS = ("README.md", API, "deploy/README.md")


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as f:
        return f.read()


def section(title):
    """The README's text under one heading."""
    return re.search(rf"(?ms)^## {title}\n(.*?)(?=^## |\Z)", read("README.md")).group(1)


def settings():
    """The code's table, as (name, default, help)."""
    with tempfile.TemporaryDirectory() as empty:
        out = subprocess.run([os.path.join(BUILD, "cdnctl"), "settings", "--json"], cwd=empty, capture_output=True,
                             text=True, check=True, env={"PATH": os.environ["PATH"]}).stdout
    rows = [json.loads(line) for line in out.splitlines()]
    return [(row["name"], row["default"], row["help"]) for row in rows]


class Settings(unittest.TestCase):
    def test_the_table_of_the_code(self):
        rows = settings()
        self.assertGreater(len(rows), 15)
        self.assertEqual(len({name for name, _, _ in rows}), len(rows))

    def test_readme(self):
        found = re.findall(r"(?m)^\| `(CDN_\w+)` \| `?([^|`]*)`? \| (.*) \|$", read("README.md"))
        self.assertEqual([tuple(map(str.strip, row)) for row in found], settings())

    def test_env_example(self):
        found = re.findall(r"(?m)^# (.*)\n#(CDN_\w+)=(.*)$", read(".env.example"))
        self.assertEqual([(name, default, text) for text, name, default in found], settings())
        for line in read(".env.example").splitlines():
            self.assertTrue(line == "" or line.startswith("#"), line)

    def test_env_example_is_taken_as_it_is_and_with_every_line_switched_on(self):
        text = read(".env.example")
        for lines in (text, re.sub(r"(?m)^#(CDN_\w+=)", r"\1", text)):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "env")
                with open(path, "w", encoding="utf-8") as f:
                    f.write(lines)
                run = subprocess.run([os.path.join(BUILD, "cdnctl"), "--env", path, "settings"], capture_output=True,
                                     text=True, env={"PATH": os.environ["PATH"]})
                self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_settings_named_in_prose_exist(self):
        names = {name for name, _, _ in settings()} | {"CDN_ENV_FILE", "CDN_REDIS_URL_FILE"}
        others = {"CDN_TESTS", "CDN_SANITIZE", "CDN_FUZZ", "CDN_URL", "CDN_KEY"}
        for text in TEXTS:
            self.assertLessEqual(set(re.findall(r"\bCDN_[A-Z_]+\b", read(text))) - others, names)


class Promises(unittest.TestCase):
    def test_each_names_tests_that_exist(self):
        items = re.findall(r"(?m)^\| \d+\. .*$", section("Promises"))
        self.assertGreater(len(items), 4)
        for item in items:
            paths = re.findall(r"`(test/[^`]+)`", item)
            with self.subTest(promise=item[:60]):
                self.assertTrue(paths)
                for path in paths:
                    full = os.path.join(ROOT, path)
                    self.assertTrue(os.path.isfile(full) or glob.glob(os.path.join(full, "test_*")), path)


class Examples(unittest.TestCase):
    def test_first_commands(self):
        lines = re.search(r"```sh\n(.*?)```", section("Try it"), re.S).group(1).splitlines()
        words = [shlex.split(line, comments=True)[0] for line in lines]
        self.assertEqual(words, ["./deploy/up", "./test/run"])
        for word in [*words, "./deploy/down"]:
            self.assertTrue(os.access(os.path.join(ROOT, word), os.X_OK), word)

    def test_cdnctl_commands(self):
        run = subprocess.run([os.path.join(BUILD, "cdnctl"), "--help"], capture_output=True, text=True, check=True)
        known = set()
        for line in run.stdout.splitlines():
            if line.startswith("  cdnctl "):
                words = line.split()[1:3]
                known.add(tuple(word for word in words if word[0] != "["))
        for line in re.findall(r"(?m)^cdnctl .*$", "".join(map(read, TEXTS))):
            words = shlex.split(line, comments=True)[1:]
            with self.subTest(line=line):
                self.assertTrue({tuple(words[:1]), tuple(words[:2])} & known)

    def test_links_lead_somewhere(self):
        for target in re.findall(r"\]\(([^)#]+)", read("README.md")):
            if "://" not in target:
                self.assertTrue(os.path.exists(os.path.join(ROOT, target)), target)

    def test_every_call_is_listed(self):
        """README's table has what openapi.json has, and the page about the API has a line for each call with a key."""
        calls = {(method.upper(), re.sub(r"{\w+}", ":", path))
                 for path, item in json.loads(read("lib/app/openapi.json"))["paths"].items() for method in item
                 if method in ("get", "post", "put", "patch", "delete")}
        listed = {(method, re.sub(r":\w+", ":", path))
                  for method, path in re.findall(r"(?m)^\| `([A-Z]+) (/[^` ]*)` \|", read("README.md"))}
        self.assertEqual({call for call in calls if call[1].startswith("/api/")},
                         {call for call in listed if call[1].startswith("/api/")})
        lines = read(API)
        for _, path in calls:
            if path.startswith("/api/v4/"):
                pattern = re.escape(path.removeprefix("/api/v4")).replace(":", r"(\$ID)?")
                self.assertRegex(lines, rf'"\$CDN{pattern}"')

    def test_front_matter(self):
        self.assertRegex(read(API), r"\A---\ntitle: .+\nicon: \w+\norder: \d+\n---\n")

    def test_calls_answer_as_said(self):
        """The table of calls names no call that the route table lacks."""
        with open(os.path.join(ROOT, "lib/app/route.c"), encoding="utf-8") as f:
            routes = f.read()
        for method, path in re.findall(r"(?m)^\| `([A-Z]+) (/[^`]*)` \|", read("README.md")):
            pattern = "/:id/:name" if path.startswith("/<id>") else path
            self.assertRegex(routes, rf'METHOD_{method}[^"]*"{re.escape(pattern)}"')


class Lines(SiteCase):
    def test_curl(self):
        """Each line of the page about the API, as it stands there; the key's end last."""
        with tempfile.TemporaryDirectory() as folder:
            for name in ("photo.jpg", "a.jpg", "b.jpg"):
                with open(os.path.join(folder, name), "wb") as f:
                    f.write(jpeg())
            identity = self.site.upload(jpeg(), "photo.jpg").json["id"]
            documented = re.search(r"(?m)^ID=(.*)$", read(API)).group(1)
            blocks = [block for block in re.findall(r"(?ms)^```sh\n(.*?)^```", read(API)) if "curl " in block]
            self.assertGreater(len(blocks), 12)
            for block in sorted(blocks, key=lambda text: "/revoke" in text):
                script = 'curl() { command curl -sS --fail-with-body "$@"; }\n' + block.replace(documented, identity)
                run = subprocess.run(["sh", "-euc", script], cwd=folder, capture_output=True, text=True, timeout=60, env={
                    "PATH": os.environ["PATH"], "CDN": self.site.url + "/api/v4", "ID": identity,
                    "AUTH": "Authorization: Bearer " + self.site.key})
                with self.subTest(block=block):
                    # From here nothing leads to example.org.
                    self.assertEqual(run.returncode, 22 if "upload_from_url" in block else 0, run.stdout + run.stderr)
                    if "upload_from_url" in block:
                        self.assertIn("Upload failed: ", run.stdout)


main()
