"""lighttpd by deploy/lighttpd.conf, the workers on their sockets or started by it."""
import os
import re
import signal

from harness import process
from harness.fronts.front import Front
from harness.servers import Pool, Workers


class LighttpdSocket(Front):
    """At the root; the workers are a pool of ours."""

    files = ("lighttpd.conf", "lighttpd.lua")
    settings = {"CDN_SENDFILE": "x-sendfile"}
    differences = {
        "a POST without a length": "A POST that says no length, not even 0, is 411.",
        "methods it does not know": "A method that lighttpd does not know is 405 whatever the path, with all methods in Allow.",
        "a chunked body as it comes": "A body of unknown length reaches a worker only once all of it is here.",
    }
    # What else the names of the file are given, and what the main file says.
    names = {}
    main_lines = ()

    def __init__(self, folder, extra=""):
        super().__init__(folder)
        self.extra = extra
        self.log = os.path.join(folder.log, "lighttpd.log")

    def command(self):
        names = {"PREFIX": self.prefix, "URL": self.url}
        script = self.folder.render("lighttpd.lua", **names)
        conf = self.folder.render("lighttpd.conf", LUA=script, EXTRA=self.extra, **names, **self.names)
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
            f.writelines(line + "\n" for line in self.main_lines)
        return path

    def complaints(self):
        """Of its script, or that it cannot work as it is set up."""
        with open(self.log, encoding="utf-8", errors="replace") as f:
            return [line for line in f if re.search(r"lua: |\(lua-atpanic\)|loading script|not permitted|Too many open", line)]


class StartedPool(Workers):
    """One of the two pools that lighttpd has started, each as a multiwatch with its workers; they share a log."""

    def __init__(self, front, name, count, binary, env):
        self.front, self.name, self.count = front, name, count
        super().__init__(front.folder, name, binary, env)
        self.socket += "-0"
        self.log = os.path.join(front.folder.log, "worker.log")
        self.before = []

    @property
    def process(self):
        return self.front.process

    @process.setter
    def process(self, _):
        """It is the front's."""

    def keepers(self):
        """The processes on whose descriptor 0 lighttpd has put a socket of this pool: it numbers them."""
        with open("/proc/net/unix", encoding="utf-8", errors="replace") as f:
            ours = {f"socket:[{line.split()[6]}]" for line in f if re.search(rf" {re.escape(self.socket[:-1])}\d+\n", line)}
        found = []
        for pid in process.children(self.front.process.pid) if self.front.process else []:
            try:
                if os.readlink(f"/proc/{pid}/fd/0") in ours:
                    found.append(pid)
            except OSError:
                pass
        return found

    def pids(self):
        return [pid for keeper in self.keepers() for pid in process.children(keeper) if Pool.is_worker(self, pid)]

    def own_lines(self, log):
        fetch = rb'"method":"POST","path":"[^"?]*/api/v4/upload_from_url["?]'
        return [line for line in log.splitlines(True) if (re.search(fetch, line) is not None) == (self.name == "slow")]

    def log_bytes(self):
        return b"".join(self.own_lines(super().log_bytes()))

    @property
    def ends_asked(self):
        """Of both pools, as ends() is."""
        return self.front.ends_asked

    @ends_asked.setter
    def ends_asked(self, count):
        self.front.ends_asked = count

    def ends(self):
        """Of both pools: the log does not say whose."""
        return len(Pool.ENDS.findall(super().log_bytes()))

    def start(self):
        """Nothing, before lighttpd runs; then those workers that stop() has not ended by now."""
        if self.front.process:
            process.wait_until(self.is_fresh, what=f"new workers of the pool {self.name}")
        return self

    def is_fresh(self):
        pids = self.pids()
        return len(pids) == self.count and not set(pids) & set(self.before)

    def stop(self, timeout=30):
        """Each worker ends, and multiwatch starts another."""
        if self.front.process:
            self.before = self.pids()
            self.signal(signal.SIGUSR1)


class LighttpdStarted(LighttpdSocket):
    """Under a prefix; lighttpd starts the workers."""

    prefix = "/cdn"
    ends_asked = 0

    def pools(self, binary, workers, slow, env):
        count = 1 if workers == "single" else workers
        self.names = {"START": "", "WORKERS": count, "SLOW_WORKERS": slow or 1}
        self.started = [StartedPool(self, "worker", count, binary, env), StartedPool(self, "slow", slow or 1, binary, env)]
        self.names["BUILD"] = os.path.dirname(self.started[0].binary)
        self.main_lines = (f'server.breakagelog = "{self.started[0].log}"',)
        return tuple(self.started)

    def start(self):
        self.process = process.start(self.command(), self.log, self.started[0].env)
        process.wait_until(self.ready, what=f"the web server on port {self.port}")
        for pool in self.started:
            pool.start()
        return self

    def stop(self):
        """Until no worker is left."""
        left = [pid for pool in self.started for pid in (*pool.keepers(), *pool.pids())] if self.process else []
        super().stop()
        process.wait_until(lambda: not [pid for pid in left if os.path.exists(f"/proc/{pid}")], 30, "the end of the workers")
