"""Reading while others delete: the whole file or 404, on every way out; and deleting what is half gone.

A web server sends the file that it opened to its end, keeps none in a cache of its own, and never a part as the whole.
"""
import http.client
import os
import threading

from harness import SiteCase, main
from harness.samples import png

SIZE = 3_000_000
PICTURE = png() + os.urandom(SIZE)
BYTES = b"\1\2\3\xfe\xff" + os.urandom(SIZE)


class Reader(threading.Thread):
    """Reads what is to be read at the moment, until stopped; keeps what was neither whole nor a 404."""

    def __init__(self, case):
        super().__init__(daemon=True)
        self.case, self.whole, self.gone, self.bad = case, 0, 0, []

    def run(self):
        while not self.case.stop:
            path, data = self.case.target
            try:
                answer = self.case.site.get(path)
            except (http.client.HTTPException, OSError) as error:
                self.bad.append(repr(error))
                continue
            if answer.status == 404:
                self.gone += 1
            elif answer.status == 200 and answer.body == data:
                self.whole += 1
            else:
                self.bad.append(repr(answer)[:200])


class Case(SiteCase):
    options = {"workers": 4}
    stop = False
    target = ("/up/x", b"")

    def race(self, data, name, as_name, rounds=12):
        self.stop = False
        readers = [Reader(self) for _ in range(3)]
        for reader in readers:
            reader.start()
        for _ in range(rounds):
            made = self.site.upload(data, name).json
            self.target = (f"/{made['id']}/{as_name}", data)
            answer = self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=True)
            self.assertEqual(answer.status, 200)
            self.assertEqual(self.site.get(self.target[0]).status, 404)
        self.stop = True
        for reader in readers:
            reader.join(30)
        self.assertEqual([bad for reader in readers for bad in reader.bad], [])
        self.assertGreater(sum(reader.gone for reader in readers), 0)
        self.assertEqual(self.site.me().json["storage_used"], 0)
        self.assertEqual([path for path in self.site.stored() if path.endswith((".png", ".bin", ".json"))], [])
        return sum(reader.whole for reader in readers)


class BothLanes(Case):
    def test_static_lane(self):
        self.assertGreaterEqual(self.race(PICTURE, "a.png", "a.png"), 0)

    def test_worker_lane(self):
        self.race(BYTES, "a.bin", "a.bin")

    def test_gone_while_one_still_reads(self):
        """What a web server has open for one reader it gives to no other once the file is gone."""
        data = PICTURE * 7  # more than two sockets take in advance
        for name in ("a.png", "a.other"):
            for _ in range(3):
                made = self.site.upload(data, "a.png").json
                path = f"/{made['id']}/{name}"
                with self.site.begin("GET", path) as sock:
                    self.assertEqual(sock.recv(12), b"HTTP/1.1 200")
                    self.assertEqual(self.site.delete(made["id"]).status, 200)
                    self.assertEqual(self.site.get(path).status, 404)


class Streamed(Case):
    settings = {"CDN_SENDFILE": "off"}

    def test_worker_lane(self):
        self.race(BYTES, "a.bin", "a.bin")

    def test_a_slow_reader_has_the_whole_file(self):
        """What was opened before the delete is sent to its end."""
        made = self.site.upload(BYTES, "a.bin").json
        connection = http.client.HTTPConnection(*self.site.address)
        connection.request("GET", f"{self.site.front.prefix}/{made['id']}/a.bin")
        answer = connection.getresponse()
        begin = answer.read(1000)
        self.assertEqual(self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=True).status, 200)
        self.assertEqual(begin + answer.read(), BYTES)
        connection.close()
        self.assertEqual(self.site.get(f"/{made['id']}/a.bin").status, 404)


class HalfGone(SiteCase):
    def test_each_step_may_have_been_the_last(self):
        """A delete that was cut short is finished by the same call."""
        for gone in ([], ["files"], ["files", "records"]):
            made = self.site.upload(png(), "a.png").json
            for top in gone:
                name = made["id"] + (".png" if top == "files" else ".json")
                os.unlink(os.path.join(self.site.folder.data, top, made["id"][-3:], name))
            with self.subTest(gone=gone):
                answer = self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=True)
                self.assertEqual((answer.status, answer.json["deleted"]), (200, True))
                self.assertEqual(self.site.me().json["storage_used"], 0)
                self.assertEqual([path for path in self.site.stored() if made["id"] in path], [])
                self.assertEqual(self.site.fetch(made["url"]).status, 404)


main()
