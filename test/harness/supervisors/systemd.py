"""systemd, in namespaces of its own."""
import os
import re
import shutil
import signal
import subprocess
import time
from urllib.parse import urlsplit

from harness import process
from harness.servers import ROOT
from harness.supervisors.supervisor import Supervisor

UNITS = sorted(os.listdir(os.path.join(ROOT, "deploy/systemd")))
# Where its targets come from on a machine; here nothing of the machine's is known to it, see boot.sh.
STUBS = ("basic.target", "network.target", "shutdown.target", "sockets.target", "sysinit.target")
# A test's own folder is where nobody should keep a store: in /tmp, which a worker has for itself. So it is shown there, not to
# be written, except what the unit itself says. The leak checker uses ptrace, which a worker may not.
DROP_IN = """[Service]
BindReadOnlyPaths={folder}
Environment={env}
"""


UNSHARE = ("unshare", "--pid", "--mount", "--propagation", "private", "--cgroup", "--ipc", "--uts", "--fork", "--mount-proc",
           "--kill-child")
CGROUPS = "/sys/fs/cgroup"


def caged(*command):
    """The command in namespaces, and a cgroup, of its own; the latter is named after this process."""
    cage = os.path.join(os.path.dirname(__file__), "cage.py")
    return ["/usr/bin/python3", cage, f"cdn-test-{os.getpid()}-{time.time_ns()}", *UNSHARE, *command]


def cgroups():
    """Those that a systemd of the tests may have made; what others do on this machine meanwhile is theirs."""
    found = {folder for folder, _, _ in os.walk(CGROUPS)}
    ours = re.compile(r"cdn|/init\.scope|/system\.slice|\.mount$")
    others = re.compile(rf"/cdn-test-(?!{os.getpid()}\b)")
    return {folder for folder in found if ours.search(folder) and not others.search(folder)}


def boot_command(folder, programs, units):
    """For behind UNSHARE; see boot.sh."""
    boot = os.path.join(os.path.dirname(__file__), "boot.sh")
    return ["sh", boot, os.readlink("/proc/self/ns/mnt"), folder, programs, units]


def possible():
    """Whether a systemd can be run here: namespaces and mounts take root, and not every container's root may."""
    return os.getuid() == 0 and subprocess.run(caged("true"), capture_output=True, check=False).returncode == 0


class Systemd(Supervisor):
    files = tuple("systemd/" + name for name in UNITS)

    def values(self):
        return {**super().values(), "REDIS_HOST": urlsplit(self.folder.setting("CDN_REDIS_URL")).hostname or ""}

    def write_units(self, folder):
        """The units as people copy them, and what they stand on."""
        os.mkdir(folder)
        for name in UNITS:
            shutil.copy(self.folder.render("systemd/" + name, **self.values()), os.path.join(folder, name))
        for name in STUBS:
            with open(os.path.join(folder, name), "w", encoding="ascii") as f:
                f.write("[Unit]\nDefaultDependencies=no\n")
        env = {**self.env, "ASAN_OPTIONS": self.env["ASAN_OPTIONS"].replace("detect_leaks=1", "detect_leaks=0")}
        for pool in self.pools:
            os.mkdir(os.path.join(folder, f"cdn-{pool.name}@.service.d"))
            with open(os.path.join(folder, f"cdn-{pool.name}@.service.d/test.conf"), "w", encoding="ascii") as f:
                f.write(DROP_IN.format(folder=self.folder.path,
                                       env=" ".join(f'"{name}={value}"' for name, value in env.items())))

    def start(self):
        units = os.path.join(self.folder.path, "units")
        shutil.rmtree(units, ignore_errors=True)
        self.write_units(units)
        self.cgroups = cgroups()
        self.process = process.start(
            caged(*boot_command(self.folder.path, os.path.dirname(self.pools[0].binary), units)),
            self.folder.log + "/systemd.log")
        process.wait_until(self.ready, what="systemd")
        for pool in self.pools:
            self.start_pool(pool)

    def ready(self):
        if self.process.poll() is not None:
            with open(self.folder.log + "/systemd.log", encoding="utf-8") as f:
                raise AssertionError("systemd ended at once: " + f.read())
        if not self.first():
            return False
        return self.inside("systemctl", "is-system-running").stdout.strip() in ("running", "degraded")

    def first(self):
        """Its PID 1, in a list; the child of unshare, which is the child of cage.py."""
        return [pid for parent in process.children(self.process.pid) for pid in process.children(parent)]

    def inside(self, *command, timeout=60):
        pid, = self.first()
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
        for pid in self.first() or [self.process.pid]:
            process.kill(pid, signal.SIGKILL if pid != self.process.pid else signal.SIGTERM)
        self.process.wait(20)
        self.process = None
        left = cgroups() - self.cgroups
        if left:
            raise AssertionError(f"cgroups left on the machine: {sorted(left)}")

    def renew(self):
        for pool in self.pools:
            self.control("restart", f"cdn-{pool.name}@*")

    def restart_pool(self, pool):
        self.control("restart", *self.units(pool))

    def ends(self, pool):
        shown = self.control("show", "-p", "NRestarts", *self.units(pool))
        return sum(int(number) for number in re.findall(r"NRestarts=(\d+)", shown))
