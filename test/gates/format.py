"""Every C file is as clang-format leaves it."""
import subprocess
import sys

import tree

command = ["clang-format", "--dry-run", "-Werror", *tree.files("*.c", "*.h")]
sys.exit(subprocess.run(command, cwd=tree.ROOT).returncode)
