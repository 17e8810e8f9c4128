"""What scripts of other origins may read of nginx's own refusals: as of the workers' answers, one origin, all of them."""
import signal

from harness import Nginx, main, process
from harness.origins import OpenCase
from harness.samples import png

ID = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
HTML = b"<html><body>page</body></html>"


class Refusals(OpenCase):
    def test_refused(self):
        long = {"X": "y" * 64000}
        self.check([
            ("GET", "/api/v4/me", 400, {"headers": long}), ("GET", f"/{ID}/a.png", 400, {"headers": long}),
            ("GET", "/api/v4/" + "x" * 20000, 400, {}), ("GET", f"/{ID}/" + "x" * 20000, 400, {}),
            ("TRACE", "/api/v4/me", 405, {}), ("TRACE", "/api/v4/upload", 405, {}),
            ("TRACE", "/api/v4/upload_from_url", 405, {}),
            ("POST", "/api/v4/revoke", 413, {"body": bytes(2 << 20), "key": True}),
            ("POST", "/api/v4/upload_from_url", 413, {"body": bytes(1 << 17), "key": True}),
            ("POST", "/api/v4/me", 400, {"body": b"x", "length": "abc"}),
            ("GET", "/.error/404", 404, {}), ("GET", "/.files/x", 404, {}),
        ])
        self.assertEqual(self.site.me().status, 200)


class WithoutWorkers(OpenCase):
    def test_answers(self):
        static, other = self.path(png(), "a.png"), self.path(HTML, "a.html")
        for pool in self.site.pools:
            pool.stop()
        self.check([("GET", static, 200, {}), ("GET", other, 502, {}), ("GET", "/api/v4/me", 502, {"key": True}),
                    ("GET", f"/{ID}/a.png", 502, {}), ("OPTIONS", "/api/v4/me", 502, {}),
                    ("POST", "/api/v4/upload", 502, {"key": True, "body": b"x"}),
                    ("POST", "/api/v4/upload_from_url", 503, {"key": True, "body": b"url=x"})])


class Impatient(Nginx):
    names = {"TIMEOUT": "1"}


class SilentWorkers(OpenCase):
    """nginx waits for a worker that answers nothing."""
    options = {"front": Impatient}

    def test_answers(self):
        for pid in self.site.pool.pids():
            process.kill(pid, signal.SIGSTOP)
        try:
            self.check([("GET", "/api/v4/me", 504, {}), ("GET", f"/{ID}/a.html", 504, {})])
        finally:
            for pid in self.site.pool.pids():
                process.kill(pid, signal.SIGCONT)


main()
