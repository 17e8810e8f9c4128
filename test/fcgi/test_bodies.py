"""Bodies that break off, lie about their length, or arrive in any pieces."""
import json
import random
import struct
import time

from harness import client, fcgi, main, process
from worker_case import BUFFERED, WorkerCase, noise

DATA = noise(2 * 1024 * 1024)
PART = 3 * 512 * 1024


class ClientLeaves(WorkerCase):
    settings = {"CDN_RECEIVE_TIMEOUT": "5"}

    def setUp(self):
        self.before = self.state()

    def tearDown(self):
        self.worker_is_well()
        self.assertEqual(self.state(), self.before)

    def leave(self, address, chunked, how):
        form = self.form(DATA)
        body = form.body()
        headers = [("Host", "localhost"), ("Authorization", "Bearer " + self.site.key),
                   ("Content-Type", form.content_type)]
        headers.append(("Transfer-Encoding", "chunked") if chunked else ("Content-Length", len(body)))
        count = len(self.site.access())
        with client.connect(address) as sock:
            if how == "reset":
                sock.setsockopt(client.socket.SOL_SOCKET, client.socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.sendall(client.head("POST", "/api/v4/upload", headers))
            for piece in client.cut(body[:PART]):
                sock.sendall(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            time.sleep(0.2)
        return count

    def test_behind_nginx(self):
        for chunked in (False, True):
            for how in ("close", "reset"):
                with self.subTest(chunked=chunked, how=how):
                    count = self.leave(self.site.address, chunked, how)
                    line = process.wait_until(lambda: self.site.access()[count:], what="a line in the log")[0]
                    self.assertEqual(line["status"], 400)
                    self.assertGreater(line["bytes_in"], 1_000_000)

    def test_behind_nginx_that_buffers(self):
        address = self.other_nginx(BUFFERED).address
        for chunked in (False, True):
            with self.subTest(chunked=chunked):
                count = self.leave(address, chunked, "close")
                self.assertEqual(self.site.access()[count:], [])

    def test_raw(self):
        form = self.form(DATA)
        for length in ("auto", None):
            for ending in (b"", fcgi.record(fcgi.STDIN, b"abc", length=100), fcgi.record(fcgi.ABORT),
                           fcgi.record(fcgi.STDIN)):
                with self.subTest(length=length, ending=ending[:2]):
                    with self.begin_upload(form, PART, length) as sock:
                        sock.sendall(ending)
                        sock.shutdown(client.socket.SHUT_WR)
                        self.assertRefused(fcgi.reply(sock), 400)
                    with self.begin_upload(form, PART, length) as sock:
                        sock.sendall(ending)

    def test_before_the_end_of_the_stream(self):
        """The form is whole, but whether it is all that the client sends is not known."""
        form = self.form(b"12345")
        whole = len(form.body())
        for length in ("auto", None):
            for ending in (b"", fcgi.record(fcgi.ABORT), fcgi.record(fcgi.STDIN)[:5]):
                with self.subTest(length=length, ending=ending):
                    with self.begin_upload(form, whole, length) as sock:
                        sock.sendall(ending)
                        sock.shutdown(client.socket.SHUT_WR)
                        self.assertRefused(fcgi.reply(sock), 400)


class Lengths(WorkerCase):
    def test_unknown_is_the_same_as_known(self):
        data = noise(100_000)
        for length in ("auto", "", None, "-1"):
            with self.subTest(length=length):
                self.assertStored(self.upload(data, length), data)

    def test_not_a_length(self):
        before = self.state()
        for length in ("abc", "1e3", "+5", "5,5", "5 5", " 5", "0x5", "-0", "-2", "5.0", "--1", str(2**63),
                       str(2**64), str(2**64 + 5), "9" * 400):
            with self.subTest(length=length):
                self.assertRefused(self.upload(b"12345", length), 400)
                self.worker_is_well()
        self.assertEqual(self.state(), before)

    def test_longer_and_shorter_than_the_body(self):
        before = self.state()
        for data in (b"12345", noise(300_000)):
            real = len(self.form(data).body())
            for length in (real + 1, real + 100_000, real - 1, 1, 0):
                with self.subTest(size=len(data), length=length):
                    self.assertRefused(self.upload(data, str(length)), 400)
        self.worker_is_well()
        self.assertEqual(self.state(), before)

    def test_behind_nginx(self):
        """nginx refuses what it cannot read; chunked it passes on without a length."""
        data = noise(300_000)
        form = self.form(data)
        for address in (self.site.address, self.other_nginx(BUFFERED).address):
            answer = client.request(address, "POST", "/api/v4/upload", body=form.body(), chunked=True, headers={
                "Authorization": "Bearer " + self.site.key, "Content-Type": form.content_type})
            self.assertStored(answer, data)
        before = self.state()
        for length in ("abc", "+5", "5,5", str(2**64 + 5)):
            self.assertRefused(self.site.upload(b"12345", length=length), 400)
        self.assertEqual(self.state(), before)


class Pieces(WorkerCase):
    settings = {"CDN_FSYNC": "off"}

    def setUp(self):
        self.form_ = self.form(b"0123456789\r\n--" + b"\0\xff" * 20, "b.txt")
        self.data = self.form_.parts[0].data

    def send(self, records, values=None):
        with self.connect() as sock:
            sock.sendall(fcgi.begin() + fcgi.params(values or self.values(self.form_)) + records)
            answer = fcgi.reply(sock)
        self.assertEqual(answer.status, 201, answer.body)
        found = json.loads(answer.body)
        self.assertEqual(found["size"], len(self.data))
        self.assertEqual(self.site.fetch(found["url"]).body, self.data)

    def test_split_at_every_byte(self):
        body = self.form_.body()
        for at in range(1, len(body)):
            self.send(fcgi.record(fcgi.STDIN, body[:at]) + fcgi.record(fcgi.STDIN, body[at:], padding=at % 256) +
                      fcgi.record(fcgi.STDIN))

    def test_one_byte_a_record(self):
        for padding in (0, 1, 7, 255):
            records = b"".join(fcgi.record(fcgi.STDIN, bytes([byte]), padding=padding) for byte in self.form_.body())
            self.send(records + fcgi.record(fcgi.STDIN, padding=padding))

    def test_one_byte_a_write(self):
        with self.connect() as sock:
            sock.sendall(fcgi.begin() + fcgi.params(self.values(self.form_)))
            for byte in fcgi.stream(fcgi.STDIN, self.form_.body()):
                sock.sendall(bytes([byte]))
            self.assertStored(fcgi.reply(sock), self.data)

    def test_random_sizes(self):
        rng = random.Random(5)
        self.form_ = self.form(noise(200_000))
        self.data = self.form_.parts[0].data
        body = self.form_.body()
        for most in (3, 100, 8192, 65535):
            records, at = [], 0
            while at < len(body):
                count = rng.randint(1, most)
                records.append(fcgi.record(fcgi.STDIN, body[at:at + count], padding=rng.randint(0, 255)))
                at += count
            self.send(b"".join(records) + fcgi.record(fcgi.STDIN))

    def test_parameters_in_any_pieces(self):
        """No padding behind the empty record: libfcgi takes that for the next header, and the answer is 400."""
        flat = b"".join(fcgi.pair(name, value) for name, value in self.values(self.form_).items())
        for piece, paddings in ((1, (0, 5)), (2, (0, 255)), (3, (0, 255)), (17, (0, 7, 255)), (100, (0, 255))):
            for padding in paddings:
                records = b"".join(fcgi.record(fcgi.PARAMS, flat[at:at + piece], padding=padding)
                                   for at in range(0, len(flat), piece))
                with self.connect() as sock:
                    sock.sendall(fcgi.begin() + records + fcgi.record(fcgi.PARAMS) +
                                 fcgi.stream(fcgi.STDIN, self.form_.body()))
                    self.assertStored(fcgi.reply(sock), self.data)


main()
