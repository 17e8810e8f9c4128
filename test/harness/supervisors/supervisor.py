"""What the process managers have in common."""
import os
import signal

from harness import process
from harness.differing import Differing
from harness.servers import BUILD, SANITIZERS, Workers


class Supervisor(Differing):
    """A process manager with both pools, by its files of deploy/.

    files        of deploy/ that it is made from; whatever it cannot do, the head of one of them says
    respawns     whether a worker that ends is replaced
    differences  name -> sentence, see Differing
    """

    files = ()
    respawns = True
    differences = {}

    def __init__(self, folder, counts, binary=None, env=None):
        """counts: name of the pool ("worker", "slow") -> how many workers."""
        self.folder = folder
        self.env = {**SANITIZERS, **(env or {})}
        self.process = None
        self.pools = [Supervised(self, name, count, binary, env) for name, count in counts.items()]

    def values(self):
        """What the files are filled in with. One program for both pools, which a test may have replaced."""
        counts = {pool.name: pool.count for pool in self.pools}
        return {"BUILD": os.path.dirname(self.pools[0].binary), "USER": "",
                "WORKERS": counts.get("worker", 0), "SLOW_WORKERS": counts.get("slow", 0)}

    # Each of these is the manager's own command, as the head of its file gives it.

    def start(self):
        """The manager, and with it all pools."""
        raise NotImplementedError

    def stop(self, timeout):
        raise NotImplementedError

    def kill(self):
        """When it does not start as it should."""
        process.stop(self.process)
        self.process = None

    def start_or_kill(self):
        try:
            self.start()
        except BaseException:
            if self.process:
                self.kill()
            raise

    def start_pool(self, pool):
        raise NotImplementedError

    def stop_pool(self, pool, timeout):
        raise NotImplementedError

    def renew(self):
        """All workers anew, without a failed or a shortened request."""
        raise NotImplementedError

    def restart_pool(self, pool):
        """The whole pool stops and starts."""
        raise NotImplementedError

    def ends(self, pool):
        """How many workers it has replaced."""
        raise NotImplementedError

    def descendants(self):
        """Every process that it has started, and those that they have."""
        found = [self.process.pid] if self.process else []
        for pid in found:
            found += process.children(pid)
        return found


class Supervised(Workers):
    """One of the pools."""

    def __init__(self, supervisor, name, count, binary, env):
        super().__init__(supervisor.folder, name, binary or os.path.join(BUILD, "cdn.fcgi"), env)
        self.supervisor, self.name, self.count = supervisor, name, count

    def start(self):
        if self.supervisor.process is None:
            self.supervisor.start_or_kill()
            for pool in self.supervisor.pools:
                pool.process = self.supervisor.process
        elif self.process is None:
            self.supervisor.start_pool(self)
            self.process = self.supervisor.process
        self.wait_whole()
        return self

    def wait_whole(self, timeout=20):
        """Until all its workers wait for signals and connections."""
        process.wait_until(lambda: len(self.pids()) == self.count, timeout, f"{self.count} workers of {self.name}")

    def pids(self):
        return [pid for pid in self.supervisor.descendants() if self.has(pid)]

    def has(self, pid):
        """A worker of this pool: by its program, and where it says what it has to say."""
        try:
            return (os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)") == os.path.realpath(self.binary) and
                    os.readlink(f"/proc/{pid}/fd/2") == self.log)
        except OSError:
            return False

    def ends(self):
        return self.supervisor.ends(self)

    def stop(self, signum=signal.SIGTERM, timeout=30):
        """The last pool to stop takes the manager with it."""
        if self.process:
            self.process = None
            if any(pool.process for pool in self.supervisor.pools):
                self.supervisor.stop_pool(self, timeout)
            else:
                self.supervisor.stop(timeout)
