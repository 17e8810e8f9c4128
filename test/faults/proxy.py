"""Between a worker and its Redis: a Unix socket that passes commands on, or does not."""
import os
import socket
import threading
import time

from harness import client


class Rule:
    def __init__(self, name, nth, times, do, text, seconds, then):
        self.name, self.nth, self.times, self.do, self.text, self.seconds = name, nth, times, do, text, seconds
        self.then = then
        self.matched = 0

    def strikes(self, name):
        if self.name not in (None, name):
            return False
        self.matched += 1
        return self.nth <= self.matched < self.nth + self.times


class Proxy:
    """when() sets what happens to the next commands; everything else is passed on as it is.

    "error"   the text is the answer, and Redis never sees the command
    "answer"  the same, as a string and not as an error
    "before"  the connection is cut and Redis never sees it
    "after"   Redis carries it out, then the connection is cut
    "stall"   Redis carries it out at once, the answer comes `seconds` late
    "late"    Redis is told of it `seconds` late, whoever waits for the answer by then
    "then"    Redis carries it out, `then()` is called, only then the answer is passed on
    """

    def __init__(self, folder):
        self.target = os.path.join(folder.redis, "redis.sock")
        self.path = os.path.join(folder.run, "proxy.sock")
        self.url = "unix://" + self.path
        self.lock = threading.Lock()
        self.seen, self.struck, self.rules = [], 0, []
        # How many of those that were "late" have been carried out.
        self.late = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen(64)
        threading.Thread(target=self.accept, daemon=True).start()

    def forget(self):
        """Pass everything on from now; returns the names of the commands seen so far."""
        with self.lock:
            seen = self.seen
            self.seen, self.struck, self.rules = [], 0, []
        return seen

    def when(self, name=None, nth=1, times=1, do="error", text="ERR injected", seconds=0.0, then=None, more=False):
        """Strike the nth command of that name (any, without one), counted from 1, and those after it, `times` in all.

        more: the rules set before stay; the first that strikes counts.
        """
        if not more:
            self.forget()
        with self.lock:
            self.rules.append(Rule(name, nth, times, do, text, seconds, then))

    def judge(self, name):
        with self.lock:
            self.seen.append(name)
            for rule in self.rules:
                if rule.strikes(name):
                    self.struck += 1
                    return rule
            return None

    def accept(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(conn,), daemon=True).start()

    def serve(self, conn):
        try:
            with conn, client.connect(self.target) as redis:
                commands, replies = conn.makefile("rb"), redis.makefile("rb")
                while self.one(conn, redis, commands, replies):
                    pass
        except OSError:
            pass

    def one(self, conn, redis, commands, replies):
        raw, words = read_command(commands)
        if not words:
            return False
        rule = self.judge(words[0].decode().upper())
        do = rule.do if rule else "pass"
        if do == "before":
            return False
        if do == "error":
            conn.sendall(b"-" + rule.text.encode() + b"\r\n")
            return True
        if do == "answer":
            conn.sendall(b"$%d\r\n%s\r\n" % (len(rule.text), rule.text.encode()))
            return True
        if do == "late":
            time.sleep(rule.seconds)
        redis.sendall(raw)
        reply = read_reply(replies)
        if do == "late":
            with self.lock:
                self.late += 1
        if do == "after" or not reply:
            return False
        if do == "stall":
            time.sleep(rule.seconds)
        if do == "then":
            rule.then()
        conn.sendall(reply)
        return True

    def close(self):
        self.listener.close()


def read_command(f):
    line = f.readline()
    if not line.startswith(b"*"):
        return b"", []
    raw, words = line, []
    for _ in range(int(line[1:])):
        head = f.readline()
        data = f.read(int(head[1:]) + 2)
        raw += head + data
        words.append(data[:-2])
    return raw, words


def read_reply(f):
    """One reply, byte for byte; empty at the end of the connection."""
    line = f.readline()
    kind = line[:1]
    if kind == b"$" and int(line[1:]) >= 0:
        return line + f.read(int(line[1:]) + 2)
    if kind == b"*" and int(line[1:]) > 0:
        return line + b"".join(read_reply(f) for _ in range(int(line[1:])))
    return line
