"""deploy/htaccess on hosts of several kinds: what each must allow, what it withholds, and what its restarts do."""
import os
import re
import signal
import subprocess
import threading
import unittest

from harness import Multipart, Part, Site, SiteCase, client, main, process
from harness.fronts.fcgid import HOST, Fcgid
from harness.samples import png

NOISE = os.urandom(4 << 20)


def on_host(*lines, **more):
    """What makes a front on a host that has these lines too."""
    return lambda folder: Fcgid(folder, host="\n".join((HOST, *lines)), **more)


def without(line, **more):
    """What makes a front whose customer has left out a line."""
    class Changed(Fcgid):
        def install(self):
            super().install()
            path = os.path.join(self.home + self.prefix, ".htaccess")
            with open(path, encoding="utf-8") as f:
                text = f.read()
            if line not in text:
                raise AssertionError(f"no such line: {line}")
            with open(path, "w", encoding="utf-8") as f:
                f.write(text.replace(line, ""))

    return lambda folder: Changed(folder, **more)


class Case(SiteCase):
    options = {"front": Fcgid}

    def envelope(self, answer, status, code):
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(answer.header("Cache-Control"), "no-store")
        self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
        self.assertEqual((answer.json["code"], answer.json["status"]), (code, status))
        self.assertTrue(answer.json["documentation_url"].startswith(self.site.url + "/docs/"))

    def assertNothingLeft(self):
        self.assertEqual(self.site.unfinished(), [])
        self.assertEqual(self.site.me().json["storage_used"], 0)
        self.assertEqual([path for path in self.site.stored() if path.endswith((".bin", ".json"))], [])


class DefaultLimit(Case):
    """A host that has not touched FcgidMaxRequestLen: 128 KiB."""
    options = {"front": lambda folder: Fcgid(folder, host="")}

    def test_just_below(self):
        answer = self.site.put(NOISE[:131072])
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.site.fetch(answer.json["url"]).body, NOISE[:131072])
        self.assertEqual(self.site.delete(answer.json["id"]).status, 200)

    def test_above(self):
        """The worker hears nothing of it. The answer says what it may be, the host's log what it is."""
        asked = len(self.site.access())
        for size in (131073, 4 << 20):
            for ask in (self.site.put, lambda data: self.site.upload(data, chunked=True)):
                with self.subTest(size=size):
                    answer = ask(NOISE[:size])
                    self.envelope(answer, 500, "internal_error")
                    self.assertIn("FcgidMaxRequestLen", answer.json["hint"])
                    self.assertIsNone(answer.header("X-Request-Id"))
        self.assertEqual(len(self.site.access()), asked)
        self.assertIn("exceeds MaxRequestLen", self.site.front.log_text())
        self.assertNothingLeft()


class Allowed(unittest.TestCase):
    """What the host's own lines about the folder make of it."""

    def test_the_least_that_must_be_allowed(self):
        """Each group of directives that AllowOverride must name: without one of them nothing is answered at all."""
        with Site(front=Fcgid) as site:
            self.assertEqual(site.me().status, 200)
            for override, said in (("FileInfo", "Options not allowed here"), ("Options=ExecCGI", "SetHandler not allowed"),
                                   ("None", None)):
                with self.subTest(override=override):
                    site.front.override = override
                    site.front.stop()
                    site.front.start()
                    self.assertEqual(site.me().status, 500 if said else 404)
                    if said:
                        self.assertIn(said, site.front.log_text())
            site.front.complaints = lambda: []

    def test_execcgi_given_by_the_host(self):
        """Where it may not be asked for, that line goes, and the host has it set already."""
        front = without("Options +ExecCGI\n", override="FileInfo", directory="Options +ExecCGI")
        with Site(front=front) as site:
            self.assertEqual(site.me().status, 200)

    def test_authorization_that_the_host_hands_on_too(self):
        for more in ({"directory": "CGIPassAuth On"}, {"host": HOST + "\nFcgidPassHeader Authorization"},
                     {"directory": "CGIPassAuth On", "host": HOST + "\nFcgidPassHeader Authorization"}):
            with self.subTest(**more), Site(front=lambda folder, more=more: Fcgid(folder, **more)) as site:
                self.assertEqual(site.me().status, 200)
                self.assertEqual(site.me(key=False).status, 401)

    def test_authorization_behind_two_rewrites(self):
        """The document root's own rules lead to the folder: ours are the last, and bring it back."""
        with Site(front=Fcgid) as site:
            with open(os.path.join(site.front.home, ".htaccess"), "w", encoding="utf-8") as f:
                f.write("RewriteEngine On\nRewriteRule ^files/(.*)$ cdn/$1 [L]\n")
            site.restart(CDN_PUBLIC_URL=site.url.replace("/cdn", "/files"))
            bearer = {"Authorization": "Bearer " + site.key}
            self.assertEqual(client.request(site.address, "GET", "/files/api/v4/me", bearer).status, 200)
            self.assertEqual(client.request(site.address, "GET", "/files/api/v4/me").status, 401)

    def test_checked_by_apache_itself(self):
        with Site(front=Fcgid) as site:
            run = subprocess.run([*site.front.command(), "-t"], capture_output=True, text=True, check=True,
                                 env={"PATH": os.environ["PATH"] + ":/usr/sbin"})
            self.assertIn("Syntax OK", run.stderr)


BROTLI = ("LoadModule brotli_module /usr/lib/apache2/modules/mod_brotli.so",
          "AddOutputFilterByType BROTLI_COMPRESS text/html text/plain")


class Folder(Case):
    options = {"front": on_host(*BROTLI)}

    def test_nobody_else_may_read_it(self):
        """Other customers of the host: not the files, not the log."""
        made = self.site.upload(NOISE[:100], "a.bin").json["id"]
        stored = [os.path.join(self.site.folder.data, path) for path in self.site.stored() if made in path]
        self.assertEqual(len(stored), 2)
        for path in (self.site.pool.log, *stored):
            self.assertEqual(os.stat(path).st_mode & 0o077, 0, path)

    def test_the_files_in_it_are_not_served(self):
        for name in ("/.htaccess", "/cdn.fcgi", "/.htpasswd"):
            for method in ("GET", "POST", "DELETE"):
                with self.subTest(name=name, method=method):
                    answer = self.site.request(method, name)
                    self.envelope(answer, 404, "route_not_found")
                    self.assertTrue(answer.header("X-Request-Id"))

    def test_nothing_is_compressed(self):
        """A compressed file would have another ETag, and 304 would never be its answer."""
        for name, data in (("a.html", b"<html>" + b"text " * 1000), ("a.txt", b"text " * 1000), ("a.png", png())):
            url = self.site.upload(data, name).json["url"]
            plain = self.site.fetch(url)
            for coding in ("gzip", "br", "gzip, br"):
                answer = self.site.fetch(url, {"Accept-Encoding": coding})
                self.assertEqual((answer.status, answer.body), (200, data))
                self.assertEqual(answer.header("ETag"), plain.header("ETag"))
                self.assertIsNone(answer.header("Vary"))

    def test_a_program_that_ends_at_once(self):
        path = os.path.join(self.site.front.home + "/cdn", "cdn.fcgi")
        with open(path, encoding="utf-8") as f:
            text = f.read()
        self.site.pool.stop()
        self.site.expect_ends()
        try:
            with open(path, "w", encoding="utf-8") as f:
                f.write("#!/bin/sh\nexit 1\n")
            answer = self.site.get("/up", timeout=100)
        finally:
            with open(path, "w", encoding="utf-8") as f:
                f.write(text)
            self.site.pool.start()
        self.envelope(answer, 500, "internal_error")
        self.assertEqual(self.site.get("/up", timeout=100).status, 200)


class Refusing(Case):
    """A host that refuses by itself what comes to the folder."""
    options = {"front": on_host(directory="RedirectMatch 503 /closed$\nLimitRequestBody 200000")}

    def test_out_of_service(self):
        answer = self.site.get("/closed")
        self.envelope(answer, 503, "unavailable")
        self.assertEqual(answer.header("Retry-After"), "5")
        self.assertIsNone(self.site.get("/up").header("Retry-After"))

    def test_a_limit_for_bodies(self):
        """It would cut them: ours takes its place."""
        for ask in (self.site.put, lambda data: self.site.upload(data, chunked=True)):
            answer = ask(NOISE)
            self.assertEqual((answer.status, answer.json["size"]), (201, len(NOISE)))
            self.assertEqual(self.site.delete(answer.json["id"]).status, 200)


class Cut(Case):
    """Whatever it may be that cuts a body on its way: with a length it is seen, as mod_fcgid alone would not tell."""
    options = {"front": without("LimitRequestBody 0\n", directory="LimitRequestBody 200000")}

    def test_known_by_its_length(self):
        for answer in (self.site.put(NOISE), self.site.upload(NOISE), self.site.put(NOISE[:200001])):
            self.assertEqual((answer.status, answer.json["code"]), (400, "bad_request"))
        self.assertNothingLeft()
        self.assertEqual(self.site.put(NOISE[:200000]).status, 201)


class Killed(Case):
    settings = {"CDN_FSYNC": "off"}

    def test_in_mid_body(self):
        """500, where others say 502; nothing is left, and the next request has a worker."""
        self.assertEqual(self.site.get("/up").status, 200)
        answers = []
        for pid in self.site.pool.pids():
            process.kill(pid, signal.SIGSTOP)
        upload = threading.Thread(target=lambda: answers.append(self.site.put(NOISE)))
        upload.start()
        stopped = self.site.pool.pids()
        process.wait_until(lambda: any(self.backlog(pid) for pid in stopped), what="the body to wait for the worker")
        self.site.expect_ends()
        for pid in stopped:
            process.kill(pid, signal.SIGKILL)
        upload.join()
        self.envelope(answers[0], 500, "internal_error")
        self.assertNothingLeft()
        self.assertEqual(self.site.put(NOISE).status, 201)

    def backlog(self, pid):
        """Whether a connection waits at the worker's listener."""
        inode = re.search(r"\d+", os.readlink(f"/proc/{pid}/fd/0")).group()
        run = subprocess.run(["ss", "-xlnH"], capture_output=True, text=True, check=True)
        return any(int(line.split()[2]) for line in run.stdout.splitlines() if f" {inode} " in line)


class Rolling(Case):
    """Workers end under load, each time with its last request done; mod_fcgid starts others."""
    # A host slows a program down that ends too often; here it ends every few requests.
    options = {"front": on_host("FcgidSpawnScoreUpLimit 1000000", "FcgidErrorScanInterval 1")}
    settings = {"CDN_FSYNC": "off", "CDN_RECYCLE_REQUESTS": "10"}

    def test_no_upload_fails(self):
        self.site.expect_ends()
        statuses, stop = [], threading.Event()

        def uploads(number):
            while not stop.is_set():
                data = NOISE[number:number + 1000 * number]
                answer = self.site.put(data, timeout=100)
                statuses.append(answer.status)
                if answer.status == 201:
                    back = self.site.fetch(answer.json["url"], timeout=100)
                    statuses.append(201 if back.body == data else repr(back))

        threads = [threading.Thread(target=uploads, args=(number,)) for number in range(1, 5)]
        for thread in threads:
            thread.start()
        for _ in range(10):
            done = len(statuses)
            process.wait_until(lambda done=done: len(statuses) > done + 10, 60, "uploads")
            self.site.pool.signal(signal.SIGTERM)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(set(statuses), {201})
        self.assertGreater(self.site.pool.ends(), 10)


class Restarted(Case):
    settings = {"CDN_FSYNC": "off"}

    def test_gracefully_by_the_host(self):
        """An upload that is still on its way may be lost, as a whole; what was stored is served."""
        made = self.site.upload(NOISE, "a.bin").json
        form = Multipart(Part(NOISE, filename="b.bin"))
        with client.connect(self.site.address) as sock:
            sock.sendall(client.head("POST", "/cdn/api/v4/upload", [
                ("Host", "x"), ("Authorization", "Bearer " + self.site.key), ("Content-Type", form.content_type),
                ("Content-Length", len(form.body()))]) + form.body()[:1 << 20])
            before = self.site.front.log_text().count("resuming normal operations")
            self.site.expect_ends()
            self.site.front.process.send_signal(signal.SIGUSR1)
            process.wait_until(lambda: self.site.front.log_text().count("resuming normal operations") > before, 30,
                               "the restart")
        self.assertEqual(self.site.fetch(made["url"]).body, NOISE)
        self.assertEqual(self.site.me().json["storage_used"], len(NOISE))
        self.assertEqual(self.site.unfinished(), [])
        self.assertEqual(self.site.delete(made["id"]).status, 200)


main()
