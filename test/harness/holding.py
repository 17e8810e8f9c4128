"""A source on this machine that holds its answers back."""
import socket
import threading


class Origin:
    """Takes every request and answers none of them before release(); then /broken breaks off, and the rest is whole."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.hold()
        threading.Thread(target=self.run, daemon=True).start()

    def hold(self):
        self.asked, self.released = [], threading.Event()

    def release(self):
        self.released.set()

    def run(self):
        while True:
            sock, _ = self.listener.accept()
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        with sock:
            path = sock.recv(65536).split()[1].decode()
            self.asked.append(path)
            self.released.wait(60)
            length = len(path) + (1 if path.startswith("/broken") else 0)
            sock.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{path}".encode())
