"""Every script at least parses."""
import os
import subprocess

import tree

SHELLS = {"#!/bin/sh": "sh", "#!/bin/bash": "bash", "#!/usr/bin/env bash": "bash"}
faults = []
for path in [*tree.files("*"), ".ci/run"]:
    full = os.path.join(tree.ROOT, path)
    with open(full, "rb") as f:
        first = f.readline(100).decode("latin-1").strip()
    shell = SHELLS.get(first, "sh" if path.endswith(".sh") else None)
    if shell:
        run = subprocess.run([shell, "-n", full], capture_output=True, text=True)
        if run.returncode != 0:
            faults.append(run.stderr)
        if first in SHELLS and not os.access(full, os.X_OK):
            faults.append(f"{path}: not executable")
    elif path.endswith(".py"):
        try:
            compile(tree.text(path), path, "exec")
        except SyntaxError as error:
            faults.append(f"{path}: {error}")
tree.verdict(faults)
