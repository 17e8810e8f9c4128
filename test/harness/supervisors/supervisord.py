"""supervisord: with spawn-fcgi and multiwatch, and with its own fcgi-program."""
import os
import re
import subprocess

from harness import process
from harness.supervisors.supervisor import Supervisor

# What every supervisord has: that of Debian includes conf.d in the same way.
MAIN = """[supervisord]
nodaemon=true
pidfile={run}/supervisord.pid
logfile={log}/supervisord.log
childlogdir={log}
loglevel=info

[unix_http_server]
file={run}/supervisor.sock

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{run}/supervisor.sock

[include]
files={pools}
"""
RESTART = "A restart of the whole pool (supervisorctl restart) makes the socket anew: connections that wait in it are reset."


class Supervisord(Supervisor):
    differences = {"a restart keeps the backlog": RESTART}

    def start(self):
        folder = self.folder
        self.conf = os.path.join(folder.conf, "main.conf")
        with open(self.conf, "w", encoding="utf-8") as f:
            f.write(MAIN.format(run=folder.run, log=folder.log, pools=folder.render(self.files[0], **self.values())))
        self.process = process.start(["supervisord", "-n", "-c", self.conf], folder.log + "/supervisord.out", self.env)
        process.wait_until(lambda: os.path.exists(folder.run + "/supervisor.sock"), what="supervisord")

    def values(self):
        return {**super().values(), "SLOW_STOP": 330}

    def control(self, *words, timeout=60):
        """supervisorctl; what it says."""
        done = subprocess.run(["supervisorctl", "-c", self.conf, *words], capture_output=True, text=True,
                              timeout=timeout, check=False)
        if done.returncode != 0:
            raise AssertionError(f"supervisorctl {words}: {done.returncode} {done.stdout}{done.stderr}")
        return done.stdout

    def stop(self, timeout):
        process.stop(self.process, timeout=timeout)
        self.process = None

    def start_pool(self, pool):
        self.control("start", self.group(pool))

    def stop_pool(self, pool, timeout):
        self.control("stop", self.group(pool), timeout=timeout)

    def restart_pool(self, pool):
        self.control("restart", self.group(pool))

    def group(self, pool):
        """What supervisorctl calls it."""
        raise NotImplementedError

    def supervisord_log(self):
        with open(self.folder.log + "/supervisord.log", encoding="utf-8") as f:
            return f.read()


class Multiwatch(Supervisord):
    files = ("supervisord.conf",)

    def group(self, pool):
        return "cdn:cdn-" + pool.name

    def ends(self, pool):
        """As multiwatch says, in the pool's own log."""
        return len(re.findall(rb"(?m)^Child\[\d+\] died|^Spawning child\[\d+\] failed", pool.log_bytes()))

    def renew(self):
        """There is no command: each worker is told."""
        for pool in self.pools:
            pool.signal(15)


class FcgiProgram(Supervisord):
    files = ("supervisord-fcgi.conf",)

    def values(self):
        values = super().values()
        # Number 0 keeps the socket.
        return {**values, "WORKERS": values["WORKERS"] + 1, "SLOW_WORKERS": values["SLOW_WORKERS"] + 1}

    def group(self, pool):
        return f"cdn-{pool.name}:*"

    def ends(self, pool):
        return len(re.findall(rf"exited: cdn-{pool.name}-[1-9]", self.supervisord_log()))

    def renew(self):
        for pool in self.pools:
            pool.ends_asked += pool.count
            self.control("signal", "USR1", self.group(pool))
