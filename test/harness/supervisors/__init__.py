"""The process managers, by the files of deploy/ that people copy."""
import os

from harness.supervisors.spawn_fcgi import SpawnFcgi
from harness.supervisors.supervisord import FcgiProgram, Multiwatch
from harness.supervisors.systemd import Systemd, possible

# Name -> class; test/supervisors runs under each of them (CDN_SUPERVISOR).
SUPERVISORS = {
    "spawn-fcgi": SpawnFcgi,
    "multiwatch": Multiwatch,
    "supervisord-fcgi": FcgiProgram,
    "systemd": Systemd,
}

# Those that cannot run here -> why.
IMPOSSIBLE = {} if possible() else {"systemd": "no namespaces can be made here; e2e/test_systemd_units checks its files"}


def chosen():
    """The process manager that this process runs its tests under, or None."""
    name = os.environ.get("CDN_SUPERVISOR")
    return SUPERVISORS[name] if name else None


__all__ = ["IMPOSSIBLE", "SUPERVISORS", "chosen"]
