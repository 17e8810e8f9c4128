"""Third-party headers have one home each, and no include climbs over a wall ("../")."""
import re

import tree

HOMES = {
    r"fcgi\w*\.h": ["cgi/fcgi.c", "cgi/fcgi.h", "cgi/main.c", "test/bench/"],
    r"curl/.*": ["lib/fetch/", "test/unit/fetch/"],
    r"cjson/.*": ["lib/http/"],
    r"hiredis/.*": ["lib/store/"],
    r"openssl/.*": ["lib/crypto/"],
    r"magic\.h": ["lib/sniff/"],
    r"cmocka\.h": ["test/"],
}
# Not even there: it redefines printf.
NOWHERE = "fcgi_stdio.h"

faults = []
for path in tree.files("*.c", "*.h"):
    for number, line in enumerate(tree.text(path).splitlines(), 1):
        include = re.match(r'\s*#\s*include\s+[<"]([^>"]+)[>"]', line)
        if not include:
            continue
        name = include.group(1)
        if name == NOWHERE or "../" in name:
            faults.append(f"{path}:{number}: {name} may not be included")
        for pattern, homes in HOMES.items():
            if re.fullmatch(pattern, name, re.I) and not any(path.startswith(home) for home in homes):
                faults.append(f"{path}:{number}: {name} belongs to {', '.join(homes)}")
tree.verdict(faults)
