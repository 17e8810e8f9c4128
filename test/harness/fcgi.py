"""FastCGI records, right and wrong, and a client for a worker's socket."""
import struct

from harness import client

BEGIN, ABORT, END, PARAMS, STDIN, STDOUT, STDERR, DATA, GET_VALUES, GET_VALUES_RESULT, UNKNOWN = range(1, 12)
RESPONDER, AUTHORIZER, FILTER = 1, 2, 3
KEEP_CONN = 1


def record(kind, data=b"", request=1, version=1, padding=0, length=None):
    """One record; length, when given, is what the header claims."""
    claimed = len(data) if length is None else length
    return struct.pack("!BBHHBB", version, kind, request, claimed, padding, 0) + data + b"\0" * padding


def begin(role=RESPONDER, flags=0, request=1):
    return record(BEGIN, struct.pack("!HB5x", role, flags), request)


def size(n):
    return bytes([n]) if n < 128 else struct.pack("!I", n | 0x80000000)


def pair(name, value):
    name, value = (x if isinstance(x, bytes) else str(x).encode() for x in (name, value))
    return size(len(name)) + size(len(value)) + name + value


def stream(kind, data, request=1, piece=65528):
    """The records of a whole stream, with the empty one that ends it."""
    out = [record(kind, data[at:at + piece], request) for at in range(0, len(data), piece)]
    return b"".join([*out, record(kind, b"", request)])


def params(values, request=1):
    return stream(PARAMS, b"".join(pair(name, value) for name, value in values.items()), request)


def environment(method="GET", uri="/", headers=(), **more):
    """The parameters that deploy/nginx.conf sends, plus one for each header."""
    values = {
        "REQUEST_URI": uri, "REQUEST_METHOD": method, "CONTENT_TYPE": "", "CONTENT_LENGTH": "",
        "REMOTE_ADDR": "127.0.0.1",
    }
    for name, value in dict(headers).items():
        values["HTTP_" + name.upper().replace("-", "_")] = value
    values.update({name: value for name, value in more.items() if value is not None})
    for name in [name for name, value in more.items() if value is None]:
        values.pop(name, None)
    return values


class Reply:
    """What came back: status and headers parsed, the body, and how the request ended."""

    def __init__(self, out, err, ended):
        self.raw, self.err = out, err
        # None when the connection closed without an END_REQUEST, else its application status.
        self.ended = ended
        head, _, self.body = out.partition(b"\r\n\r\n")
        self.headers = [tuple(line.split(": ", 1)) for line in head.decode("latin-1").split("\r\n") if ": " in line]
        self.status = int((self.header("Status") or "200 OK").split()[0]) if out else None

    def header(self, name):
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        if len(values) > 1:
            raise AssertionError(f"{name} {len(values)} times")
        return values[0] if values else None


def exactly(sock, count):
    data = b""
    while len(data) < count:
        piece = sock.recv(count - len(data))
        if not piece:
            return None
        data += piece
    return data


def receive(sock):
    """One record as (kind, request, data); None at the end of the connection."""
    try:
        header = exactly(sock, 8)
        if header is None:
            return None
        _, kind, request, length, padding, _ = struct.unpack("!BBHHBB", header)
        data = exactly(sock, length + padding)
    except ConnectionResetError:
        return None
    return None if data is None else (kind, request, data[:length])


def reply(sock):
    """Read until END_REQUEST or the end of the connection."""
    out, err, ended = b"", b"", None
    while True:
        got = receive(sock)
        if got is None:
            break
        kind, _, data = got
        if kind == STDOUT:
            out += data
        elif kind == STDERR:
            err += data
        elif kind == END:
            ended = struct.unpack("!I", data[:4])[0]
            break
    return Reply(out, err, ended)


def call(address, values, body=b"", flags=0, piece=65528, timeout=30):
    """A whole well-formed request to a worker's socket."""
    with client.connect(address, timeout) as sock:
        try:
            sock.sendall(begin(flags=flags) + params(values) + stream(STDIN, body, piece=piece))
        except (BrokenPipeError, ConnectionResetError):
            pass
        return reply(sock)
