"""A web server that answers as the test wants, however wrong, under every address there is.

    internet.origin.on("/a", origin.whole(b"bytes"))
    internet.origin.on("/b", origin.redirect(302, "http://other.test/a"))
    ...
    self.assertEqual([r.dialled for r in internet.origin.requests], ["8.8.8.8"])

An answer is bytes, sent as they are, or a function called with the connection and the Request; below are those that
most tests want. What nothing is said of gets the fallback, 404.
"""
import gzip
import socket
import ssl
import threading
import time

HTTP, HTTPS, OTHER_PORT = 80, 443, 8080
# Longer than any timeout under test, so that it is never the origin that gives up.
PATIENCE_S = 60


class Request:
    """What came: method, target, headers (pairs), and the address and port that were dialled."""

    def __init__(self, head, sock, secure):
        lines = head.decode("latin-1").split("\r\n")
        self.method, self.path, self.version = (lines[0].split(" ", 2) + ["", ""])[:3]
        self.headers = [tuple(part.strip() for part in line.split(":", 1)) for line in lines[1:] if line]
        self.dialled, self.port = sock.getsockname()[:2]
        self.secure = secure

    def all(self, name):
        return [pair[1] for pair in self.headers if pair[0].lower() == name.lower()]

    def header(self, name):
        """The one value, or None."""
        values = self.all(name)
        if len(values) > 1:
            raise AssertionError(f"{name} {len(values)} times: {values}")
        return values[0] if values else None

    def __repr__(self):
        return f"<{self.method} {self.path} at {self.dialled} port {self.port}: {self.headers}>"


class Origin:
    """requests lists all that came, connections every (address, port) that was dialled, closed those since closed."""

    def __init__(self, certificates):
        self.certificates = certificates
        self.clear()
        for port in (HTTP, HTTPS, OTHER_PORT):
            for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
                self.listen(family, address, port)

    def clear(self):
        self.answers, self.fallback = {}, status(404)
        self.forget()

    def forget(self):
        self.requests, self.connections, self.closed = [], [], []
        # Addresses under which a connection is taken and not a word is said, not even of TLS.
        self.mute = set()

    def on(self, path, answer):
        self.answers[path] = answer

    def listen(self, family, address, port):
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(128)
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            sock, _ = listener.accept()
            self.connections.append(sock.getsockname()[:2])
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        dialled = sock.getsockname()[:2]
        sock.settimeout(PATIENCE_S)
        try:
            if dialled[0] in self.mute:
                wait_for_close(sock)
                return
            secure = dialled[1] == HTTPS
            with self.secured(sock) if secure else sock as conn:
                head = read_head(conn)
                if head:
                    self.answer(conn, Request(head, conn, secure))
        except OSError:
            pass
        finally:
            sock.close()
            self.closed.append(dialled)

    def answer(self, conn, request):
        self.requests.append(request)
        answer = self.answers.get(request.path, self.fallback)
        if callable(answer):
            answer(conn, request)
        else:
            conn.sendall(answer)

    def secured(self, sock):
        """With the certificate of the name that the client asks for, or of the address."""
        address = sock.getsockname()[0]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

        def choose(conn, name, _):
            conn.context = self.certificates.context(name or address)

        context.sni_callback = choose
        return context.wrap_socket(sock, server_side=True)


def wait_for_close(sock):
    while sock.recv(1 << 16):
        pass


def read_head(conn):
    data = b""
    while b"\r\n\r\n" not in data:
        piece = conn.recv(65536)
        if not piece:
            return None
        data += piece
    return data[:data.index(b"\r\n\r\n")]


# -- answers

def head(code, *headers):
    """The head of an answer; headers are lines."""
    return "\r\n".join([f"HTTP/1.1 {code} Whatever", "Connection: close", *headers, "", ""]).encode()


def whole(data, *headers, code=200):
    return head(code, f"Content-Length: {len(data)}", *headers) + data


def status(code):
    """With a body, where there may be one."""
    return head(code) if code in (204, 304) else whole(b"what came of it", code=code)


def redirect(code, location=None):
    return whole(b"it is elsewhere", *([f"Location: {location}"] if location is not None else []), code=code)


def chunk(data):
    return b"%x\r\n%s\r\n" % (len(data), data)


def chunked(*pieces, end=b"0\r\n\r\n"):
    """end: what follows the last piece; b"" is a body cut off."""
    return head(200, "Transfer-Encoding: chunked") + b"".join(chunk(piece) for piece in pieces) + end


def until_close(data):
    return head(200) + data


def claims(length, data):
    """Says so much and sends that."""
    return head(200, f"Content-Length: {length}") + data


def gzipped(data):
    """Whether the client asked for it or not."""
    return whole(gzip.compress(data), "Content-Encoding: gzip")


def after(interim, answer):
    """Interim answers (100, 103) first."""
    return b"".join(f"HTTP/1.1 {code} Wait\r\nLink: </a>\r\n\r\n".encode() for code in interim) + answer


def endless(start, piece):
    """Sends the piece again and again after the start, for as long as anybody reads."""
    def answer(conn, _):
        conn.sendall(start)
        while True:
            conn.sendall(piece)
    return answer


def endless_header():
    return endless(b"HTTP/1.1 200 OK\r\n", b"X-More: and more of it\r\n")


def trickle(start, piece, pause_s):
    """One piece after each pause."""
    def answer(conn, _):
        conn.sendall(start)
        while True:
            time.sleep(pause_s)
            conn.sendall(piece)
    return answer


def stall(start):
    """Sends that and then nothing, the connection stays open. stall(b"") never answers."""
    def answer(conn, _):
        conn.sendall(start)
        wait_for_close(conn)
    return answer


def slowly(pause_s, answer):
    """The answer, after a while."""
    def late(conn, _):
        time.sleep(pause_s)
        conn.sendall(answer)
    return late


def closed_properly(data):
    """With TLS's own word that this is the end (close_notify), which a plain answer is without."""
    def answer(conn, _):
        conn.sendall(data)
        conn.unwrap()
    return answer
