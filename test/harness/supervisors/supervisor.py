"""What the process managers have in common."""
import os
import pwd
import shutil
import signal

from harness import process
from harness.differing import Differing
from harness.servers import BUILD, SANITIZERS, Workers

# Whose the workers are where root runs the tests. Of Debian's base system, so that no test has to make one.
OWNER = "www-data"


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
        self.user = pwd.getpwnam(OWNER) if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        binary = self.copy_program(binary or os.path.join(BUILD, "cdn.fcgi"))
        self.pools = [Supervised(self, name, count, binary, env) for name, count in counts.items()]

    def copy_program(self, binary):
        """To where its user can run it: a checkout in /root is closed to it, and one in /home hidden from a unit."""
        folder = os.path.join(self.folder.path, "programs")
        os.mkdir(folder)
        os.chmod(folder, 0o755)
        copy = shutil.copy2(binary, folder)
        os.chmod(copy, 0o755)
        return copy

    def give_store(self):
        """To the workers' user, where that is not the test's: what deploy/README.md has the administrator do."""
        if os.getuid() != 0:
            return
        os.chmod(self.folder.path, 0o711)
        os.chmod(self.folder.redis, 0o711)
        os.chmod(os.path.join(self.folder.redis, "redis.sock"), 0o666)
        os.chmod(os.path.join(self.folder.path, ".env"), 0o644)
        for folder in (self.folder.run, self.folder.log):
            os.chown(folder, self.user.pw_uid, self.user.pw_gid)
        for top, folders, names in os.walk(self.folder.data):
            for name in (".", *folders, *names):
                os.chown(os.path.join(top, name), self.user.pw_uid, self.user.pw_gid)

    def values(self):
        """What the files are filled in with. One program for both pools, which a test may have replaced."""
        counts = {pool.name: pool.count for pool in self.pools}
        return {"BUILD": os.path.dirname(self.pools[0].binary), "USER": self.user.pw_name if os.getuid() == 0 else "",
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
        self.give_store()
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
        super().__init__(supervisor.folder, name, binary, env)
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
