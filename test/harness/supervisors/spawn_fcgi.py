"""spawn-fcgi alone."""
import ctypes
import os
import subprocess

from harness import process
from harness.supervisors.supervisor import Supervisor

PR_SET_CHILD_SUBREAPER = 36


class SpawnFcgi(Supervisor):
    """Nothing of it runs on; its workers, which are nobody's children, become those of this process."""

    files = ("spawn-fcgi",)
    respawns = False
    differences = {
        "a worker that ends is replaced": "spawn-fcgi forks once: a worker that ends is never replaced.",
        "a restart keeps the backlog":
            "A restart of the whole pool makes the socket anew: connections that wait in it are reset.",
    }

    def start(self):
        process.libc.prctl(PR_SET_CHILD_SUBREAPER, 1)
        self.script = self.folder.render("spawn-fcgi", **self.values())
        for pool in self.pools:
            self.start_pool(pool)
        # What there is of it.
        self.process = self

    def descendants(self):
        return process.children(os.getpid())

    def run(self, *words, timeout=30):
        env = {**self.env, "PATH": os.environ["PATH"] + ":" + process.SBIN}
        subprocess.run(["sh", self.script, *words], env=env, check=True, timeout=timeout, stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL)

    def start_pool(self, pool):
        self.run("start", pool.name)

    def stop_pool(self, pool, timeout):
        self.run("stop", pool.name, timeout=timeout)

    def restart_pool(self, pool):
        self.stop_pool(pool, 60)
        self.start_pool(pool)

    def stop(self, timeout):
        self.run("stop", timeout=timeout)
        self.process = None

    def ends(self, pool):
        """Nobody counts them: how many are not there any more."""
        return pool.count - len(pool.pids())
