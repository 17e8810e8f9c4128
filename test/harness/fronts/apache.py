"""Apache with mod_proxy_fcgi by deploy/apache.conf, a site among Debian's usual modules."""
import os
import re
import signal

from harness import process
from harness.fronts import apache_main
from harness.fronts.front import Front


class Apache(Front):
    files = ("apache.conf",)
    differences = {
        "one ETag": "The ETag of the static lane has Apache's own form, so a file has another one there than from a worker.",
        "its own 412": "A 412 of the static lane has no body, and the headers of the file.",
        "no worker for a 416": "A range that a file of the static lane does not have is refused by a worker.",
        "refusal before the body": "What a worker answers before it has read the body reaches the client only with the "
                                   "next bytes of the body.",
        "a limit for small bodies": "POST /api/v4/revoke, which reads no body, is not refused for a large one.",
        "408 of a worker": "A client that sends nothing more is told 408 by Apache, not by a worker.",
    }

    def __init__(self, folder, extra="", also=()):
        """extra: lines for the site; also: modules to enable beside those that it asks for."""
        super().__init__(folder)
        self.log = os.path.join(folder.log, "apache.log")
        self.extra, self.also = extra, also

    def values(self):
        return {}

    def main_file(self):
        site = self.folder.render("apache.conf", LISTEN=f"127.0.0.1:{self.port}", PREFIX=self.prefix, URL=self.url,
                                  EXTRA=self.extra, **self.values())
        return apache_main.main_file(self.folder, self.port, self.log, [*self.enabled(site), *self.also],
                                     "GracefulShutdownTimeout 5", f"Include {site}")

    @staticmethod
    def enabled(site):
        """The modules that the file's head says are to be enabled."""
        with open(site, encoding="utf-8") as f:
            return re.search(r"(?m)^#\s+a2enmod (.+)$", f.read()).group(1).split()

    def command(self, *words):
        return apache_main.command(self.folder, self.main_file(), *words)

    def stop(self):
        """Gracefully, as Debian's unit does: told to TERM, a child that is busy may crash on its way out."""
        if self.process:
            process.stop(self.process, signal.SIGWINCH)
            self.process = None

    def complaints(self):
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return [line for line in f if re.search(r":(alert|emerg|crit)\]|exit signal", line)]


class ApacheTcp(Apache):
    prefix = "/cdn"
    tcp = True

    def values(self):
        return {name: f"fcgi://127.0.0.1:{port}" for name, port in zip(("WORKER", "SLOW"), self.ports)}
