"""A room sees itself and the rooms below it: tried with the very flags it is built with."""
import json
import os
import shlex
import subprocess
import tempfile

import tree

# Room, header, whether it may be included there.
TRIALS = [
    ("base", "base/slice.h", True),
    ("base", "http/request.h", False),
    ("http", "base/slice.h", True),
    ("http", "http/request.h", True),
    ("http", "store/blob.h", False),
    ("http", "sniff/sniff.h", False),
    ("crypto", "http/request.h", False),
    ("store", "crypto/digest.h", True),
    ("store", "app/app.h", False),
    ("app", "store/blob.h", True),
]


def commands(folder):
    subprocess.run(
        ["cmake", "-S", tree.ROOT, "-B", folder, "-DCMAKE_EXPORT_COMPILE_COMMANDS=ON"],
        check=True, stdout=subprocess.DEVNULL)
    with open(os.path.join(folder, "compile_commands.json")) as f:
        return json.load(f)


def compiles(command, header, folder):
    """Whether a source that only includes the header gets through, with the command of one of the room's own."""
    source = os.path.join(folder, "trial.c")
    with open(source, "w") as f:
        f.write(f'#include "{header}"\nint trial(void);\nint trial(void)\n{{\n\treturn 0;\n}}\n')
    words = shlex.split(command["command"])
    words = [source if word == command["file"] else word for word in words]
    words[words.index("-o") + 1] = os.path.join(folder, "trial.o")
    run = subprocess.run(words, cwd=command["directory"], capture_output=True, text=True)
    return run.returncode == 0, run.stderr


with tempfile.TemporaryDirectory() as folder:
    known = commands(folder)
    faults = []
    for room, header, allowed in TRIALS:
        prefix = os.path.join(tree.ROOT, "lib", room) + os.sep
        own = [command for command in known if command["file"].startswith(prefix)]
        if not own or not os.path.exists(os.path.join(tree.ROOT, "lib", header)):
            faults.append(f"lib/{room} or lib/{header} is not there")
            continue
        done, errors = compiles(own[0], header, folder)
        if done != allowed:
            faults.append(f"lib/{room} including {header}: {'refused' if allowed else 'let through'} {errors}")
        elif not allowed and "No such file" not in errors:
            faults.append(f"lib/{room} including {header}: refused, but for another reason: {errors}")
tree.verdict(faults)
