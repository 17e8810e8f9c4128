"""deploy/systemd as systemd itself judges it; run they are by test/supervisors."""
import os
import re
import shutil
import subprocess
import unittest

from harness import BUILD, Folder, main
from harness.supervisors.systemd import OWNER, UNITS

# Of 10, which is no protection at all; 2 is what systemd calls "OK".
EXPOSURE_MAX = {"worker": 0.7, "slow": 1.2}


class Units(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = Folder()
        cls.addClassCleanup(cls.folder.remove)
        cls.units = os.path.join(cls.folder.path, "units")
        os.mkdir(cls.units)
        for name in UNITS:
            shutil.copy(cls.folder.render("systemd/" + name, BUILD=BUILD, USER=OWNER), os.path.join(cls.units, name))
        for pool in ("worker", "slow"):
            shutil.copy(os.path.join(cls.units, f"cdn-{pool}@.service"), os.path.join(cls.units, f"cdn-{pool}@1.service"))

    def analyze(self, *words):
        done = subprocess.run(["systemd-analyze", "--no-pager", *words], capture_output=True, text=True, timeout=60,
                              check=False, cwd=self.units, env={**os.environ, "SYSTEMD_UNIT_PATH": self.units + ":"})
        return done.returncode, done.stdout + done.stderr

    def test_verify(self):
        """No warning either."""
        names = [name for name in sorted(os.listdir(self.units)) if "@." not in name]
        self.assertEqual(self.analyze("verify", "--man=no", *names), (0, ""))

    def test_security(self):
        for pool, most in EXPOSURE_MAX.items():
            status, said = self.analyze("security", "--offline=true", f"cdn-{pool}@1.service")
            level = float(re.search(r"Overall exposure level for \S+: ([\d.]+)", said).group(1))
            print(f"exposure of {pool}: {level}")
            self.assertLessEqual(level, most, said)


main()
