"""cdnctl doctor: one file all the way, and a name for the hop that fails."""
import functools
import os
import shutil
import signal
import unittest

from harness import Nginx, Site, SiteCase, free_port, main


def doctor(site, *words):
    run = site.cdnctl("doctor", *words, check=False)
    return run.returncode, run.stdout


class Well(SiteCase):
    def test_all_is_well(self):
        before = self.site.stored()
        status, text = doctor(self.site, self.site.url + "/")
        self.assertEqual((status, text.count("WRONG")), (0, 0), text)
        for said in ("straight from the web server", "by way of the worker", "a worker takes them",
                     "the file is gone", "All is well."):
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


class Ill(unittest.TestCase):
    """Each mistake is made on purpose; the doctor must name it and a cure."""

    def diagnose(self, said, make, extra="", expect=None, address=None, **settings):
        with Site(settings=settings, front=functools.partial(Nginx, extra=extra)) as site:
            if expect:
                site.expect_errors(expect)
            make(site)
            status, text = doctor(site, address or site.url)
            self.assertEqual(status, 1, text)
            wrong = text[text.index("WRONG"):]
            for words in said:
                self.assertIn(words, wrong)
            self.assertIn("cure:", wrong)

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
        extra = 'location = /api/v4/me { fastcgi_param HTTP_AUTHORIZATION ""; %s }'
        params = "fastcgi_param REQUEST_URI $request_uri; fastcgi_param REQUEST_METHOD GET; fastcgi_pass worker;"
        self.diagnose(["authorization", "CGIPassAuth On"], lambda site: None, extra=extra % params)

    def test_the_hand_off_does_not_fit(self):
        self.diagnose(["worker lane", "CDN_SENDFILE"], lambda site: None, CDN_SENDFILE="x-sendfile")

    def test_the_public_url_is_wrong(self):
        self.diagnose(["public URL"], lambda site: None, CDN_PUBLIC_URL=f"http://127.0.0.1:{free_port()}")


if __name__ == "__main__":
    main()
