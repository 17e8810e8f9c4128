"""Fetches from a web server of the test's own, which does as it is told."""
import concurrent.futures
import json
import socket
import threading

from harness import client, process

FETCH = "/api/v4/upload_from_url"
# More than two of the buffers in which a file is written.
BYTES = b"0123456789abcdef" * 40000
SETTINGS = {"CDN_FETCH_OPEN": "127.0.0.0/8", "CDN_FETCH_PER_MINUTE": 0, "CDN_RATE_WINDOW": 300}


class Source:
    """Gives `data`: at once under /whole, half of it under /half until release(). asked counts the requests.

    wait_for(n) makes every request wait for n of them. Under /chunked no length is said.
    """

    def __init__(self, data=BYTES):
        self.data = data
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self.listener.getsockname()[1]
        self.settings = {**SETTINGS, "CDN_FETCH_PORTS": self.port}
        self.begin()
        threading.Thread(target=self.run, daemon=True).start()

    def begin(self):
        """Nothing has happened yet."""
        self.asked = 0
        self.released, self.everybody = threading.Event(), None
        self.lock = threading.Lock()

    def wait_for(self, count):
        self.everybody = threading.Barrier(count)

    def release(self):
        self.released.set()

    def url(self, path):
        return f"http://127.0.0.1:{self.port}{path}"

    def run(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with sock:
            sock.settimeout(60)
            try:
                request = sock.recv(65536)
                if request:
                    self.answer(sock, request.split()[1])
            except OSError:
                pass  # whoever asked has gone

    def answer(self, sock, path):
        with self.lock:
            self.asked += 1
        if self.everybody:
            self.everybody.wait(60)
        length = b"" if path.startswith(b"/chunked") else b"Content-Length: %d\r\n" % len(self.data)
        sock.sendall(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + length + b"\r\n")
        half = len(self.data) // 2 if path.startswith(b"/half") else 0
        if half:
            sock.sendall(self.data[:half])
            self.released.wait(60)
        sock.sendall(self.data[half:])

    def close(self):
        self.release()
        self.listener.close()


def fetch(site, source, path="/whole", key=True, **more):
    body = json.dumps({"url": source.url(path)}).encode()
    return site.request("POST", FETCH, [("Content-Type", "application/json")], body, key=key, **more)


def at_once(calls):
    """All of them, side by side; their answers."""
    with concurrent.futures.ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(call) for call in calls]]


def meanwhile(site, source, happens):
    """A fetch in the middle of whose bytes something happens; the answer."""
    source.begin()
    body = json.dumps({"url": source.url("/half")}).encode()
    with client.connect(site.address) as sock:
        sock.sendall(client.head("POST", FETCH, [
            ("Host", "localhost"), ("Connection", "close"), ("Authorization", "Bearer " + site.key),
            ("Content-Type", "application/json"), ("Content-Length", len(body))]) + body)
        process.wait_until(lambda: has_unfinished(site), what="an unfinished file")
        happens()
        source.release()
        return client.read(sock, "POST")


def has_unfinished(site):
    """A slow worker has begun a file, and bytes are in it."""
    return any(site.folder.data + "/tmp" in path
               for pid in site.slow.pids() for path in site.descriptors(pid))
