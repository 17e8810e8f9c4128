"""nginx by deploy/nginx.conf, within deploy/nginx-main.conf."""
import os
import re

from harness.fronts.front import Front


class Nginx(Front):
    files = ("nginx.conf", "nginx-main.conf")
    settings = {"CDN_SENDFILE": "x-accel-redirect"}
    differences = {
        "one age on a 416": "on the static lane a 416 says the file's Cache-Control beside its own no-store, which overrules it.",
    }

    def __init__(self, folder, extra=""):
        super().__init__(folder)
        self.log = os.path.join(folder.log, "nginx.log")
        self.extra = extra

    def render(self):
        """The path of the whole configuration; it includes the other file."""
        self.folder.render("nginx.conf", PORT=self.port, URL=self.url, PREFIX=self.prefix, EXTRA=self.extra)
        return self.folder.render("nginx-main.conf")

    def command(self):
        return ["nginx", "-e", self.log, "-c", self.render()]

    def complaints(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return [line for line in f if re.search(r"\[(alert|emerg|crit)\]", line)]
