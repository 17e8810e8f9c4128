"""Processes that cannot outlive the test, and waiting for what they do."""
import ctypes
import os
import signal
import socket
import subprocess
import time

PR_SET_PDEATHSIG = 1
libc = ctypes.CDLL(None, use_errno=True)
SBIN = "/usr/local/sbin:/usr/sbin:/sbin"


def start(command, log, env=None, stdin=subprocess.DEVNULL, cwd=None):
    """Start a program with its output appended to log. It gets SIGTERM should this test die.

    To be called from the main thread: the kernel counts the death of the thread that forked.
    """
    parent = os.getpid()

    def bound():
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:
            os._exit(1)

    clean = {"PATH": os.environ.get("PATH", "/usr/bin:/bin") + ":" + SBIN, **(env or {})}
    with open(log, "ab") as out:
        return subprocess.Popen(
            command, stdin=stdin, stdout=out, stderr=out, env=clean, cwd=cwd, preexec_fn=bound)


def stop(process, signum=signal.SIGTERM, timeout=15):
    """End a process we started; returns its exit status. One that does not end in time is killed."""
    if process.poll() is None:
        process.send_signal(signum)
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        for child in children(process.pid):
            kill(child, signal.SIGKILL)
        process.kill()
        process.wait()
        raise AssertionError(f"{process.args[0]} did not end within {timeout} s of signal {signum}")


def children(pid):
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            return [int(word) for word in f.read().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []


def kill(pid, signum):
    """Signal a process that may have ended meanwhile."""
    try:
        os.kill(pid, signum)
    except ProcessLookupError:
        pass


def memory(pid):
    """What /proc says of a process's memory, in bytes: private, private_dirty, peak."""
    figures = {}
    for name in ("smaps_rollup", "status"):
        with open(f"/proc/{pid}/{name}", encoding="ascii") as f:
            for line in f:
                words = line.split()
                if len(words) == 3 and words[2] == "kB":
                    figures[words[0].rstrip(":")] = int(words[1]) * 1024
    return {
        "private": figures["Private_Clean"] + figures["Private_Dirty"],
        "private_dirty": figures["Private_Dirty"],
        "peak": figures["VmHWM"],
    }


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_until(true, timeout=15, what="it", every=0.02):
    """Wait until true() is; its last value is returned. AssertionError when it does not become so."""
    end = time.monotonic() + timeout
    while True:
        value = true()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not happen within {timeout} s")
        time.sleep(every)
