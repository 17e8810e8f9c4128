"""nginx by deploy/nginx.conf."""
import os
import re

from harness.fronts.front import Front


class Nginx(Front):
    files = ("nginx.conf",)
    settings = {"CDN_SENDFILE": "x-accel-redirect"}

    def __init__(self, folder, extra=""):
        super().__init__(folder)
        self.log = os.path.join(folder.log, "nginx.log")
        self.extra = extra

    def command(self):
        conf = self.folder.render("nginx.conf", PORT=self.port, URL=self.url, EXTRA=self.extra)
        return ["nginx", "-e", self.log, "-c", conf]

    def complaints(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return [line for line in f if re.search(r"\[(alert|emerg|crit)\]", line)]
