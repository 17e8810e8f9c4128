"""deploy/nginx.conf in an nginx that somebody has: Debian's main file, other sites, and what http{} says for all of them."""
import itertools
import os
import pwd
import re
import subprocess
import unittest

from harness import Folder, Multipart, Nginx, Site, client, free_port, main, wait_until
from harness.samples import png
from harness.servers import cdnctl_config

STOCK = "/etc/nginx/nginx.conf"
HTML = b'<!DOCTYPE html><!--# echo var="request_uri" --><p>\xd0\xbf</p>' + b" " * 2000
# As bad as it may be for the service, and with names that it might have taken for its own.
HTTP = """
gzip_types *;
gzip_min_length 1;
ssi on;
ssi_types *;
charset koi8-r;
charset_types *;
open_file_cache max=100;
open_file_cache_valid 1h;
open_file_cache_errors on;
etag off;
if_modified_since off;
error_page 404 405 413 =418 /theirs.html;
fastcgi_intercept_errors on;
fastcgi_keep_conn on;
fastcgi_request_buffering on;
fastcgi_param REQUEST_URI /theirs;
fastcgi_read_timeout 1ms;
client_max_body_size 8k;
client_body_timeout 1ms;
log_format main '$remote_addr "$request" $status $odd';
map $uri $odd { default none; }
map $uri $ext { default none; }
upstream worker { server 127.0.0.1:1; }
upstream slow { server 127.0.0.1:1; }
"""
# Another site, with an address of its own and one that it shares.
OTHER = """
server {
	listen 127.0.0.1:@OWN@;
	listen 127.0.0.1:@SHARED@ default_server;
	server_name other.example;
	access_log @LOG@/other.log main;
	error_page 404 /lost;
	location / { default_type text/plain; return 200 "home of $host, $odd $ext\\n"; }
	location = /lost { internal; return 404 "lost\\n"; }
	location = /nothing { return 404; }
	location ~ \\.png$ { add_header X-Theirs yes; return 200 "a picture\\n"; }
	location /.files/ { return 200 "their files\\n"; }
	location /api/ { error_page 418 = @worker; return 418; }
	location @worker { return 200 "their worker\\n"; }
	@SERVICE@
}
"""
PATHS = ["/", "/nothing", "/a.png", "/.files/x", "/.error/404", "/api/v4/me", "/up", "/cdnx", "/aXb~c/up", "//x", "/%2e%2e", "/%"]


def lines(path):
    if not os.path.exists(path):
        return []
    with open(path, encoding="utf-8") as f:
        return f.read().splitlines()


class Debian(Nginx):
    """Debian's nginx.conf in a private folder, with the service, what a test says for http{}, and another site.

    values   names of deploy/nginx.conf, beside those of every front
    shared   listen where the other site does, told apart from it by name
    inside   the service is a part of the other site: what stands between the marks
    """

    def __init__(self, folder, prefix="", shared=False, inside=False, **values):
        self.prefix = prefix
        super().__init__(folder)
        self.names = values
        self.log = os.path.join(folder.log, "error.log")
        self.other = free_port()
        self.shared, self.inside = shared, inside
        self.alone = False
        self.site_folder = os.path.join(folder.conf, "conf.d")
        os.makedirs(self.site_folder, exist_ok=True)
        if os.getuid() == 0:
            self.share_with_www_data()

    def share_with_www_data(self):
        """As where nginx's user is in the group of the workers'."""
        os.chmod(self.folder.path, 0o711)
        for path in (self.folder.run, self.folder.data):
            os.chown(path, -1, pwd.getpwnam("www-data").pw_gid)
            os.chmod(path, 0o2750)

    def main_file(self):
        with open(STOCK, encoding="utf-8") as f:
            text = f.read()
        folder = self.folder
        for old, new in (("/etc/nginx/conf.d/", self.site_folder + "/"), ("/etc/nginx/sites-enabled/", folder.conf + "/none/"),
                         ("/var/log/nginx", folder.log), ("/run/nginx.pid", folder.run + "/nginx.pid")):
            text = text.replace(old, new)
        return text if os.getuid() == 0 else re.sub(r"(?m)^user .*;$", "", text)

    def write(self, name, text):
        with open(os.path.join(self.folder.conf, name), "w", encoding="utf-8") as f:
            f.write(text)
        return f.name

    def service(self):
        """The site as cdnctl config prints it, and what of it goes into another one: (http, server)."""
        values = {"HOST": "localhost", **self.names}
        path = self.folder.render("nginx.conf", PORT=self.port, URL=self.url, PREFIX=self.prefix, **values)
        with open(path, encoding="utf-8") as f:
            text = f.read()
        if not self.inside:
            return text, ""
        before, server = text.split("\nserver {\n")
        return before, re.search(r"(?s)# From here to the other mark.*?\n(.*?)\t# To here\.", server).group(1)

    def render(self):
        run = self.folder.run
        kinds = ("client_body", "fastcgi", "proxy", "uwsgi", "scgi")
        self.write("conf.d/00-here.conf", "".join(f"{kind}_temp_path {run}/{kind};\n" for kind in kinds))
        self.write("conf.d/http.conf", HTTP)
        http, server = ("", "") if self.alone else self.service()
        self.write("conf.d/cdn.conf", http)
        shared = self.port if self.shared or self.inside or self.alone else free_port()
        text = OTHER
        for name, value in (("OWN", self.other), ("SHARED", shared), ("LOG", self.folder.log), ("SERVICE", server)):
            text = text.replace(f"@{name}@", str(value))
        self.write("conf.d/other.conf", text)
        return self.write("debian.conf", self.main_file())

    def check(self):
        """nginx -t: what it says, which is nothing but that all is well."""
        command = ["nginx", "-t", "-e", self.log, "-c", self.render()]
        run = subprocess.run(command, capture_output=True, text=True, timeout=30,
                             env={"PATH": os.environ["PATH"] + ":/usr/sbin"})
        said = [line for line in run.stderr.splitlines() if "syntax is ok" not in line and "is successful" not in line]
        return run.returncode, said

    def command(self):
        return [*super().command(), "-g", "daemon off;"]


class Checked(unittest.TestCase):
    """By nginx's own checker."""

    def setUp(self):
        self.folder = Folder()
        self.addCleanup(self.folder.remove)

    def test_in_debians_main_file(self):
        port = free_port()
        values = itertools.product(("", "/cdn", "/a.b-c_d~e/f"), ("off", "on"), ("0", "536870912"),
                                   (f"127.0.0.1:{port}", str(port), f"unix:{self.folder.run}/http.sock"))
        for prefix, buffering, most, listen in values:
            # Within a site that has a page at its root, only below a path.
            for inside in (False, True) if prefix else (False,):
                with self.subTest(prefix=prefix, buffering=buffering, most=most, listen=listen, inside=inside):
                    front = Debian(self.folder, prefix, inside=inside, BUFFERING=buffering, BODY_MAX=most, LISTEN=listen)
                    self.assertEqual(front.check(), (0, []))

    def test_by_itself(self):
        for prefix in ("", "/cdn"):
            front = Nginx(self.folder)
            front.prefix = prefix
            self.assertEqual(Debian.check(front), (0, []))


class Logs(unittest.TestCase):
    def test_nobody_but_root_may_plant_a_link(self):
        """Where a server that root starts opens a log: the folder of the logs is the workers' user's."""
        for name, directive in (("nginx", "access_log"), ("apache", "CustomLog")):
            text = cdnctl_config(name, "URL=http://localhost", "DATA=/srv/cdn")
            logs = set(re.findall(rf'(?m)^\s*{directive} "?([^\s"]+)', text))
            self.assertEqual(len(logs), 1, name)
            folder = os.path.dirname(logs.pop())
            found = os.stat(folder)
            self.assertEqual((found.st_uid, found.st_mode & 0o022), (0, 0), folder)


class Mounted:
    """The tests of each place; the classes below say which."""

    place = {}

    @classmethod
    def setUpClass(cls):
        cls.site = Site(front=lambda folder: Debian(folder, **cls.place))
        front = cls.site.front
        front.alone = True
        front.start()
        cls.before = cls.answers()
        front.stop()
        front.alone = False
        cls.site.start()

    @classmethod
    def tearDownClass(cls):
        cls.site.stop()

    @classmethod
    def answers(cls):
        """Of the other site, at each of its addresses, and what it logged of that."""
        front = cls.site.front
        found, log = {}, os.path.join(front.folder.log, "other.log")
        before = len(lines(log))
        for port in {front.other, *({front.port} if front.shared or front.inside else ())}:
            for path in PATHS:
                answer = client.request(("127.0.0.1", port), "GET", path, host="other.example", headers={"Accept-Encoding": "gzip"})
                headers = [pair for pair in answer.headers if pair[0] != "Date"]
                found[port, path] = (answer.status, headers, answer.body)
        # nginx writes a line once the answer is sent.
        wait_until(lambda: len(lines(log)) == before + len(found), what="the other site's log")
        return found, sorted(lines(log)[before:])

    def test_the_other_site_is_untouched(self):
        before, after = self.before, self.answers()
        self.assertEqual(before[1], after[1])
        for where, answer in before[0].items():
            with self.subTest(where=where):
                self.assertEqual(after[0][where], answer)

    def put(self, data, name):
        answer = self.site.upload(data, name, headers={"Accept-Encoding": "gzip"})
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def test_a_file_on_each_lane(self):
        for data, name in ((png(), "a.png"), (HTML, "a.html")):
            made = self.put(data, name)
            answer = self.site.fetch(made["url"], {"Accept-Encoding": "gzip"})
            self.assertEqual((answer.status, answer.body), (200, data))
            self.assertEqual(answer.header("Content-Type"), made["content_type"])
            self.assertIsNone(answer.header("Content-Encoding"))
            self.assertEqual(answer.header("Access-Control-Allow-Origin"), "*")
            self.assertEqual(answer.header("Server"), "nginx")
            etag, date = answer.header("ETag"), answer.header("Last-Modified")
            for headers in ({"If-None-Match": etag}, {"If-Modified-Since": date}):
                self.assertEqual(self.site.fetch(made["url"], headers).status, 304)
            asked = len(self.site.access())
            self.assertEqual(self.site.fetch(made["url"], {"Range": "bytes=1-2"}).body, data[1:3])
            self.assertEqual(len(self.site.access()), asked + (name == "a.html"))
            self.assertEqual(self.site.delete(made["id"]).status, 200)
            self.assertEqual(self.site.fetch(made["url"]).status, 404, "deleted, and at once")

    def test_streamed_by_the_worker(self):
        self.site.restart(CDN_SENDFILE="off")
        made = self.put(HTML, "a.html")
        answer = self.site.fetch(made["url"], {"Accept-Encoding": "gzip"})
        self.assertEqual((answer.body, answer.header("Content-Encoding")), (HTML, None))
        self.site.restart(CDN_SENDFILE="x-accel-redirect")

    def test_larger_and_slower_than_the_others_may_send(self):
        self.assertEqual(self.put(bytes(3_000_000), "a.bin")["size"], 3_000_000)
        answer = self.site.request("PUT", "/api/v4/upload/a.bin", (), iter([b"x"] * 10), length=10, pause_s=0.02, key=True)
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual(self.site.delete(*["x" * 36] * 400).status, 200)

    def test_errors_are_the_service_s(self):
        unknown = "0193a1b2-c3d4-7e5f-8a9b-0123456ababc"
        rows = [("GET", "/api/v4/nothing", 404), ("GET", "/nothing.png", 404), ("GET", f"/{unknown}/a.png", 404), ("GET", f"/{unknown}/a", 404),
                ("GET", "/.files/x", 404), ("GET", "/.error/500", 404), ("PUT", "/up", 405), ("GET", "/api", 404),
                ("GET", "/api/v4/me", 401), ("POST", f"/{unknown}/a.png", 405), ("GET", "/", 404), ("GET", "", 404)]
        for method, path, status in rows:
            if path or self.site.front.prefix:
                with self.subTest(method=method, path=path):
                    answer = client.request(self.site.address, method, self.site.front.prefix + path)
                    self.assertEqual((answer.status, answer.json["status"]), (status, status), answer)
                    self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")
        self.assertEqual(self.site.upload(form=Multipart()).json["error"], "Missing file parameter", "as the worker says it")
        answer = self.site.request("POST", "/api/v4/upload_from_url", body=bytes(70_000), key=True)
        self.assertEqual((answer.status, answer.json["code"]), (413, "body_too_large"))

    def test_the_log_of_refusals(self):
        """Only of the service, whatever the others are answered."""
        log = os.path.join(self.site.folder.log, "refused.log")
        answer = self.site.get("/.files/x")
        wait_until(lambda: any(answer.header("X-Request-Id") in line for line in lines(log)), what="the line of a refusal")
        self.assertEqual([line for line in lines(log) if '"/nothing"' in line], [])


class AtTheRoot(Mounted, unittest.TestCase):
    """Told from the other site, which comes first at that address, by its name."""
    place = {"shared": True}


class UnderAPrefix(Mounted, unittest.TestCase):
    place = {"prefix": "/cdn"}

    def test_nothing_else_is_taken(self):
        for path in ("/", "/up", "/api/v4/me", "/cdnx/up", "/.files/x", "/.error/404"):
            answer = client.request(self.site.address, "GET", path)
            self.assertNotEqual(answer.header("Content-Type"), "application/json; charset=utf-8", path)


class WithinASite(Mounted, unittest.TestCase):
    """Whose regular expressions and error pages stay its own; and "." stands for itself."""
    place = {"prefix": "/a.b~c", "inside": True}


class Buffered(Mounted, unittest.TestCase):
    place = {"prefix": "/cdn", "inside": True, "BUFFERING": "on", "BODY_MAX": "100m"}


main()
