"""matrix.py --ways: the names of all ways, separated by semicolons.
matrix.py --supervised: what is run under each process manager, as name/folder/program, likewise.
matrix.py FOLDER N: the table of the cases that were run, each web server and way and each process manager, from what they wrote in FOLDER.
matrix.py --stale FOLDER [WAY]: differences that nothing asserts. Each is taken for absent in turn, and the programs that asked
for it run again behind that way: one of them must fail. It takes some minutes.

With N other than 0 it was a run of some of the tests. In a run of all of them nothing may be missing: every way, every
program of test/cases, and a case for each difference that a way declares.
"""
import glob
import json
import os
import subprocess
import sys

from harness.fronts import WAYS
from harness.servers import ROOT
from harness.supervisors import IMPOSSIBLE, SUPERVISORS


# Beside test/supervisors, what test/fcgi has of workers that come and go, and of peers that are slow or talk nonsense.
RESPAWNED = ["fcgi/test_methods.py", "fcgi/test_records.py", "fcgi/test_respawn.py", "fcgi/test_slow.py"]


def listed(folder):
    return sorted(os.path.relpath(path, os.path.join(ROOT, "test"))
                  for path in glob.glob(os.path.join(ROOT, "test", folder, "test_*.py")))


def programs(name):
    """What is run behind a web server, or under a process manager."""
    if name in WAYS:
        return listed("cases")
    if name in IMPOSSIBLE:
        return []
    return listed("supervisors") + (RESPAWNED if SUPERVISORS[name].respawns else [])


class Row:
    """What is known of one way."""

    def __init__(self, folder, name):
        self.name, self.way = name, {**WAYS, **SUPERVISORS}[name]
        self.results = {}
        for path in glob.glob(os.path.join(folder, name, "*.json")):
            with open(path, encoding="utf-8") as f:
                self.results[os.path.basename(path).removesuffix(".json")] = json.load(f)
        self.asserted = {name for result in self.results.values() for name in result["asserted"]}
        self.run = sum(result["run"] for result in self.results.values())
        self.bad = sum(result["bad"] for result in self.results.values())

    def missing(self):
        names = [os.path.basename(path).removesuffix(".py") for path in programs(self.name)]
        found = [f"{self.name}: {name} did not run" for name in names if name not in self.results]
        return found + [f"{self.name}: no case asserted the difference {name!r}"
                        for name in self.way.differences if name not in self.asserted and self.name not in IMPOSSIBLE]

    def untold(self):
        """Differences that no head of the files to copy tells of."""
        text = ""
        for name in self.way.files:
            with open(os.path.join(ROOT, "deploy", name), encoding="utf-8") as f:
                text += " ".join(line.strip("#; \t\n") for line in f) + " "
        return [f"{self.name}: {self.way.files} do not say: {sentence}"
                for sentence in self.way.differences.values() if sentence not in text]


def show(rows):
    width = max(len(row.name) for row in rows)
    print(f"\n{'way':{width}}  passed  failed  asserted differences")
    for row in rows:
        print(f"{row.name:{width}}  {row.run - row.bad:6}  {row.bad:6}  {len(row.asserted):6}")
    told = {}
    for row in rows:
        for name in sorted(row.asserted):
            told.setdefault(row.way.differences[name], []).append(row.name)
    for sentence, names in told.items():
        print(f"- {', '.join(names)}: {sentence}")
    for name, why in IMPOSSIBLE.items():
        print(f"- {name}: not run: {why}")


def fails_without(row, path, name):
    env = {**os.environ, "CDN_SAME": name, "CDN_SUPERVISOR" if row.name in SUPERVISORS else "CDN_FRONT": row.name}
    run = subprocess.run([sys.executable, os.path.join(ROOT, "test", path)], env=env, capture_output=True, check=False)
    return run.returncode != 0


def stale(folder, only=None):
    found = 0
    for row in [Row(folder, name) for name in {**WAYS, **SUPERVISORS} if only in (None, name)]:
        for name in sorted(row.asserted):
            asked = [path for path in programs(row.name)
                     if name in row.results.get(os.path.basename(path).removesuffix(".py"), {"asserted": ()})["asserted"]]
            if not any(fails_without(row, path, name) for path in asked):
                found = 1
                print(f"{row.name}: nothing fails without the difference {name!r}", flush=True)
    return found


def main(folder, some):
    rows = [Row(folder, name) for name in (*WAYS, *SUPERVISORS)]
    wrong = [text for row in rows for text in row.untold()]
    if some == "0":
        wrong += [text for row in rows for text in row.missing()]
    ran = [row for row in rows if row.results]
    if ran:
        show(ran)
    for text in wrong:
        print(text, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1:] == ["--ways"]:
        print(";".join(WAYS))
    elif sys.argv[1:] == ["--supervised"]:
        print(";".join(f"{name}/{path}" for name in SUPERVISORS for path in programs(name)))
    elif sys.argv[1:2] == ["--stale"]:
        sys.exit(stale(*sys.argv[2:]))
    else:
        sys.exit(main(*sys.argv[1:]))
