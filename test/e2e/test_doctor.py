"""cdnctl doctor: one file all the way, and a name for the hop that fails."""
import functools
import os
import shutil
import signal
import socket
import tempfile
import threading
import unittest

from harness import Nginx, Site, SiteCase, free_port, main
from harness.fronts import Apache, Fcgid


def doctor(site, *words, wrapper=()):
    run = site.cdnctl("doctor", *words, check=False, wrapper=wrapper)
    return run.returncode, run.stdout


class Well(SiteCase):
    def test_all_is_well(self):
        before = self.site.stored()
        status, text = doctor(self.site, self.site.url + "/")
        self.assertEqual((status, text.count("WRONG")), (0, 0), text)
        for said in ("straight from the web server", "by way of the worker", "a worker takes them",
                     "large upload: 2 MB come through", "large upload by PUT: 2 MB come through", "the file is gone",
                     "All is well."):
            self.assertIn(said, text)
        self.assertEqual(self.site.stored(), before)
        accounts = self.site.cdnctl("account", "list")
        self.assertNotIn("doctor", accounts, "the visit's account is removed")

    def test_without_an_address_only_the_parts(self):
        status, text = doctor(self.site)
        self.assertEqual(status, 0, text)
        self.assertNotIn("web server", text)

    def test_wrong_use(self):
        self.assertEqual(doctor(self.site, "a", "b")[0], 2)


class Root(SiteCase):
    def test_root_leaves_nothing_that_the_workers_cannot_write_to(self):
        """Their user owns the store: root becomes that user, as folders made by root would stay root's."""
        if os.getuid() == 0:
            owner = 65534
            os.chmod(self.site.folder.path, 0o711)
            for folder, _, _ in os.walk(self.site.folder.data):
                os.chown(folder, owner, owner)
        else:
            owner = os.getuid()
        status, text = doctor(self.site)
        self.assertIn("can be written, made durable, named and removed", text)
        made = os.path.join(self.site.folder.data, "files")
        shards = os.listdir(made)
        self.assertTrue(shards)
        for shard in shards:
            self.assertEqual(os.stat(os.path.join(made, shard)).st_uid, owner)


class Spoilt:
    """A web server with lines of its configuration replaced, in all places."""

    def __init__(self, folder, lines):
        super().__init__(folder)
        self.lines = lines

    def command(self):
        words = super().command()
        for name in sorted(os.listdir(self.folder.conf)):
            self.spoil(os.path.join(self.folder.conf, name))
        if self.lines:
            raise AssertionError(f"no file has {list(self.lines)}")
        return words

    def spoil(self, path):
        with open(path, encoding="utf-8") as f:
            text = f.read()
        for right, wrong in list(self.lines.items()):
            if right in text:
                text = text.replace(right, wrong)
                del self.lines[right]
        with open(path, "w", encoding="utf-8") as f:
            f.write(text)


class Mistaken(Spoilt, Nginx):
    pass


class MistakenApache(Spoilt, Apache):
    pass


class TwoPorts(Nginx):
    """On its port, and on that without its last digit."""

    def __init__(self, folder):
        super().__init__(folder)
        while not self.is_free(self.port // 10):
            super().__init__(folder)
        self.extra = f"listen 127.0.0.1:{self.port // 10};"

    @staticmethod
    def is_free(port):
        try:
            socket.create_server(("127.0.0.1", port)).close()
            return True
        except OSError:
            return False


# For before a folder and a command, which finds the folder to be a mount. "/" need not be one, so nothing is changed about
# it; the mount is undone for whoever would see it, too.
MOUNTED = ("unshare", "--mount", "--propagation", "unchanged", "sh", "-c",
           'at=$1; shift; mount --bind "$at" "$at" || exit 99; "$@"; ended=$?; umount "$at"; exit $ended', "sh")
# The doctor's: one transparent dot.
PICTURE = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
                        "0000000b49444154789c6360000200000500017a5eab3f0000000049454e44ae426082")


class Listener:
    """A web server of somebody else's, which says the same to everybody. heads: what it was asked."""

    def __init__(self, answer=b"HTTP/1.1 404 Not Found\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"):
        self.answer, self.heads = answer, []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.thread = threading.Thread(target=self.serve)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        # To close it would not wake who waits there.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.thread.join()
        self.listener.close()

    def serve(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            with sock:
                sock.settimeout(10)
                head = b""
                while b"\r\n\r\n" not in head and (piece := sock.recv(65536)):
                    head += piece
                self.heads.append(head)
                sock.sendall(self.answer)


class Ill(unittest.TestCase):
    """Each mistake is made on purpose; the doctor must name it and a cure."""

    def diagnose(self, said, make=lambda site: None, lines=None, expect=None, address=None, status=1, front=Mistaken,
                 **settings):
        """lines: of the web server's configuration, right -> wrong."""
        with Site(settings=settings, front=functools.partial(front, lines=dict(lines or {}))) as site:
            if expect:
                site.expect_errors(expect)
            make(site)
            ended, text = doctor(site, address or site.url)
            self.assertEqual(ended, status, text)
            wrong = text[text.index("WRONG" if status else "note"):]
            for words in said:
                self.assertIn(words, wrong)
            self.assertIn("cure:", wrong)
            return wrong

    def test_no_web_server(self):
        self.diagnose(["web server", "start the web server"], lambda site: None,
                      address=f"http://127.0.0.1:{free_port()}")

    def test_no_workers(self):
        self.diagnose(["web server", "no worker"], lambda site: site.pool.stop())

    def test_no_slow_pool(self):
        self.diagnose(["uploads from a URL: answers 503", "slow pool", "slow.log"], lambda site: site.slow.stop())

    def test_a_slow_pool_that_is_busy(self):
        """What stands in its line is not answered at all before the visit has lost patience."""
        with Site() as site:
            site.slow.signal(signal.SIGSTOP)
            status, text = doctor(site, site.url)
            site.slow.signal(signal.SIGCONT)
        self.assertEqual((status, text.count("WRONG")), (1, 1), text)
        wrong = text[text.index("WRONG"):]
        for words in ("uploads from a URL: ", "timed out", "all workers of the slow pool are busy"):
            self.assertIn(words, wrong)
        self.assertIn("the file is gone", wrong)

    def test_no_marker(self):
        def unmount(site):
            os.remove(os.path.join(site.folder.data, ".cdn-store"))

        self.diagnose(["store", "not mounted", "503"], unmount, expect=".")

    def test_a_folder_is_missing(self):
        def remove(site):
            shutil.rmtree(os.path.join(site.folder.data, "records"))

        self.diagnose(["records: is not there"], remove, expect=".")

    def test_redis_is_down(self):
        self.diagnose(["redis", "start Redis"], lambda site: site.redis.stop(), expect=".")

    def test_redis_may_evict(self):
        def evict(site):
            site.redis.command("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")

        self.diagnose(["maxmemory-policy noeviction"], evict)

    def test_redis_keeps_no_file(self):
        self.diagnose(["appendonly yes"], lambda site: site.redis.command("CONFIG", "SET", "appendonly", "no"))

    def test_the_web_server_drops_authorization(self):
        self.diagnose(["authorization: answers 401", "CGIPassAuth On"],
                      lines={"fastcgi_param REMOTE_ADDR": 'fastcgi_param HTTP_AUTHORIZATION ""; fastcgi_param REMOTE_ADDR'})

    def test_apache_drops_authorization(self):
        """As it does unless told otherwise."""
        self.diagnose(["authorization: answers 401", "CGIPassAuth On"], lines={"CGIPassAuth On": ""}, front=MistakenApache)

    def test_the_web_server_drops_it_on_uploads(self):
        params = ("REQUEST_URI $request_uri", "REQUEST_METHOD $request_method", "CONTENT_TYPE $content_type",
                  "CONTENT_LENGTH $content_length", 'HTTP_AUTHORIZATION ""')
        lines = " ".join(f"fastcgi_param {line};" for line in params)
        self.diagnose(["upload: answers 401", "on uploads (Apache: CGIPassAuth On)"],
                      lines={"client_body_buffer_size 32k;": "client_body_buffer_size 32k; " + lines})

    def test_the_workers_have_a_lower_limit(self):
        """The same status and code as the web server's own, of another cause."""
        with Site(settings={"CDN_MAX_BODY": "1M"}) as site:
            site.write_settings(CDN_MAX_BODY="1G")
            wrong = self.wrongs(site, 2)
        self.assertEqual(wrong.count("cure: raise CDN_MAX_BODY; if it is larger than that, restart the workers"), 2, wrong)
        self.assertNotIn("client_max_body_size", wrong)

    def test_the_workers_have_a_lower_quota(self):
        with Site(settings={"CDN_TIER_UNLIMITED_TOTAL": "1M"}) as site:
            site.write_settings(CDN_TIER_UNLIMITED_TOTAL="1G")
            wrong = self.wrongs(site, 2)
        self.assertEqual(wrong.count(": answers 402: "), 2, wrong)
        self.assertEqual(wrong.count("CDN_TIER_UNLIMITED_TOTAL"), 2, wrong)
        self.assertNotIn("limit of bodies", wrong)

    def test_no_space_for_large_uploads(self):
        self.large_answer(507, "free some space")

    def test_no_worker_lasts_for_large_uploads(self):
        for status in (502, 504):
            self.large_answer(status, "the web server got no answer from a worker")

    def test_large_uploads_are_slow(self):
        self.large_answer(408, "a body comes too slowly")

    def test_large_uploads_are_refused_for_another_reason(self):
        self.large_answer(418, "see the worker's log")

    def large_answer(self, status, cure):
        """The web server answers so to what is larger than a picture."""
        # nginx itself would say nothing with a 408.
        said = f' error_page 418 ={status} /.error/404; if ($content_length ~ "^[0-9]{{5}}") {{ return 418; }}'
        line = "client_body_buffer_size 32k;"
        with self.subTest(status=status):
            wrong = self.diagnose([f"large upload: 2 MB: answers {status}", f"large upload by PUT: 2 MB: answers {status}"],
                                  lines={line: line + said})
            self.assertEqual(wrong.count("cure: " + cure), 2, wrong)
            self.assertNotIn("limit of bodies", wrong)

    def wrongs(self, site, count):
        ended, text = doctor(site, site.url)
        self.assertEqual((ended, text.count("WRONG")), (1, count), text)
        return text[text.index("WRONG"):]

    def test_a_limit_of_1_mib(self):
        """nginx's own, where nobody said otherwise."""
        wrong = self.diagnose(["large upload: 2 MB: answers 413", "1 MiB", "client_max_body_size"],
                              lines={"client_max_body_size 0;": ""})
        self.assertIn("large upload by PUT: 2 MB: answers 413", wrong)

    def test_a_limit_of_128_kib(self):
        self.diagnose(["large upload: 2 MB: answers 413", "128 KiB", "FcgidMaxRequestLen"],
                      lines={"client_max_body_size 0;": "client_max_body_size 128k;"})

    def test_the_limit_of_a_shared_host(self):
        """mod_fcgid's own, which it tells with a 500."""
        with Site(front=functools.partial(Fcgid, host="")) as site:
            wrong = self.wrongs(site, 2)
        for hop in ("large upload", "large upload by PUT"):
            self.assertIn(f"WRONG  {hop}: 2 MB: answers 500", wrong)
        self.assertEqual(wrong.count("lift the limit: 128 KiB, as mod_fcgid has it without FcgidMaxRequestLen"), 2, wrong)

    def test_another_limit(self):
        self.diagnose(["large upload: 2 MB: answers 413", "lift the web server's limit of bodies"],
                      lines={"client_max_body_size 0;": "client_max_body_size 10k;"})

    def test_what_the_settings_do_not_let_through_is_not_tried(self):
        with Site(settings={"CDN_MAX_BODY": "100K", "CDN_TIER_UNLIMITED_FILE": "1M"}) as site:
            status, text = doctor(site, site.url)
            self.assertEqual((status, text.count("WRONG")), (0, 0), text)
            self.assertIn("large upload: 50 KB come through", text)

    def test_a_quota_has_room_for_the_picture_as_well(self):
        with Site(settings={"CDN_TIER_UNLIMITED_TOTAL": "1M"}) as site:
            status, text = doctor(site, site.url)
            self.assertEqual((status, text.count("WRONG")), (0, 0), text)

    def test_an_id_of_the_web_servers_own(self):
        """On every answer: it does not mean that a worker was asked."""
        line = "add_header X-Content-Type-Options nosniff;"
        lines = {line: line + " add_header X-Request-Id $request_id;"}
        with Site(front=functools.partial(Mistaken, lines=lines)) as site:
            status, text = doctor(site, site.url)
        self.assertEqual((status, text.count("WRONG"), text.count("note   static lane")), (0, 0, 0), text)
        self.assertIn("public URL: the bytes come back, straight from the web server", text)
        self.assertIn("worker lane: the bytes come back, by way of the worker", text)

    def test_a_redirect(self):
        found = b"HTTP/1.1 %d Moved\r\nConnection: close\r\nContent-Length: 0\r\nLocation: https://localhost/up\r\n\r\n"
        for status in (301, 308):
            with self.subTest(status=status), Listener(found % status) as listener:
                self.diagnose([f"web server: answers {status}", "with https", "redirects to https://localhost/up"],
                              address=listener.url)

    def test_the_hand_off_does_not_fit(self):
        self.diagnose(["worker lane: the header X-Sendfile came through", "CDN_SENDFILE"], CDN_SENDFILE="x-sendfile")

    def test_the_hand_off_points_elsewhere(self):
        self.diagnose(["worker lane: answers 404", "its internal location is not CDN_DATA_DIR/files"],
                      lines={"/files/;": "/elsewhere/;"})

    def test_the_static_lane_points_elsewhere(self):
        """The worker answers in its place, so that it works, and is slower than it could be."""
        self.diagnose(["static lane: ", "let its static lane point at CDN_DATA_DIR/files"], status=0,
                      lines={"/files/$": "/elsewhere/$"})

    def test_the_public_url_is_somewhere_else(self):
        self.diagnose(["public URL: Failed to connect", "CDN_PUBLIC_URL or the static lane points elsewhere"],
                      CDN_PUBLIC_URL=f"http://127.0.0.1:{free_port()}")

    def test_the_key_goes_nowhere_but_to_the_api(self):
        """Whoever the public URL leads to, by mistake, must not get a key that may do everything."""
        with Listener() as listener:
            self.diagnose(["public URL: answers 404", "CDN_PUBLIC_URL or the static lane points elsewhere"],
                          CDN_PUBLIC_URL=listener.url)
        self.assertGreaterEqual(len(listener.heads), 2, "the file, and again when it is deleted")
        for head in listener.heads:
            self.assertNotRegex(head, b"(?i)authorization|sk_cdn_")

    def test_the_key_does_not_go_along_with_ranges_and_conditions(self):
        """Where the picture comes back, more is asked for."""
        picture = b"Content-Type: image/png\r\nETag: \"a\"\r\nContent-Length: 68\r\n\r\n" + PICTURE
        with Listener(b"HTTP/1.1 200 OK\r\nConnection: close\r\n" + picture) as listener:
            self.diagnose(["public URL: a range is not honoured", "public URL: its own ETag is not recognised",
                           "delete: answers 200: ?PNG"], CDN_PUBLIC_URL=listener.url)
        self.assertGreaterEqual(len(listener.heads), 4)
        for head in listener.heads:
            self.assertNotRegex(head, b"(?i)authorization|sk_cdn_")

    def test_the_public_url_has_a_path_that_is_not_there(self):
        self.diagnose(["web server: answers 404", "CDN_PUBLIC_URL must have the path"],
                      lambda site: site.restart(CDN_PUBLIC_URL=site.url + "/cdn"))

    def test_the_public_url_is_another_name(self):
        def rename(site):
            port = site.url.rsplit(":", 1)[1]
            site.restart(CDN_PUBLIC_URL=f"http://localhost:{port}")

        self.diagnose(["public URL: files get the address http://localhost:"], rename, status=0)

    def test_the_public_url_begins_alike(self):
        """http://h:80 is not where http://h:8080 is."""
        with Site(front=TwoPorts) as site:
            status, text = doctor(site, f"http://127.0.0.1:{site.front.port // 10}")
        self.assertEqual((status, text.count("WRONG")), (0, 0), text)
        self.assertIn(f"note   public URL: files get the address {site.url}, and {site.url[:-1]} was visited", text)

    def test_a_header_of_files_is_dropped(self):
        self.diagnose(["public URL: the header X-Content-Type-Options came 0 times",
                       "worker lane: the header X-Content-Type-Options came 0 times"],
                      lines={"add_header X-Content-Type-Options nosniff;": ""})

    def test_a_header_of_files_has_another_value(self):
        self.diagnose(['the header Cache-Control is "no-cache", not "public, max-age=31536000, immutable"'],
                      lines={'add_header Cache-Control "public, max-age=31536000, immutable";':
                             "add_header Cache-Control no-cache;"})

    def test_two_origins(self):
        twice = "add_header Access-Control-Allow-Origin *;"
        self.diagnose(["public URL: the header Access-Control-Allow-Origin came 2 times",
                       "worker lane: the header Access-Control-Allow-Origin came 2 times"], lines={twice: twice * 2})

    def test_two_origins_of_the_api(self):
        self.diagnose(["refusal: the header Access-Control-Allow-Origin came 2 times"],
                      lines={"recursive_error_pages on;": "recursive_error_pages on; "
                             "add_header Access-Control-Allow-Origin * always;"})

    def test_a_header_of_the_request_is_dropped(self):
        lines = {"fastcgi_param REMOTE_ADDR": 'fastcgi_param HTTP_%s ""; fastcgi_param REMOTE_ADDR'}
        for name, said in [("RANGE", "a range is not honoured: answers 200"),
                           ("IF_NONE_MATCH", "its own ETag is not recognised: answers 200")]:
            with self.subTest(name=name):
                self.diagnose(["worker lane: " + said], CDN_SENDFILE="off",
                              lines={right: wrong % name for right, wrong in lines.items()})

    def test_refusals_are_replaced(self):
        self.diagnose(["refusal: answers 401", "fastcgi_intercept_errors"],
                      lines={"fastcgi_intercept_errors off;": "fastcgi_intercept_errors on; error_page 401 /.error/404;"})

    def test_tmp_is_on_another_filesystem(self):
        """Links do not cross filesystems."""
        with Site() as site, tempfile.TemporaryDirectory(dir="/dev/shm") as elsewhere:
            tmp = os.path.join(site.folder.data, "tmp")
            os.rmdir(tmp)
            os.symlink(elsewhere, tmp)
            self.assertApart(doctor(site), "files", "records")
            os.unlink(tmp)
            os.mkdir(tmp)
            # Nor do they cross mounts, though the device is the same; only root can make some.
            if os.getuid() == 0:
                records = os.path.join(site.folder.data, "records")
                self.assertApart(doctor(site, wrapper=(*MOUNTED, tmp)), "files", "records")
                self.assertApart(doctor(site, wrapper=(*MOUNTED, records)), "records")

    def assertApart(self, found, *folders):
        status, text = found
        self.assertEqual((status, text.count("WRONG")), (1, len(folders)), text)
        for folder in folders:
            self.assertIn(f"WRONG  store: tmp/ is on another filesystem than {folder}/, or mounted by itself", text)
        self.assertEqual(text.count("mount the whole of CDN_DATA_DIR as one filesystem"), len(folders))


if __name__ == "__main__":
    main()
