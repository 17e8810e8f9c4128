"""lighttpd by deploy/lighttpd.conf, the workers on their sockets or started by it."""
import os

from harness.fronts.front import Front


class LighttpdSocket(Front):
    """At the root; the workers are a pool of ours."""

    files = ("lighttpd.conf", "lighttpd.lua")
    settings = {"CDN_SENDFILE": "x-sendfile"}
    differences = {
        "a POST without a length": "A POST that says no length, not even 0, is 411.",
        "methods it does not know": "A method that lighttpd does not know is 405 whatever the path, with all methods in Allow.",
        "a chunked body as it comes": "A body of unknown length reaches a worker only once all of it is here.",
    }
    start_names = {}

    def __init__(self, folder, extra=""):
        super().__init__(folder)
        self.extra = extra
        self.log = os.path.join(folder.log, "lighttpd.log")

    def command(self):
        names = {"PREFIX": self.prefix, "URL": self.url}
        script = self.folder.render("lighttpd.lua", **names)
        conf = self.folder.render("lighttpd.conf", LUA=script, EXTRA=self.extra, **names, **self.start_names)
        return ["lighttpd", "-D", "-f", self.main(conf)]

    def main(self, conf):
        """What is everywhere before the file of deploy/ comes in."""
        run = self.folder.run
        for name in ("uploads", "htdocs"):
            os.makedirs(os.path.join(run, name), exist_ok=True)
        path = os.path.join(self.folder.conf, "main.conf")
        with open(path, "w", encoding="utf-8") as f:
            f.write(f'server.bind = "127.0.0.1"\nserver.port = {self.port}\n'
                    f'server.document-root = "{run}/htdocs"\nserver.upload-dirs = ( "{run}/uploads" )\n'
                    f'server.errorlog = "{self.log}"\ninclude "{conf}"\n')
        return path
