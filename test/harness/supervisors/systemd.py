"""systemd, in namespaces of its own."""
import os
import pwd
import re
import shutil
import signal
import subprocess

from harness import process
from harness.servers import ROOT
from harness.supervisors.supervisor import Supervisor

UNITS = sorted(os.listdir(os.path.join(ROOT, "deploy/systemd")))
# Of Debian's base system, so that no test has to make one.
OWNER = "www-data"
# Where its targets come from on a machine; here nothing of the machine's is known to it, see boot.sh.
STUBS = ("basic.target", "network.target", "shutdown.target", "sockets.target", "sysinit.target")
# A test's own folder is where nobody should keep a store: in /tmp, which a worker has for itself. So it is shown there, not to
# be written, except what the unit itself says. The leak checker uses ptrace, which a worker may not.
DROP_IN = """[Service]
BindReadOnlyPaths={folder} {programs}
Environment={env}
"""


UNSHARE = ("unshare", "--pid", "--mount", "--propagation", "private", "--cgroup", "--ipc", "--uts", "--fork", "--mount-proc",
           "--kill-child")


def boot_command(folder, programs, units):
    """For behind UNSHARE; see boot.sh."""
    boot = os.path.join(os.path.dirname(__file__), "boot.sh")
    return ["sh", boot, os.readlink("/proc/self/ns/mnt"), folder, programs, units]


def possible():
    """Whether a systemd can be run here: namespaces and mounts take root, and not every container's root may."""
    return os.getuid() == 0 and subprocess.run(
        [*UNSHARE, "true"],
        capture_output=True, check=False).returncode == 0


class Systemd(Supervisor):
    files = tuple("systemd/" + name for name in UNITS)

    def values(self):
        return {**super().values(), "USER": OWNER}

    def write_units(self, folder):
        """The units as people copy them, and what they stand on."""
        os.mkdir(folder)
        for name in UNITS:
            shutil.copy(self.folder.render("systemd/" + name, **self.values()), os.path.join(folder, name))
        for name in STUBS:
            with open(os.path.join(folder, name), "w", encoding="ascii") as f:
                f.write("[Unit]\nDefaultDependencies=no\n")
        programs = os.path.dirname(self.pools[0].binary)
        env = {**self.env, "ASAN_OPTIONS": self.env["ASAN_OPTIONS"].replace("detect_leaks=1", "detect_leaks=0")}
        for pool in self.pools:
            os.mkdir(os.path.join(folder, f"cdn-{pool.name}@.service.d"))
            with open(os.path.join(folder, f"cdn-{pool.name}@.service.d/test.conf"), "w", encoding="ascii") as f:
                f.write(DROP_IN.format(folder=self.folder.path, programs=programs,
                                       env=" ".join(f'"{name}={value}"' for name, value in env.items())))

    def give_store(self):
        """To the workers' user, who is not the test's: what deploy/README.md has the administrator do."""
        user = pwd.getpwnam(OWNER)
        os.chmod(self.folder.path, 0o711)
        os.chmod(self.folder.redis, 0o711)
        os.chmod(os.path.join(self.folder.redis, "redis.sock"), 0o666)
        os.chmod(os.path.join(self.folder.path, ".env"), 0o644)
        for top, folders, names in os.walk(self.folder.data):
            for name in (".", *folders, *names):
                os.chown(os.path.join(top, name), user.pw_uid, user.pw_gid)

    def start(self):
        units = os.path.join(self.folder.path, "units")
        shutil.rmtree(units, ignore_errors=True)
        self.write_units(units)
        self.give_store()
        # unshare itself ignores the SIGTERM that it would get when this test dies.
        self.process = process.start(
            ["setpriv", "--pdeathsig", "KILL", "--", *UNSHARE,
             *boot_command(self.folder.path, os.path.dirname(self.pools[0].binary), units)],
            self.folder.log + "/systemd.log")
        process.wait_until(self.ready, what="systemd")
        for pool in self.pools:
            self.start_pool(pool)

    def ready(self):
        if self.process.poll() is not None:
            with open(self.folder.log + "/systemd.log", encoding="utf-8") as f:
                raise AssertionError("systemd ended at once: " + f.read())
        if not process.children(self.process.pid):
            return False
        return self.inside("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    def inside(self, *command, timeout=60):
        pid, = process.children(self.process.pid)
        return subprocess.run(["nsenter", "-t", str(pid), "-m", "-p", "-r", "-w", *command], capture_output=True,
                              text=True, timeout=timeout, check=False)

    def control(self, *words, timeout=60):
        """systemctl; what it says."""
        done = self.inside("systemctl", *words, timeout=timeout)
        if done.returncode != 0:
            status = self.inside("systemctl", "status", "--no-pager", "--full", "cdn-*").stdout
            raise AssertionError(f"systemctl {words}: {done.returncode} {done.stdout}{done.stderr}{status}")
        return done.stdout

    def units(self, pool):
        return [f"cdn-{pool.name}@{number}.service" for number in range(1, pool.count + 1)]

    def start_pool(self, pool):
        self.control("start", f"cdn-{pool.name}.socket", *self.units(pool))

    def stop_pool(self, pool, timeout):
        self.control("stop", f"cdn-{pool.name}.socket", *self.units(pool), timeout=timeout)

    def stop(self, timeout):
        for pool in self.pools:
            self.stop_pool(pool, timeout)
        self.kill()

    def kill(self):
        """With the first process of its namespace all others in there end."""
        for pid in process.children(self.process.pid):
            process.kill(pid, signal.SIGKILL)
        self.process.wait(10)
        self.process = None

    def renew(self):
        for pool in self.pools:
            self.control("restart", f"cdn-{pool.name}@*")

    def restart_pool(self, pool):
        self.control("restart", *self.units(pool))

    def ends(self, pool):
        shown = self.control("show", "-p", "NRestarts", *self.units(pool))
        return sum(int(number) for number in re.findall(r"NRestarts=(\d+)", shown))
