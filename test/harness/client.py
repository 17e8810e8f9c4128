"""HTTP over a plain socket: what is sent is what the test wrote, nothing is corrected on the way."""
import http.client
import json as jsonlib
import select
import socket
import time


class Response:
    def __init__(self, raw, body, sent_all):
        self.status = raw.status
        self.headers = raw.getheaders()
        self.body = body
        # False: the answer came before the whole body was sent.
        self.sent_all = sent_all

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]

    def header(self, name):
        """The one value of a header, or None. Twice the same header is a fault of the server."""
        values = self.all(name)
        if len(values) > 1:
            raise AssertionError(f"{name} {len(values)} times: {values}")
        return values[0] if values else None

    @property
    def json(self):
        return jsonlib.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:300]!r}>"


def connect(address, timeout=30):
    """address: (host, port), or the path of a Unix socket."""
    family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.settimeout(timeout)
    try:
        sock.connect(address)
    except OSError:
        sock.close()
        raise
    return sock


def head(method, path, headers):
    """The head of a request, byte for byte; str is encoded as UTF-8."""
    lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers)]
    return "\r\n".join(lines).encode("utf-8", "surrogateescape") + b"\r\n\r\n"


def read(sock, method="GET", sent_all=True, limit=None):
    """Read one response; limit stops early, for readers that do not want it all."""
    raw = http.client.HTTPResponse(sock, method=method)
    raw.begin()
    return Response(raw, raw.read(limit) if limit is not None else raw.read(), sent_all)


def send(sock, pieces, pause_s=0):
    """Send the pieces; stops, returning False, once an answer is there or the peer has gone."""
    for piece in pieces:
        try:
            sock.sendall(piece)
        except (BrokenPipeError, ConnectionResetError):
            return False
        if pause_s:
            time.sleep(pause_s)
        if select.select([sock], [], [], 0)[0]:
            return False
    return True


def chunks(pieces):
    """The pieces in the chunked coding, one chunk a piece."""
    for piece in pieces:
        if piece:
            yield b"%x\r\n%s\r\n" % (len(piece), piece)
    yield b"0\r\n\r\n"


def zeros(count, size=1 << 20):
    """So many of them, in pieces."""
    for at in range(0, count, size):
        yield bytes(min(size, count - at))


def cut(data, size=65536):
    """bytes -> pieces of that size."""
    for at in range(0, len(data), size):
        yield data[at:at + size]


def request(address, method, path, headers=(), body=None, chunked=False, length="auto", pause_s=0, timeout=30,
            host="localhost"):
    """One request on a connection of its own.

    headers   pairs, or a dict; Host and Connection: close are added unless host is None
    body      bytes, or an iterable of pieces (then give length, or chunked)
    length    "auto": Content-Length of the bytes; None: none; anything else is sent as it is
    pause_s   waited after each piece
    """
    headers = list(headers.items() if isinstance(headers, dict) else headers)
    if host is not None:
        headers = [("Host", host), ("Connection", "close"), *headers]
    pieces = []
    if body is not None:
        pieces = list(cut(body)) if isinstance(body, bytes) else body
        if chunked:
            headers.append(("Transfer-Encoding", "chunked"))
            pieces = chunks(pieces)
        elif length == "auto":
            headers.append(("Content-Length", len(body)))
    if body is None or not chunked:
        if length not in ("auto", None):
            headers.append(("Content-Length", length))
    with connect(address, timeout) as sock:
        sock.sendall(head(method, path, headers))
        sent_all = send(sock, pieces, pause_s)
        return read(sock, method, sent_all)
