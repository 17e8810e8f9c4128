"""The top level holds what it should, and no source grows without bound."""
import os

import tree

ALLOWED = {"cgi", "lib", "test", "deploy", "CMakeLists.txt", "README.md", ".env.example", "LICENSE"}
names = [name for name in os.listdir(tree.ROOT) if tree.ours(name)]
tree.verdict([f"{name}: not at the top level" for name in names if name not in ALLOWED])
