"""Redis goes away and comes back, before, during and after an upload: faults.md row 28."""
import signal

from faulty import check_counters, kept, stored
from harness import Multipart, Part, SiteCase, fcgi, main, process
from harness.client import connect

BYTES = b"some bytes\n" * 30000
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(100)


class Down(SiteCase):
    options = {"workers": "single"}
    settings = {"CDN_REDIS_CONNECT_TIMEOUT": "300", "CDN_REDIS_COMMAND_TIMEOUT": "300"}

    def setUp(self):
        self.site.expect_errors()

    def upload(self):
        return self.site.upload(BYTES, "a.bin")

    def unavailable(self, status, retry_after, body):
        self.assertEqual(status, 503, body)
        self.assertEqual(retry_after, "5")
        self.assertIn(b'"code":"unavailable"', body)

    def everything_is_unavailable(self):
        for answer in (self.upload(), self.site.me(), self.site.request(
                "DELETE", "/api/v4/upload/0193a1b2-c3d4-7e5f-8a9b-0123456ababc", key=True)):
            self.unavailable(answer.status, answer.header("Retry-After"), answer.body)
        up = self.site.get("/up")
        self.assertEqual((up.status, up.json["checks"]["redis"]), (503, "down"))
        # A request without a key needs no Redis to be refused.
        self.assertEqual(self.site.me(key=False).status, 401)
        self.assertEqual(self.site.get("/api/v4/nothing").status, 404)

    def test_before_and_after(self):
        for signum in (signal.SIGTERM, signal.SIGKILL):
            files = [(self.upload(), BYTES), (self.site.upload(PNG, "a.png"), PNG)]
            before = kept(self.site)
            self.site.redis.stop(signum)
            self.everything_is_unavailable()
            for answer, data in files:
                self.assertEqual(self.site.fetch(answer.json["url"]).body, data)
            self.site.redis.start()
            # What was answered 201 is known after a kill -9 too.
            self.assertEqual(kept(self.site), before)
            self.assertEqual(self.site.me().status, 200)
            stored(self, self.site, self.upload(), BYTES)

    def test_restarted_between_two_requests(self):
        """The connection is dead, and the first request is the one to find out."""
        for call in (self.upload, self.site.me, lambda: self.site.get("/up")):
            self.assertEqual(self.upload().status, 201)
            self.site.redis.stop()
            self.site.redis.start()
            self.assertIn(call().status, (200, 201))
        check_counters(self, self.site)

    def meanwhile(self, happens):
        """An upload in the middle of whose body something happens; the reply."""
        form = Multipart(Part(BYTES, filename="a.bin"))
        body = form.body()
        values = fcgi.environment(
            "POST", "/api/v4/upload", {"Authorization": "Bearer " + self.site.key},
            CONTENT_TYPE=form.content_type, CONTENT_LENGTH=str(len(body)))
        whole = fcgi.stream(fcgi.STDIN, body)
        with connect(self.site.pool.socket) as sock:
            sock.sendall(fcgi.begin() + fcgi.params(values) + whole[:len(whole) // 2])
            process.wait_until(self.has_unfinished, what="an unfinished file")
            happens()
            sock.sendall(whole[len(whole) // 2:])
            return fcgi.reply(sock)

    def has_unfinished(self):
        return any(path.startswith(self.site.folder.data + "/tmp")
                   for path in self.site.descriptors(self.site.pool.pids()[0]))

    def test_during(self):
        """Gone since the key was looked up: the commit was never sent, so nothing stays."""
        for signum in (signal.SIGTERM, signal.SIGKILL):
            before = kept(self.site)
            reply = self.meanwhile(lambda: self.site.redis.stop(signum))
            self.unavailable(reply.status, reply.header("Retry-After"), reply.body)
            self.site.redis.start()
            self.assertEqual(kept(self.site), before)
            stored(self, self.site, self.upload(), BYTES)

    def test_out_of_memory(self):
        """Redis itself refuses what would grow it; what frees memory still works, and half of nothing is done."""
        answer = self.upload()
        before = kept(self.site)
        self.site.redis.command("CONFIG", "SET", "maxmemory", "1")
        try:
            refused = self.upload()
            self.unavailable(refused.status, refused.header("Retry-After"), refused.body)
            self.assertEqual(kept(self.site), before)
            self.assertEqual(self.site.me().status, 200)
            gone = self.site.request("DELETE", "/api/v4/upload/" + answer.json["id"], key=True)
            self.assertEqual(gone.status, 200)
        finally:
            self.site.redis.command("CONFIG", "SET", "maxmemory", "0")
        check_counters(self, self.site)
        stored(self, self.site, self.upload(), BYTES)

    def test_restarted_during(self):
        def restart():
            self.site.redis.stop()
            self.site.redis.start()
        self.assertEqual(self.meanwhile(restart).status, 201)
        check_counters(self, self.site)


main()
