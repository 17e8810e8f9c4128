"""No function has 100 lines. clang-format is clean, so a body opens and closes with a brace in column 1."""
import tree

LIMIT = 100
faults = []
for path in tree.files("*.c"):
    start, name, last = None, "", ""
    for number, line in enumerate(tree.text(path).splitlines(), 1):
        if line == "{" and start is None:
            start, name = number, last
        elif line == "}" and start is not None:
            if number - start + 1 >= LIMIT:
                faults.append(f"{path}:{start}: {number - start + 1} lines: {name}")
            start = None
        last = line
tree.verdict(faults)
