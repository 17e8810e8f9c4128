"""What the web servers have in common."""
from harness import client, process
from harness.differing import Differing


class Front(Differing):
    """A web server before the workers: by its file of deploy/, on a free port.

    prefix       the path under which the service is mounted
    tcp          whether it reaches the workers over TCP: the pool and the slow pool then listen on its ports
    settings     lines of the workers' env file that belong to it
    longest      body that a worker can be told of
    """

    prefix = ""
    tcp = False
    settings = {}
    longest = 1 << 40

    def __init__(self, folder):
        self.folder = folder
        self.port = process.free_port()
        self.address = ("127.0.0.1", self.port)
        self.url = f"http://127.0.0.1:{self.port}{self.prefix}"
        self.ports = (process.free_port(), process.free_port()) if self.tcp else (None, None)
        self.log = folder.log + "/front.log"
        self.process = None

    def command(self):
        """The program and its arguments, with its configuration rendered."""
        raise NotImplementedError

    def pools(self, binary, workers, slow, env):
        """None, or the workers that the web server starts by itself, as (pool, slow pool): see Workers and Site."""

    def start(self):
        self.process = process.start(self.command(), self.log)
        process.wait_until(self.ready, what=f"the web server on port {self.port}")
        return self

    def ready(self):
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as f:
                raise AssertionError("the web server ended at once: " + f.read())
        try:
            client.connect(self.address, 1).close()
            return True
        except OSError:
            return False

    def complaints(self):
        """Lines of its log that no test should cause."""
        return []

    def stop(self):
        if self.process:
            process.stop(self.process)
            self.process = None
