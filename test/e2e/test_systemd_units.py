"""deploy/systemd as systemd itself judges it, and that running it in a test harms nobody; it is run by test/supervisors."""
import os
import re
import shutil
import subprocess
import tempfile
import unittest

from harness import BUILD, ROOT, Folder, main
from harness.supervisors.supervisor import OWNER
from harness.supervisors.systemd import UNITS, UNSHARE, boot_command, caged, cgroups, possible

# Of 10, which is no protection at all; 2 is what systemd calls "OK".
EXPOSURE_MAX = {"worker": 0.7, "slow": 1.2}


class Units(unittest.TestCase):
    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.remove)
        self.units = os.path.join(self.folder.path, "units")
        os.mkdir(self.units)
        for name in UNITS:
            shutil.copy(self.folder.render("systemd/" + name, BUILD=BUILD, USER=OWNER, REDIS_HOST=""), os.path.join(self.units, name))
        for pool in ("worker", "slow"):
            shutil.copy(os.path.join(self.units, f"cdn-{pool}@.service"), os.path.join(self.units, f"cdn-{pool}@1.service"))

    def analyze(self, *words):
        done = subprocess.run(["systemd-analyze", "--no-pager", *words], capture_output=True, text=True, timeout=60,
                              check=False, cwd=self.units, env={**os.environ, "SYSTEMD_UNIT_PATH": self.units + ":"})
        return done.returncode, done.stdout + done.stderr

    def test_verify(self):
        """No warning either."""
        names = [name for name in sorted(os.listdir(self.units)) if "@." not in name]
        self.assertEqual(self.analyze("verify", "--man=no", *names), (0, ""))

    def test_guide(self):
        """The command by which people check what they have printed: it says nothing of it, and fails when it is spoiled."""
        row = next(line for line in self.read("deploy/README.md").splitlines() if line.startswith("| systemd: "))
        command = row.split("`")[3]
        self.assertIn(command, self.read("deploy/systemd/cdn.target"))
        for pool in ("worker", "slow"):
            os.unlink(os.path.join(self.units, f"cdn-{pool}@1.service"))
        self.assertEqual(self.check(command), (0, ""))
        for name in UNITS:
            path = os.path.join(self.units, name)
            whole = self.read(path)
            for line, spoiled in (("ExecStart=", "/nonexistent"), ("ListenStream=", ""), ("Sockets=", "none.service")):
                if f"\n{line}" in whole:
                    with self.subTest(unit=name, line=line):
                        self.write(path, re.sub(rf"(?m)^{line}.*", line + spoiled, whole))
                        status, said = self.check(command)
                        self.assertTrue(status or said, "nothing is found")
                        if line == "ExecStart=":
                            self.assertEqual((status, "/nonexistent" in said), (1, True), said)
            self.write(path, whole)

    def check(self, command):
        done = subprocess.run(["sh", "-c", command.replace("/etc/systemd/system", self.units)], capture_output=True, text=True,
                              timeout=60, check=False)
        return done.returncode, done.stdout + done.stderr

    @staticmethod
    def read(path):
        with open(os.path.join(ROOT, path), encoding="utf-8") as f:
            return f.read()

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)

    def test_security(self):
        for pool, most in EXPOSURE_MAX.items():
            status, said = self.analyze("security", "--offline=true", f"cdn-{pool}@1.service")
            level = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said).group(1))
            print(f"exposure of {pool}: {level}")
            self.assertLessEqual(level, most, said)


# What can be changed from where the tests' systemd runs: nothing but the test's folder. $1 is that, $2 the programs.
LOOK_FOR_HOLES = r"""
for place in / /etc /usr /var /var/log /home /root /opt /srv /dev /sys "$2" $(ls -d /*); do
	if touch "$place/hole" 2>/dev/null; then
		case $place in /run | /tmp | /proc) ;; *) echo "$place can be written" ;; esac
	fi
done
for place in /tmp /var/tmp /dev/shm; do
	[ "$(stat -f -c %T $place)" = tmpfs ] || echo "$place is the machine's"
done
if [ -e "$3" ]; then echo "the machine's /tmp is seen"; fi
if (echo 1 >/proc/sys/vm/overcommit_memory) 2>/dev/null; then echo "a setting of the kernel can be changed"; fi
[ "$SYSTEMD_UNIT_PATH" = /run/systemd/system ] || echo "it knows units of the machine"
ls /run/systemd/system
touch "$1/seen"
"""
# What of it a systemd does, and which file systems it has for that.
MAKE_CGROUPS = r"""
mkdir -p /sys/fs/cgroup/system.slice/system-cdn.slice
echo $$ >/sys/fs/cgroup/system.slice/cgroup.procs
echo "$(stat -f -c %T /sys/fs/cgroup | sed 's/cgroup2fs/cgroup2/') $(grep -c ' /sys/fs/cgroup[ /]' /proc/mounts)"
"""


class Walls(unittest.TestCase):
    """A systemd that starts the machine's own services empties /tmp, for one. Ours must not be able to."""

    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.remove)
        self.units = os.path.join(self.folder.path, "units")
        os.mkdir(self.units)
        with open(os.path.join(self.units, "only.target"), "w", encoding="ascii") as f:
            f.write("[Unit]\n")
        self.script = os.path.join(self.folder.path, "holes.sh")
        with open(self.script, "w", encoding="ascii") as f:
            f.write(LOOK_FOR_HOLES)
        with tempfile.NamedTemporaryFile(delete=False) as f:
            self.outside = f.name
        self.addCleanup(os.unlink, self.outside)

    def boot(self, caged=lambda *command: list(command)):
        env = {**os.environ, "BOOT": f"sh {self.script} {self.folder.path} {BUILD} {self.outside}"}
        return subprocess.run(caged(*boot_command(self.folder.path, BUILD, self.units)), env=env, timeout=60,
                              capture_output=True, text=True, check=False)

    def test_not_in_namespaces(self):
        done = self.boot()
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("not in namespaces of its own", done.stderr)
        self.assertFalse(os.path.exists(os.path.join(self.folder.path, "seen")))

    if possible():
        def test_holes(self):
            done = self.boot(caged)
            self.assertEqual((done.returncode, done.stdout, done.stderr), (0, "only.target\n", ""))
            self.assertTrue(os.path.exists(os.path.join(self.folder.path, "seen")))
            self.assertTrue(os.path.exists(self.outside))

        def test_cgroups(self):
            """Its own and no other, and that is gone afterwards, whatever became of it; without one it does not begin."""
            before = cgroups()
            done = self.boot(lambda *command: [*UNSHARE, *command])
            self.assertEqual((done.returncode, done.stdout), (1, ""))
            self.assertIn("not in a cgroup of its own", done.stderr)
            for end in ("exit 3", "exec sleep 60"):
                with open(self.script, "w", encoding="ascii") as f:
                    f.write(MAKE_CGROUPS + end)
                done = self.boot(lambda *command: ["timeout", "--foreground", "2", *caged(*command)])
                self.assertIn(done.returncode, (3, 124))
                self.assertEqual((done.stdout, done.stderr), ("cgroup2 1\n", ""))
                self.assertEqual(cgroups() - before, set())


main()
