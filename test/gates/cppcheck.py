"""cppcheck has nothing to say."""
import subprocess
import sys

import tree

command = [
    "cppcheck", "--quiet", "--error-exitcode=1", "--std=c11", "--language=c", "-D_GNU_SOURCE", "-Ilib",
    "--enable=warning,performance,portability", "--inline-suppr", "--max-configs=1",
    # System headers are not read; what it then does not know is the compiler's business.
    "--suppress=missingIncludeSystem", "--suppress=unmatchedSuppression",
    *tree.files("*.c"),
]
sys.exit(subprocess.run(command, cwd=tree.ROOT).returncode)
