"""nginx by deploy/nginx.conf, within deploy/nginx-main.conf."""
import os
import re

from harness.fronts.front import Front


class Nginx(Front):
    files = ("nginx.conf", "nginx-main.conf")
    settings = {"CDN_SENDFILE": "x-accel-redirect"}
    differences = {
        "one age on a 416": "On the static lane a 416 says the file's Cache-Control beside its own no-store, which overrules it.",
    }

    names = {}

    def __init__(self, folder, extra=""):
        super().__init__(folder)
        self.log = os.path.join(folder.log, "nginx.log")
        self.extra = extra

    def render(self):
        """The path of the whole configuration; it includes the other file."""
        self.folder.render("nginx.conf", PORT=self.port, URL=self.url, PREFIX=self.prefix, EXTRA=self.extra, **self.names)
        return self.folder.render("nginx-main.conf")

    def command(self):
        return ["nginx", "-e", self.log, "-c", self.render()]

    def complaints(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return [line for line in f if re.search(r"\[(alert|emerg|crit)\]", line)]


class NginxBuffered(Nginx):
    """A body is complete before a worker is asked; under a path prefix."""

    prefix = "/cdn"
    differences = {
        **Nginx.differences,
        "refusal before the body": "A worker's refusal (401, 402, 403, 413) reaches the client only once nginx has all of the body.",
        "413 of a worker": "A body that is larger than BODY_MAX is refused by nginx, whoever sends it, and no worker logs it.",
        "408 to a slow sender": "A client that stops sending is let go after client_body_timeout without an answer, and one that "
                                "is slow is waited for.",
        "a chunked body as it comes": "A body of unknown length reaches a worker only once all of it is here.",
    }

    @property
    def names(self):
        return {"BUFFERING": "on", "BODY_MAX": self.folder.setting("CDN_MAX_BODY") or "0"}
