"""Redis answers with an error: faults.md row 28."""
from faulty import ProxyCase, check_counters
from harness import main

BYTES = b"some bytes\n" * 500
ERRORS = [
    "LOADING Redis is loading the dataset in memory",
    "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist to disk.",
    "OOM command not allowed when used memory > 'maxmemory'.",
    "READONLY You can't write against a read only replica.",
    "NOAUTH Authentication required.",
    "BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.",
    "CLUSTERDOWN The cluster is down",
    "ERR unknown command",
]
UPLOAD = ["HMGET", "HMGET", "EVALSHA"]
GREETING = ["INFO", "SCRIPT", "SCRIPT"]


class Errors(ProxyCase):
    def upload(self):
        return self.site.upload(BYTES, "a.bin")

    def test_commands_of_an_upload(self):
        """What the other tests strike at: should it change, they must too."""
        self.assertEqual(self.upload().status, 201)
        self.assertEqual(self.proxy.forget(), UPLOAD)

    def test_at_each_command(self):
        for error in ERRORS:
            for nth in range(1, len(UPLOAD) + 1):
                with self.subTest(error=error, nth=nth):
                    self.setUp()
                    before = self.kept()
                    self.proxy.when(nth=nth, do="error", text=error)
                    self.unavailable(self.upload())
                    self.assertEqual(self.proxy.struck, 1)
                    self.assertEqual(self.kept(), before)
                    self.stored(self.upload(), BYTES)

    def test_at_each_command_of_the_greeting(self):
        for nth, name in enumerate(GREETING, 1):
            with self.subTest(name=name, nth=nth):
                self.setUp()
                before = self.kept()
                # An error costs the connection: the next request greets.
                self.proxy.when(do="error", text=ERRORS[0])
                self.unavailable(self.site.me())
                self.proxy.when(nth=nth, do="error", text=ERRORS[0])
                self.unavailable(self.upload())
                self.assertEqual(self.proxy.seen[-1], name)
                self.assertEqual(self.kept(), before)
                self.stored(self.upload(), BYTES)

    def test_a_worker_that_starts_while_redis_loads(self):
        """Redis has no append-only file in use while it reads that very file; commands may work a moment later."""
        self.proxy.when("INFO", do="answer", text="# Persistence\r\nloading:1\r\nasync_loading:0\r\naof_enabled:0\r\n")
        before = len(self.site.pool.log_bytes())
        self.site.pool.stop()
        self.site.pool.start()
        self.assertEqual(self.site.get("/api/v4/nothing").status, 404)
        said = self.site.pool.log_bytes()[before:].decode()
        self.assertIn("warning: Redis: INFO: it is loading", said)
        self.assertNotIn("appendonly", said)
        self.stored(self.upload(), BYTES)
        self.assertEqual(self.proxy.struck, 1)

    def test_other_calls(self):
        for error in ERRORS:
            answer = self.upload()
            for method, path, count in (
                    ("GET", "/api/v4/me", 2), ("DELETE", "/api/v4/upload/" + answer.json["id"], 4)):
                for nth in range(1, count + 1):
                    with self.subTest(method=method, error=error, nth=nth):
                        self.setUp()
                        self.proxy.when(nth=nth, do="error", text=error)
                        self.unavailable(self.site.request(method, path, key=True))
                        self.assertEqual(self.proxy.struck, 1)
            self.assertEqual(self.site.request("DELETE", path, key=True).status, 200)
            check_counters(self, self.site)

    def test_public_files_do_not_ask(self):
        answer = self.upload()
        self.proxy.when(times=1000, do="error", text=ERRORS[0])
        self.assertEqual(self.site.fetch(answer.json["url"]).body, BYTES)
        self.assertEqual(self.site.get("/up").status, 503)
        self.assertEqual(self.site.get("/up").json["checks"]["redis"], "down")


main()
