"""Caddy by deploy/Caddyfile, the workers on their sockets or on TCP."""
import os
import re

from harness.fronts.front import Front


class CaddyUnix(Front):
    """At the root; the workers on Unix sockets."""

    files = ("Caddyfile",)
    settings = {"CDN_SENDFILE": "x-accel-redirect", "CDN_DRAIN": "1G"}
    # It wants all of a body that is refused.
    longest = 64 << 20
    differences = {
        "one ETag": "The ETag of a file that Caddy sends has Caddy's own form, so a file has another one there than from a worker.",
        "its own 416": "A 416 of the static lane has a line of text for its body.",
        "its own 412": "A 412 of Caddy's own has no body, and the headers of the file.",
        "links in the store": "A symbolic link that was planted in the store is followed on the static lane.",
        "malformed requests as JSON": "What is no HTTP, a bad escape in the path among it, is refused with 400 and a line of text.",
        "refusal before the body": "What a worker answers before it has read the body is passed on once all of the body has come.",
        "408 to a slow sender": "Who sends a body too slowly is not told 408: the worker lets go of it, the client hears 502 when "
                                "it sends on.",
        "a limit for small bodies": "Only the worker limits bodies, and a call that reads none takes a large one.",
        "a slow body as it comes": "A body reaches the worker in pieces of 64 KiB: what takes longer than CDN_RECEIVE_TIMEOUT for "
                                   "one is too slow.",
    }

    def __init__(self, folder, **values):
        super().__init__(folder)
        self.log = os.path.join(folder.log, "caddy.log")
        self.values = values

    def command(self):
        # Caddy keeps its state in the home of whoever runs it.
        home = os.path.join(self.folder.run, "caddy")
        return ["env", f"XDG_CONFIG_HOME={home}", f"XDG_DATA_HOME={home}", "caddy", "run", "--adapter", "caddyfile", "--config",
                self.render()]

    def render(self):
        return self.folder.render("Caddyfile", PORT=self.port, PREFIX=self.prefix, URL=self.url, EXTRA="admin off",
                                  **self.values)

    def complaints(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return [line for line in f if re.search(r'"level":"(panic|fatal)"|panic', line)]


class CaddyTcp(CaddyUnix):
    """Under a path prefix; the workers on TCP."""

    prefix = "/cdn"
    tcp = True

    def __init__(self, folder, **values):
        super().__init__(folder, **values)
        self.values.update({name: f"127.0.0.1:{port}" for name, port in zip(("WORKER", "SLOW"), self.ports)})
