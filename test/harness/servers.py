"""The real parts: Redis, workers, nginx, each in the test's own folder, configured by the files of deploy/."""
import configparser
import functools
import json
import os
import re
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile

from harness import client, process

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD = os.path.abspath(os.environ.get("CDN_BUILD") or os.path.join(ROOT, "build"))
RELEASE = os.path.abspath(os.environ.get("CDN_RELEASE") or os.path.join(ROOT, "build"))
SANITIZERS = {
    "ASAN_OPTIONS": "detect_leaks=1:abort_on_error=0:exitcode=99:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1",
}
SANITIZER_TEXT = re.compile(rb"AddressSanitizer|LeakSanitizer|UndefinedBehavior|runtime error:")


def cdnctl_config(*words):
    """What cdnctl config prints, with no settings but these words. That units hide the tests' folder need not be said each time."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("CDN_")}
    done = subprocess.run([os.path.join(BUILD, "cdnctl"), "config", *words], capture_output=True, text=True, check=False,
                          cwd="/", env={**env, **SANITIZERS}, timeout=60)
    for line in done.stderr.splitlines():
        if "the units hide" not in line:
            print(line, file=sys.stderr)
    done.check_returncode()
    return done.stdout


@functools.cache
def configurations():
    """File of deploy/ -> what cdnctl config calls it, or the set it belongs to (the list: cgi/programs.cmake)."""
    return {row["file"]: row["name"] for row in map(json.loads, cdnctl_config("--json").splitlines())}


@functools.cache
def names_of(config):
    return {json.loads(line)["name"] for line in cdnctl_config(config, "--names", "--json").splitlines()}


class Folder:
    """A private folder with the layout of deploy/up's; names are short, as socket paths are limited to 107 bytes."""

    def __init__(self, base=None):
        self.path = tempfile.mkdtemp(prefix="cdn-", dir=base)
        self.run, self.log, self.conf, self.redis, self.data = (
            os.path.join(self.path, name) for name in ("run", "log", "conf", "redis", "data"))
        for folder in (self.run, self.log, self.conf, self.redis, self.data):
            os.mkdir(folder, 0o750)

    def render(self, name, **values):
        """Fill in a file of deploy/, and what else cdnctl config writes with it; returns the path of the result."""
        user = "root" if os.getuid() == 0 and name == "nginx-main.conf" else ""
        common = {
            "DIR": self.path, "RUN": self.run, "LOG": self.log, "CONF": self.conf, "DATA": self.data,
            "REDIS": self.redis, "BUILD": BUILD, "WORKERS": "2", "SLOW_WORKERS": "1", "USER": user, "EXTRA": "",
            "REFUSED_LOG": os.path.join(self.log, "refused.log"),
        }
        if name not in configurations():
            raise AssertionError(f"cdnctl config does not know deploy/{name}: add it to the list in cgi/programs.cmake")
        config = configurations()[name]
        given = {**{key: value for key, value in common.items() if key in names_of(config)}, **values}
        cdnctl_config(config, *[f"{key}={value}" for key, value in given.items()], "--to", self.conf, "--replace")
        return os.path.join(self.conf, os.path.basename(name))

    def setting(self, name):
        """What the env file says, if it is there yet and says it."""
        try:
            with open(os.path.join(self.path, ".env"), encoding="utf-8") as f:
                lines = dict(line.rstrip("\n").split("=", 1) for line in f if "=" in line)
        except FileNotFoundError:
            lines = {}
        return lines.get(name)

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Redis:
    """A private redis-server by deploy/redis.conf."""

    def __init__(self, folder):
        self.folder = folder
        self.socket = os.path.join(folder.redis, "redis.sock")
        self.url = "unix://" + self.socket
        self.log = os.path.join(folder.log, "redis.log")
        self.process = None

    def start(self):
        conf = self.folder.render("redis.conf")
        self.process = process.start(["redis-server", conf], self.log)
        process.wait_until(self.ready, what="Redis answering")
        return self

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"redis-server ended at once; see {self.log}")
        try:
            return self.command("PING") == "PONG"
        except (OSError, RuntimeError):
            return False

    def command(self, *words):
        """One command; replies become str (bytes where not UTF-8), int, None or list. A server error is RuntimeError."""
        with client.connect(self.socket) as sock, sock.makefile("rb") as replies:
            words = [w if isinstance(w, bytes) else str(w).encode() for w in words]
            sock.sendall(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in words))
            return parse_reply(replies)

    def pause(self):
        """As a Redis that has stalled: connections stay open, nothing is answered."""
        self.process.send_signal(signal.SIGSTOP)

    def resume(self):
        self.process.send_signal(signal.SIGCONT)

    def stop(self, signum=signal.SIGTERM):
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            process.stop(self.process, signum)
            self.process = None


def parse_reply(replies):
    line = replies.readline()
    if not line:
        raise OSError("Redis closed the connection")
    kind, rest = line[:1], line[1:-2]
    if kind == b"+":
        return rest.decode()
    if kind == b"-":
        raise RuntimeError(rest.decode())
    if kind == b":":
        return int(rest)
    if int(rest) < 0:
        return None
    if kind == b"*":
        return [parse_reply(replies) for _ in range(int(rest))]
    data = replies.read(int(rest) + 2)[:-2]
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


class Workers:
    """What Pool and Worker share: the socket, the log, the environment."""

    def __init__(self, folder, name, binary, env):
        self.socket = os.path.join(folder.run, name + ".sock")
        self.log = os.path.join(folder.log, name + ".log")
        self.binary = binary or os.path.join(BUILD, "cdn.fcgi")
        self.env = {"CDN_ENV_FILE": os.path.join(folder.path, ".env"), **SANITIZERS, **(env or {})}
        self.process = None
        # Ends of workers that the test asked for, with signal() or by expecting them.
        self.ends_asked = 0

    def log_bytes(self):
        try:
            with open(self.log, "rb") as f:
                return f.read()
        except FileNotFoundError:
            return b""

    def signal(self, signum):
        """To each worker, as a recycling or a process manager would."""
        for pid in self.pids():
            self.ends_asked += 1
            process.kill(pid, signum)


class Pool(Workers):
    """Workers behind spawn-fcgi and multiwatch, by the command of deploy/supervisord.conf.

    name     of its socket and log; also which of its pools, unless
    section  says that
    port     on 127.0.0.1 to listen on instead
    """

    ENDS = re.compile(rb"(?m)^Child\[\d+\] died|^Spawning child\[\d+\] failed")

    def __init__(self, folder, count=2, name="worker", binary=None, env=None, section=None, port=None):
        super().__init__(folder, name, binary, env)
        self.count, self.port = count, port
        self.folder, self.name, self.section = folder, name, section or name

    def program(self):
        """Its section, as supervisord reads it: the command, and the environment that goes with it."""
        conf = configparser.RawConfigParser(comment_prefixes=(";",))
        conf.read(self.folder.render("supervisord.conf", WORKERS=self.count, SLOW_WORKERS=self.count))
        section = conf["program:cdn-" + self.section]
        own = {os.path.join(BUILD, "cdn.fcgi"): self.binary,
               f"/{self.section}.sock": f"/{self.name}.sock", f"/{self.section}.log": f"/{self.name}.log"}
        command = section["command"]
        for theirs, ours in own.items():
            command = command.replace(theirs, ours)
        if self.port:
            command = re.sub(rf"-s {re.escape(self.socket)} -M \d+", f"-a 127.0.0.1 -p {self.port}", command)
        pairs = (pair.split("=", 1) for pair in section["environment"].split(","))
        return shlex.split(command), {name: value.strip('"') for name, value in pairs}

    def start(self):
        command, env = self.program()
        self.process = process.start(command, self.log, {**env, **self.env})
        process.wait_until(lambda: len(self.pids()) == self.count, what="the pool")
        return self

    def pids(self):
        return [pid for pid in process.children(self.process.pid) if self.is_worker(pid)]

    def is_worker(self, pid):
        """Not so for a moment after the fork, before the program is run."""
        try:
            # Replaced by a newer one, it is still the program that runs.
            return os.readlink(f"/proc/{pid}/exe").removesuffix(" (deleted)") == os.path.realpath(self.binary)
        except OSError:
            return False

    def ends(self):
        """How many workers multiwatch has replaced."""
        return len(self.ENDS.findall(self.log_bytes()))

    def stop(self, timeout=30):
        if self.process:
            process.stop(self.process, timeout=timeout)
            self.process = None


class Worker(Workers):
    """One worker on a listener that this test holds, as a process manager would: waiting connections outlive it."""

    def __init__(self, folder, name="worker", binary=None, env=None, wrapper=(), backlog=128):
        super().__init__(folder, name, binary, env)
        self.wrapper = list(wrapper)
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.socket)
        self.listener.listen(backlog)

    def start(self):
        self.process = process.start([*self.wrapper, self.binary], self.log, self.env, stdin=self.listener)
        return self

    def pids(self):
        return [self.process.pid] if self.process and self.process.poll() is None else []

    def ends(self):
        return 1 if self.process and self.process.poll() is not None else 0

    def stop(self, signum=signal.SIGTERM, timeout=30):
        """Returns the exit status."""
        status = None
        if self.process:
            status = process.stop(self.process, signum, timeout)
            self.process = None
        return status

    def close(self):
        self.stop()
        self.listener.close()
