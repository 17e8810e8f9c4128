"""README.md and .env.example against the program and the tree."""
import glob
import json
import os
import re
import shlex
import subprocess
import tempfile
import unittest

from harness import BUILD, ROOT, main


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
        used = set(re.findall(r"\bCDN_[A-Z_]+\b", read("README.md"))) - {"CDN_TESTS", "CDN_SANITIZE", "CDN_FUZZ"}
        self.assertLessEqual(used, names)


class Promises(unittest.TestCase):
    def test_each_names_tests_that_exist(self):
        items = re.split(r"(?m)^\d+\. ", section("Promises"))[1:]
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
        for line in re.findall(r"(?m)^cdnctl .*$", read("README.md")):
            words = shlex.split(line, comments=True)[1:]
            with self.subTest(line=line):
                self.assertTrue({tuple(words[:1]), tuple(words[:2])} & known)

    def test_links_lead_somewhere(self):
        for target in re.findall(r"\]\(([^)#]+)", read("README.md")):
            if "://" not in target:
                self.assertTrue(os.path.exists(os.path.join(ROOT, target)), target)

    def test_calls_answer_as_said(self):
        """The table of calls names no call that the route table lacks."""
        with open(os.path.join(ROOT, "lib/app/route.c"), encoding="utf-8") as f:
            routes = f.read()
        for method, path in re.findall(r"(?m)^\| `([A-Z]+) (/[^`]*)` \|", read("README.md")):
            pattern = "/:id/:name" if path.startswith("/<id>") else path
            self.assertRegex(routes, rf'METHOD_{method}[^"]*"{re.escape(pattern)}"')


main()
