"""What only Apache can be asked: its check of deploy/apache.conf, its own refusals, its pools gone or full, mod_xsendfile."""
import functools
import http.server
import json
import os
import signal
import subprocess
import threading
import unittest

from harness import Apache, Folder, main, process
from harness.client import read, request, send, zeros
from harness.fronts.apache import ApacheTcp
from harness.origins import OpenCase
from harness.samples import png

ID = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
HTML = b"<html><body>page</body></html>"
OWN_ID = "^[0-9a-f]{32}$"
FETCH = "/api/v4/upload_from_url?url=ftp://example.org/"


class Case(OpenCase):
    options = {"front": Apache}

    def assertOwn(self, answer, status, code):
        """A refusal of Apache's in the envelope of the API, and in its log."""
        self.assertOpen(answer, status)
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual((answer.header("Cache-Control"), answer.header("X-Content-Type-Options")), ("no-store", "nosniff"))
        self.assertRegex(answer.header("X-Request-Id"), OWN_ID)
        doc = answer.json
        self.assertEqual((doc["status"], doc["code"], doc["request_id"]), (status, code, answer.header("X-Request-Id")))
        self.assertRegex(doc["message"], r"^[A-Z].*\.$")
        self.assertEqual(doc["documentation_url"], self.site.url + "/docs/api#errors")
        line = process.wait_until(lambda: self.refused(doc["request_id"]), what="the line in refused.log")
        self.assertEqual((line["status"], line["remote"]), (status, "127.0.0.1"))

    def refused(self, own):
        with open(os.path.join(self.site.folder.log, "refused.log"), encoding="utf-8") as f:
            return next((json.loads(line) for line in f if own in line), None)

    def fetch(self):
        return self.site.request("POST", FETCH, key=True)


class Check(unittest.TestCase):
    def test_configtest(self):
        for way in (Apache, ApacheTcp):
            folder = Folder()
            try:
                run = subprocess.run(way(folder).command("-t"), capture_output=True, text=True, check=False,
                                     env={"PATH": os.environ["PATH"] + ":" + process.SBIN})
                self.assertEqual((run.returncode, run.stderr), (0, "Syntax OK\n"))
            finally:
                folder.remove()


class Refusals(Case):
    def test_apache_s_own(self):
        rows = [("GET", "/a b", 400, "bad_request", {}), ("GET", "/..", 400, "bad_request", {}),
                ("GET", "/%zz", 400, "bad_request", {}), ("GET", "/up", 400, "bad_request", {"headers": {"X": "y" * 64000}}),
                ("POST", "/api/v4/me", 400, "bad_request", {"body": b"x", "length": "abc"}),
                ("GET", f"/{ID}/a%00.png", 404, "not_found", {}), ("GET", "/" + "x" * 40000, 414, "uri_too_long", {}),
                ("TRACE", "/api/v4/me", 405, "method_not_allowed", {}),
                ("GET", "/up", 417, "expectation_failed", {"headers": {"Expect": "foo"}})]
        for method, path, status, code, more in rows:
            with self.subTest(method=method, path=path[:40]):
                answer = self.site.request(method, path, **more)
                self.assertOwn(answer, status, code)
                self.assertEqual(answer.header("Allow"), "" if status == 405 else None)
                self.assertIsNone(answer.header("Retry-After"))

    def test_left_to_the_worker(self):
        """Its status pages, what is long but not too long, and what it would say itself of an escaped slash."""
        for path in ("/server-status", "/icons/", "/.htaccess", "/a%2fb", "/" + "x" * 20000):
            with self.subTest(path=path[:40]):
                answer = self.site.get(path)
                self.assertIn(answer.status, (400, 404))
                self.assertNotRegex(answer.header("X-Request-Id"), OWN_ID)
        self.assertEqual(self.site.get("/up", {"X": "y" * 16000}).status, 200)

    def test_beside_the_prefix(self):
        """Nothing else is served there."""
        with open(os.path.join(self.site.folder.data, "files", "x.png"), "wb") as f:
            f.write(png())
        for path in ("/x.png", "/files/x.png", self.site.folder.data + "/files/x.png"):
            self.assertEqual(self.site.get(path).status, 404)


class Neighbour(http.server.BaseHTTPRequestHandler):
    """Another application, of errors and a form of its own: /other/<status>."""

    def do_GET(self):
        self.send_response(int(self.path.rsplit("/", 1)[1]))
        for name, value in (("Content-Type", "text/html"), ("Content-Length", len(HTML)), ("Cache-Control", "max-age=60")):
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(HTML)

    def log_message(self, *words):
        pass


class Inside(ApacheTcp):
    """What stands between the marks, in a site of somebody's own."""

    def __init__(self, folder):
        super().__init__(folder, also=["proxy_http"])
        self.neighbour = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Neighbour)
        threading.Thread(target=self.neighbour.serve_forever, daemon=True).start()

    def main_file(self):
        path = super().main_file()
        with open(os.path.join(self.folder.conf, "apache.conf"), "r+", encoding="utf-8") as f:
            inside = f.read().split("# -- from here")[1].split("# -- to here")[0]
            f.seek(0)
            f.truncate()
            f.write(f"<VirtualHost 127.0.0.1:{self.port}>\n{inside}\n"
                    f"ProxyPass /other/ http://127.0.0.1:{self.neighbour.server_port}/\n"
                    "<Location /shut/>\nRequire all denied\n</Location>\n</VirtualHost>\n")
        return path

    @staticmethod
    def enabled(site):
        return ["proxy", "proxy_fcgi", "rewrite", "headers", "unique_id"]

    def stop(self):
        super().stop()
        self.neighbour.shutdown()
        self.neighbour.server_close()


class WithANeighbour(Case):
    options = {"front": Inside}

    def refusals(self):
        with open(os.path.join(self.site.folder.log, "refused.log"), encoding="utf-8") as f:
            return f.readlines()

    def test_its_errors_are_its_own(self):
        own = ("Access-Control-Allow-Origin", "X-Request-Id", "Retry-After", "X-Content-Type-Options")
        for status in (200, 400, 401, 403, 404, 417, 500, 502, 503):
            with self.subTest(status=status):
                answer = request(self.site.front.address, "GET", f"/other/{status}")
                self.assertEqual((answer.status, answer.body), (status, HTML))
                self.assertEqual((answer.header("Content-Type"), answer.header("Cache-Control")), ("text/html", "max-age=60"))
                self.assertEqual([answer.header(name) for name in own], [None] * len(own))
        for path, status in (("/nothing", 403), ("/shut/x", 403), ("/cdnx/up", 403)):
            with self.subTest(path=path):
                answer = request(self.site.front.address, "GET", path)
                self.assertEqual((answer.status, answer.header("X-Request-Id")), (status, None))
                self.assertTrue(answer.header("Content-Type").startswith("text/html"))
        self.assertEqual(self.refusals(), [])

    def test_ours_are_ours(self):
        self.assertEqual(self.site.me().status, 200)
        self.assertOwn(self.site.request("TRACE", "/up"), 405, "method_not_allowed")
        self.assertOwn(self.site.get("/up", {"Expect": "foo"}), 417, "expectation_failed")
        self.assertOwn(request(self.site.front.address, "GET", "/" + "x" * 40000), 414, "uri_too_long")
        answer = self.site.get(f"/{ID}/a%00.png")
        self.assertEqual((answer.status, answer.header("X-Request-Id")), (404, None))
        self.assertTrue(answer.header("Content-Type").startswith("text/html"))


class WithoutWorkers(Case):
    def test_answers(self):
        static, other = self.path(png(), "a.png"), self.path(HTML, "a.html")
        for pool in self.site.pools:
            pool.stop()
        self.check([("GET", static, 200, {}), ("HEAD", static, 200, {}), ("GET", other, 503, {}),
                    ("OPTIONS", "/api/v4/me", 503, {}), ("POST", "/api/v4/upload", 503, {"key": True, "body": b"x"})])
        for answer in (self.site.me(), self.fetch()):
            self.assertOwn(answer, 503, "unavailable")
            self.assertEqual(answer.header("Retry-After"), "5")
        self.site.pool.start()
        self.check([("OPTIONS", FETCH, 204, {}), ("GET", FETCH, 405, {}), ("POST", FETCH, 503, {"key": True})])
        self.site.slow.start()
        self.assertEqual((self.site.me().status, self.fetch().status), (200, 422))


class WithoutWorkersOverTcp(WithoutWorkers):
    options = {"front": ApacheTcp}


class Killed(Case):
    def test_in_mid_body(self):
        body = bytes(1 << 20)
        with self.site.begin("PUT", "/api/v4/upload/a.bin", {"Content-Length": len(body)}, key=True) as sock:
            sock.sendall(body[:1 << 19])
            process.wait_until(lambda: self.site.held(self.site.pools), what="the upload")
            self.site.expect_ends()
            for pid in self.site.pool.pids():
                process.kill(pid, signal.SIGKILL)
            send(sock, [body[1 << 19:]])
            self.assertOwn(read(sock, "PUT"), 503, "unavailable")
        self.assertEqual((self.site.unfinished(), self.site.stored()), ([], []))


class EarlyRefusal(Case):
    """Apache waits for the body before it looks for an answer; a worker that has answered does not wait for ever."""
    options = {"front": Apache, "workers": 1}
    LENGTH = 60 << 20

    def begin(self):
        return self.site.begin("PUT", "/api/v4/upload/a.bin", {"Content-Length": self.LENGTH}, key="sk_cdn_" + "0" * 64)

    def refused_and_forgotten(self):
        """Once the only worker has answered, and is free again."""
        seen = len(self.site.access())
        sock = self.begin()
        process.wait_until(lambda: len(self.site.access_so_far()) > seen, what="the worker's answer")
        self.assertEqual(self.site.get("/up").status, 200)
        return sock

    def test_with_the_next_bytes(self):
        """Not only when all of the body is there: whoever then waits is answered."""
        with self.begin() as sock:
            sock.sendall(bytes(100_000))
            self.assertFalse(send(sock, zeros(20 << 20)))
            self.assertEqual(read(sock, "PUT").status, 401)

    def test_lost(self):
        with self.refused_and_forgotten() as sock:
            self.assertFalse(send(sock, zeros(self.LENGTH)))
            self.assertOwn(read(sock, "PUT"), 503, "unavailable")


class FullPool(Case):
    def test_fetches_that_wait(self):
        """Some wait for a worker of the slow pool; the others are told to come again, and nobody else notices."""
        answers = []
        for pid in self.site.slow.pids():
            process.kill(pid, signal.SIGSTOP)
        threads = [threading.Thread(target=lambda: answers.append(self.fetch())) for _ in range(60)]
        try:
            for thread in threads:
                thread.start()
            process.wait_until(lambda: answers, what="a refusal")
            self.assertEqual(self.site.me().status, 200)
        finally:
            for pid in self.site.slow.pids():
                process.kill(pid, signal.SIGCONT)
            for thread in threads:
                thread.join()
        refused = [answer for answer in answers if answer.status == 503]
        self.assertLessEqual({answer.status for answer in answers}, {422, 429, 503})
        self.assertGreater(len(answers), len(refused))
        self.assertOwn(refused[0], 503, "unavailable")
        self.assertEqual(refused[0].header("Retry-After"), "5")


class SilentWorkers(Case):
    """Apache waits for a worker that answers nothing."""
    class Impatient(Apache):
        def __init__(self, folder):
            worker = f"unix:{folder.run}/worker.sock|fcgi://cdn-worker/"
            super().__init__(folder, f'<Proxy "{worker}">\nProxySet timeout=1\n</Proxy>')

    options = {"front": Impatient}

    def test_answers(self):
        for pid in self.site.pool.pids():
            process.kill(pid, signal.SIGSTOP)
        try:
            self.assertOwn(self.site.me(), 504, "gateway_timeout")
        finally:
            for pid in self.site.pool.pids():
                process.kill(pid, signal.SIGCONT)


class Store(Case):
    """What mod_brotli would make of a file, and a link that somebody planted above one."""
    options = {"front": functools.partial(Apache, extra="AddOutputFilterByType BROTLI_COMPRESS text/html", also=["brotli"])}

    def test_as_it_is(self):
        answer = self.site.get(self.path(HTML, "a.html"), {"Accept-Encoding": "br"})
        self.assertEqual((answer.body, answer.header("Content-Encoding")), (HTML, None))

    def test_a_folder_that_is_a_link(self):
        path = self.path(png(), "a.png")
        folder = os.path.join(self.site.folder.data, "files", path.split("/")[1][-3:])
        os.rename(folder, folder + ".away")
        os.symlink(folder + ".away", folder)
        answer = self.site.get(path)
        self.assertEqual((answer.status, answer.json["code"]), (404, "not_found"))


class WithXSendfile(Apache):
    def __init__(self, folder):
        super().__init__(folder, f'XSendFile on\nXSendFilePath "{folder.data}/files"', ["xsendfile"])


class XSendfile(Case):
    """Why it is not used."""
    options = {"front": WithXSendfile}
    settings = {"CDN_SENDFILE": "x-sendfile"}

    def test_one_etag_for_all_files(self):
        for data, name in ((HTML, "a.html"), (b"text", "a.txt")):
            answer = self.site.get(self.path(data, name))
            self.assertEqual((answer.status, answer.body, answer.header("ETag")), (200, data, '"0"'))


main()
