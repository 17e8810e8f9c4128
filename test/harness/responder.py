"""A FastCGI responder in the test's own process: sees what a web server passes on, answers what the test wants."""
import os
import socket
import struct
import threading

from harness import fcgi


class Responder:
    """answer(params, body) returns the CGI response as bytes; called lists (params, body) of every request."""

    def __init__(self, path, answer):
        self.answer = answer
        self.called = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        os.chmod(path, 0o600)
        self.listener.listen(64)
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with sock:
                sock.settimeout(10)
                try:
                    self.serve(sock)
                except OSError:
                    pass

    def serve(self, sock):
        streams = {fcgi.PARAMS: b"", fcgi.STDIN: b""}
        ended = set()
        while ended != set(streams):
            got = fcgi.receive(sock)
            if got is None:
                return
            kind, _, data = got
            if kind in streams:
                streams[kind] += data
                if not data:
                    ended.add(kind)
        values = dict(pairs(streams[fcgi.PARAMS]))
        self.called.append((values, streams[fcgi.STDIN]))
        out = self.answer(values, streams[fcgi.STDIN])
        sock.sendall(fcgi.stream(fcgi.STDOUT, out) + fcgi.record(fcgi.END, struct.pack("!IB3x", 0, 0)))

    def close(self):
        self.listener.close()


def pairs(data):
    """The name-value pairs of a PARAMS stream."""
    at = 0
    while at < len(data):
        sizes = []
        for _ in range(2):
            if data[at] < 128:
                sizes.append(data[at])
                at += 1
            else:
                sizes.append(struct.unpack_from("!I", data, at)[0] & 0x7FFFFFFF)
                at += 4
        name = data[at:at + sizes[0]].decode("latin-1")
        value = data[at + sizes[0]:at + sum(sizes)].decode("latin-1")
        at += sum(sizes)
        yield name, value
