"""Apache with mod_fcgid by deploy/htaccess, as a shared host gives it."""
import os
import re
import shutil
import signal

from harness import process
from harness.fronts import apache_main
from harness.fronts.front import Front
from harness.servers import BUILD, Workers

# A host that lets its customers upload: the one line that must differ from the defaults.
HOST = "FcgidMaxRequestLen 1073741824"


class FcgidWorkers(Workers):
    """The workers that mod_fcgid starts, each when it is first needed."""

    def __init__(self, front, binary, env):
        super().__init__(front.folder, "worker", binary, env)
        self.front, self.folder = front, front.folder

    def start(self):
        apache_main.open_store(self.folder)
        self.process = self.front
        return self

    def pids(self):
        """Every process that runs the program for this Apache."""
        found, todo = [], [self.front.process.pid] if self.front.process else []
        while todo:
            pid = todo.pop()
            todo += process.children(pid)
            if self.is_worker(pid):
                found.append(pid)
        return found

    def is_worker(self, pid):
        try:
            return os.readlink(f"/proc/{pid}/exe") == os.path.realpath(self.binary)
        except OSError:
            return False

    def ends(self):
        """How many mod_fcgid found to have ended by themselves."""
        return len(re.findall(r"exit\((?:normal exit|server exited|communication error)\)", self.front.log_text()))

    def stop(self, timeout=30):
        """End those that run. The next request has one started."""
        if self.process:
            self.signal(signal.SIGTERM)
            process.wait_until(lambda: not self.pids(), timeout, "the end of the workers")
            self.process = None


class Fcgid(Front):
    files = ("htaccess/.htaccess",)
    prefix = "/cdn"
    settings = {"CDN_SENDFILE": "off"}
    # Below FcgidMaxRequestLen.
    longest = 64 << 20
    differences = {
        "refusal before the body": "A worker's refusal reaches the client only once Apache has all of the body.",
        "a chunked body as it comes": "A body reaches a worker only once all of it is here, whether its length is known or not.",
        "a PUT in chunks": "A PUT must say its length: one in chunks is 411.",
        "400 to a body cut short": "Of a body that ends before its length no worker hears; Apache answers 500.",
        "408 to a slow sender": "Who sends too slowly is not told 408; RequestReadTimeout is the host's.",
        "malformed requests as JSON": "What Apache refuses before it reads .htaccess has the host's own page, and none of the "
                                      "service's headers: what is no HTTP, %2F, %00 or a bad escape in a path, TRACE, CONNECT, an "
                                      "Expect it does not know (417), a line or a header above 8190 bytes, a first name above 255.",
        "no query in its log": "The host's error log has the query of a path that Apache refuses.",
        "a limit for small bodies": "Only the worker limits bodies, and a call that reads none takes a large one.",
        "a static lane": "There is no static lane: every file is sent by a worker.",
    }

    def __init__(self, folder, host=HOST, override="FileInfo Options=ExecCGI", directory=""):
        super().__init__(folder)
        self.log = os.path.join(folder.log, "apache.log")
        self.home = os.path.join(folder.path, "www")
        self.host, self.override, self.directory = host, override, directory
        self.workers = None

    def pools(self, binary, workers, slow, env):
        self.workers = FcgidWorkers(self, binary, env)
        return self.workers, self.workers

    def command(self):
        self.install()
        # cdn.fcgi itself says where the settings are.
        env = [f'FcgidInitialEnv {name} "{value}"' for name, value in self.workers.env.items() if name != "CDN_ENV_FILE"]
        main = apache_main.main_file(
            self.folder, self.port, self.log, ("fcgid", "rewrite", "headers"), "LogLevel warn fcgid:info",
            f"DocumentRoot {self.home}", f"<Directory {self.home}>", f"AllowOverride {self.override}", "Require all granted",
            self.directory, "</Directory>", f"FcgidIPCDir {self.folder.run}/fcgid",
            f"FcgidProcessTableFile {self.folder.run}/fcgid.shm", *env, self.host)
        # Bodies are kept in a temporary file before a worker hears of them.
        return ["env", f"TMPDIR={self.folder.run}", *apache_main.command(self.folder, main)]

    def install(self):
        """What the customer does: two files, in a folder of the document root."""
        os.makedirs(self.home + self.prefix, exist_ok=True)
        names = {"PREFIX": self.prefix, "URL": self.url, "BUILD": os.path.dirname(self.workers.binary)}
        first = self.folder.render("htaccess/.htaccess", **names)
        for made in (first, os.path.join(os.path.dirname(first), "cdn.fcgi")):
            shutil.copy(made, self.home + self.prefix)

    def log_text(self):
        try:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""

    def complaints(self):
        # The last is what its process manager may say when Apache is told to stop.
        return [line for line in self.log_text().splitlines()
                if re.search(r":(?:emerg|alert|crit)\]", line) and "server is restarted" not in line]
