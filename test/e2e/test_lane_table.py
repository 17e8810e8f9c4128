"""The static lane's types stand in lib/sniff and three times in deploy/nginx.conf: all four must say the same."""
import os
import re
import subprocess
import tempfile
import unittest

from harness import ROOT, main
from harness.samples import LANES

PROGRAM = r"""
#include <stdio.h>
#include "sniff/types.h"
int main(void)
{
	size_t count;
	const struct sniff_lane *lanes = sniff_lanes(&count);
	for (size_t i = 0; i < count; i++) {
		printf("%s %s %d\n", lanes[i].ext, lanes[i].type, sniff_may_run(lanes[i].type));
	}
	return 0;
}
"""


def lanes():
    """The table of lib/sniff, asked of the code itself: extension -> (type, whether a browser could run it)."""
    lib = os.path.join(ROOT, "lib")
    sources = [os.path.join(lib, name) for name in ("sniff/types.c", "base/slice.c")]
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "lanes")
        command = ["cc", "-std=c11", "-D_GNU_SOURCE", "-I", lib, "-include", "base/banned.h", "-x", "c", "-", *sources]
        subprocess.run([*command, "-o", program], input=PROGRAM, text=True, check=True)
        out = subprocess.run([program], capture_output=True, text=True, check=True).stdout
    return {ext: (kind, may_run == "1") for ext, kind, may_run in map(str.split, out.splitlines())}


def worker_policy():
    """Between its quotation marks."""
    with open(os.path.join(ROOT, "lib/app/reply.c"), encoding="utf-8") as f:
        joined = re.sub(r'"\s*\n\s*"', "", f.read())
    return re.search(r'"sandbox; [^"]*"', joined).group()


class Table(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.lanes = lanes()
        with open(os.path.join(ROOT, "deploy/nginx.conf"), encoding="utf-8") as f:
            cls.conf = f.read()

    def test_the_location_takes_each_extension(self):
        found = re.findall(r"\(\?<cdn_ext>([a-z0-9|]+)\)", self.conf)
        self.assertEqual(len(found), 1)
        self.assertEqual(sorted(found[0].split("|")), sorted(self.lanes))

    def test_types(self):
        block = re.search(r"\ttypes \{([^}]*)\}", self.conf).group(1)
        rows = dict(reversed(line.strip(" \t;").split()) for line in block.strip().splitlines())
        self.assertEqual(rows, {ext: kind for ext, (kind, _) in self.lanes.items()})

    def test_policy(self):
        block = re.search(r"map \$cdn_ext \$cdn_file_policy \{([^}]*)\}", self.conf).group(1)
        boxed = re.search(r'"~\^\(\?:([a-z0-9|]+)\)\$"', block).group(1).split("|")
        self.assertEqual(sorted(boxed), sorted(ext for ext, (_, may_run) in self.lanes.items() if may_run))

    def test_the_policy_is_the_worker_s(self):
        self.assertIn(worker_policy(), self.conf)

    def test_apache(self):
        with open(os.path.join(ROOT, "deploy/apache.conf"), encoding="utf-8") as f:
            conf = f.read()
        taken = re.search(r"\\\.\(([a-z0-9|]+)\)\[ \?\]", conf).group(1)
        self.assertEqual(sorted(taken.split("|")), sorted(self.lanes))
        rows = {ext: kind for kind, ext in re.findall(r"AddType (\S+) \.(\S+)", conf)}
        self.assertEqual(rows, {ext: kind for ext, (kind, _) in self.lanes.items()})
        boxed, policy = re.search(r'<FilesMatch "\\\.\(\?:([a-z0-9|]+)\)\$">\s+Header always set \S+ (".*")', conf).groups()
        self.assertEqual(sorted(boxed.split("|")), sorted(ext for ext, (_, may_run) in self.lanes.items() if may_run))
        self.assertIn(policy, self.conf)

    def test_every_type_has_a_sample(self):
        self.assertEqual(sorted(LANES), sorted(self.lanes))


class Lighttpd(unittest.TestCase):
    """lighttpd's table stands once, in its script."""

    @classmethod
    def setUpClass(cls):
        cls.lanes = lanes()
        with open(os.path.join(ROOT, "deploy/lighttpd.lua"), encoding="utf-8") as f:
            cls.script = f.read()

    def table(self, name):
        return re.search(rf"\nlocal {name} = {{([^}}]*)}}", self.script).group(1)

    def test_types(self):
        rows = dict(re.findall(r'(\w+) = "([^"]*)"', self.table("types")))
        self.assertEqual(rows, {ext: kind for ext, (kind, _) in self.lanes.items()})

    def test_policy(self):
        boxed = re.findall(r"(\w+) = true", self.table("pictures"))
        self.assertEqual(sorted(boxed), sorted(ext for ext, (_, may_run) in self.lanes.items() if may_run))
        self.assertEqual(re.search(r'\nlocal policy = ("[^"]*")', self.script).group(1), worker_policy())


class Caddy(unittest.TestCase):
    """The expression that takes a path, a map of types, a list of pictures."""

    @classmethod
    def setUpClass(cls):
        cls.lanes = lanes()
        with open(os.path.join(ROOT, "deploy/Caddyfile"), encoding="utf-8") as f:
            cls.conf = f.read()

    def test_the_expression_takes_each_extension(self):
        found, = re.findall(r"\(\?P<ext>([a-z0-9|]+)\)", self.conf)
        self.assertEqual(sorted(found.split("|")), sorted(self.lanes))

    def test_types(self):
        block = re.search(r"\tmap \{re\.cdn_lane\.ext\} \{cdn_type\} \{([^}]*)\}", self.conf).group(1)
        rows = dict(line.split() for line in block.strip().splitlines())
        self.assertEqual(rows, {ext: kind for ext, (kind, _) in self.lanes.items()})

    def test_policy(self):
        boxed = re.search(r"@picture vars \{re\.cdn_lane\.ext\} ([a-z ]+)\n", self.conf).group(1).split()
        self.assertEqual(sorted(boxed), sorted(ext for ext, (_, may_run) in self.lanes.items() if may_run))
        self.assertIn("@picture Content-Security-Policy " + worker_policy(), self.conf)


main()
