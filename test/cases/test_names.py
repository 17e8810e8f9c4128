"""File names as people and attackers send them: a safe name, a URL that works, a header that round-trips.

A web server finds a file by the id in its path and passes the rest on as it came, escaped or not, in whatever alphabet; it
hands on a Content-Disposition that it did not write.
"""
import http.client
import re
import subprocess
import urllib.parse

from harness import Multipart, Part, SiteCase, main
from harness.samples import png

DATA = b"\1\2\3\xfe\xff the file"
HEADERS = {"server", "date", "content-type", "content-length", "last-modified", "connection", "content-disposition",
           "cache-control", "accept-ranges", "etag", "x-content-type-options", "access-control-allow-origin",
           "access-control-expose-headers", "cross-origin-resource-policy", "x-request-id", "content-security-policy",
           "repr-digest"}
LONG = "n" * 296 + ".txt"


def plain(value):
    return b'form-data; name="file"; filename="' + (value if isinstance(value, bytes) else value.encode()) + b'"'


def disposition(more):
    return b'form-data; name="file"; ' + (more if isinstance(more, bytes) else more.encode())


# What the part says, and the name that is stored.
ROWS = [
    (plain("photo.jpg"), "photo.jpg"),
    (plain("my photo (1).jpg"), "my photo (1).jpg"),
    (plain("a%22b.txt"), "a-b.txt"), (plain('a\\"b.txt'), "a-b.txt"),
    (plain("C:\\x\\y.txt"), "y.txt"), (plain("C:\\\\x\\\\y.txt"), "y.txt"),
    (plain("\\\\server\\share\\y.txt"), "y.txt"),
    (plain("../../etc/passwd"), "passwd"), (plain("/etc/passwd"), "passwd"), (plain("..\\..\\passwd"), "passwd"),
    (plain("..%2F..%2Fetc%2Fpasswd"), "..-..-etc-passwd"), (plain("a%5Cb.txt"), "a-b.txt"), (plain("dir/"), "download"), (plain("/"), "download"),
    (plain("."), "download"), (plain(".."), "download"), (plain("..."), "..."),
    (plain(".htaccess"), ".htaccess"), (plain("CON.txt"), "CON.txt"), (plain("-rf"), "-rf"),
    (plain("  spaced.txt  "), "spaced.txt"), (plain("\t.txt"), ".txt"), (plain(" "), "download"),
    (plain(LONG), "n" * 251 + ".txt"),
    (plain("e" * 250 + "\u00e9\u00e9.t"), "e" * 250 + "\u00e9.t"),
    (plain("\u20ac" * 100), "\u20ac" * 85),
    (plain("x\u202egnp.exe"), "xgnp.exe"), (plain("\u2066a\u2069\u200e\u200fb\u202a\u202c.txt"), "ab.txt"),
    (plain("\u202e"), "download"),
    (plain(b"bad\xff\xfeutf8\xc3.txt"), "bad\ufffd\ufffdutf8\ufffd.txt"), (plain(b"\xed\xa0\x80.txt"), None),
    (plain(b"\xc0\xaf.txt"), None), (plain("\U0001f600 party.png"), "\U0001f600 party.png"),
    (plain("\u65e5\u672c\u8a9e.txt"), "\u65e5\u672c\u8a9e.txt"), (plain("cafe\u0301.txt"), "cafe\u0301.txt"),
    (plain("a%0D%0ASet-Cookie: a=b.txt"), None), (plain("a%0d%0aX-Evil: 1"), None),
    (plain("100%.txt"), "100-.txt"), (plain("100%25.txt"), "100-.txt"), (plain("%41%42.txt"), "AB.txt"),
    (plain("a%zz.txt"), "a-zz.txt"), (plain("a%00b.txt"), "ab.txt"), (plain("a\x01\x1f\x7fb.txt"), "ab.txt"),
    (plain("a%$|:;b<c>d?e*f.txt"), "a-----b-c-d-e-f.txt"), (plain("what?.png#frag"), "what-.png#frag"),
    (plain("a;filename=b.txt"), "a-filename=b.txt"), (plain("<script>alert(1)</script>.html"), None),
    (plain("'; DROP TABLE files.txt"), "'- DROP TABLE files.txt"),
    (plain("{{7*7}}${x}`id`.txt"), "{{7-7}}-{x}`id`.txt"),
    (plain("a&b=c+d~e!@$'(),.txt"), "a&b=c+d~e!@-'(),.txt"), (plain("[1].png"), "[1].png"),
    (plain("a^`{}.txt"), "a^`{}.txt"),
    (disposition("filename=bare.txt"), "bare.txt"),
    (disposition("filename*=UTF-8''na%C3%AFve%20file.txt"), "na\u00efve file.txt"),
    (disposition("filename=\"fallback.txt\"; filename*=UTF-8''%E2%82%AC.txt"), "\u20ac.txt"),
    (disposition("filename*=utf-8'en'%E2%82%AC.txt; filename=\"fallback.txt\""), "\u20ac.txt"),
    (disposition("filename=\"fallback.txt\"; filename*=UTF-8''%FF%FE.txt"), "fallback.txt"),
    (disposition("filename=\"fallback.txt\"; filename*=ISO-8859-1''%E9.txt"), "fallback.txt"),
    (disposition("filename=\"fallback.txt\"; filename*=broken"), "fallback.txt"),
    (disposition("filename*=UTF-8''a%0D%0ASet-Cookie:%20x.txt"), None),
    (disposition("filename*=UTF-8''..%2F..%2Fetc%2Fpasswd"), "passwd"),
]
# Kept as they are: several scripts, from right to left, with marks that combine and characters that join, beyond 16 bits.
ALPHABETS = [
    "\u0635\u0648\u0631\u0629 \u0627\u0644\u0639\u0637\u0644\u0629 2", "\u05ea\u05de\u05d5\u05e0\u05d4 (1)", "\u0444\u043e\u0442\u043e \u0451",
    "\u03c6\u03c9\u03c4\u03bf\u03b3\u03c1\u03b1\u03c6\u03af\u03b1", "\u5ea6\u5047\u7167\u7247", "\u5199\u771f\u30d5\u30a1\u30a4\u30eb", "\uc0ac\uc9c4", "\u1109\u1161\u110c\u1175\u11ab",
    "\u0e20\u0e32\u0e1e\u0e16\u0e48\u0e32\u0e22", "\u091a\u093f\u0924\u094d\u0930 \u0915\u094d\u200d\u0937", "\u1353\u1276", "\U00012000\U00012001", "\uff50\uff48\uff4f\uff54\uff4f\uff0e",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 \U0001f3f3\ufe0f\u200d\U0001f308", "\U0001f1f8\U0001f1ea", "e\u0301 vs \u00e9", "Z\u0351\u036b\u0343a\u0329\u0356l\u032bgo",
    "a + b & c = d~ (!) 'x', @y", "\u00df\u0130\u0131\ufb01",
]
REMOVED = re.compile("[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200e\u200f%$|:;/<>?*\"\\\\]")


def parse_disposition(value):
    """The file name of a Content-Disposition by RFC 6266: filename* before filename."""
    kind, _, rest = value.partition(";")
    assert kind == "inline", value
    parameters = {}
    pattern = re.compile(r'\s*([\w!#$&+.^`|~-]+\*?)=(?:"((?:[^"\\]|\\.)*)"|([\w!#$&\'+.^`|~%-]+))\s*(?:;|$)')
    while rest:
        found = pattern.match(rest)
        assert found, value
        name, quoted, token = found.groups()
        assert name not in parameters, value
        parameters[name] = re.sub(r"\\(.)", r"\1", quoted) if quoted is not None else token
        rest = rest[found.end():]
    if "filename*" in parameters:
        charset, _, encoded = parameters["filename*"].split("'", 2)
        assert charset == "UTF-8", value
        return urllib.parse.unquote(encoded, "utf-8", "strict")
    return parameters["filename"]


class Names(SiteCase):
    def put(self, header):
        answer = self.site.upload(form=Multipart(Part(DATA, headers=[b"Content-Disposition: " + header])))
        self.assertEqual(answer.status, 201, answer)
        return answer.json

    def test_rows(self):
        for header, want in ROWS:
            with self.subTest(header=header[:90]):
                made = self.put(header)
                name = made["filename"]
                if want is not None:
                    self.assertEqual(name, want)
                self.assertSafe(name)
                self.assertEqual(made["url"], self.url_of(made["id"], name))
                self.assertServed(made)

    def assertSafe(self, name):
        self.assertTrue(0 < len(name.encode()) <= 255)
        self.assertNotIn(name, (".", ".."))
        self.assertIsNone(REMOVED.search(name), name)
        self.assertEqual(name, name.strip(" \t\r\n\v\f"))

    def url_of(self, id, name):
        return f"{self.site.url}/{id}/{urllib.parse.quote(name, safe='-._~!$&()*+,;=:@' + chr(39))}"

    def assertServed(self, made):
        """By two other people's clients, neither told to tolerate anything; and no header of the name's making."""
        connection = http.client.HTTPConnection(*self.site.address)
        connection.request("GET", self.site.front.prefix + made["url"][len(self.site.url):])
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.read()), (200, DATA))
        self.assertLessEqual({name.lower() for name, _ in answer.getheaders()}, HEADERS)
        value = answer.getheader("Content-Disposition")
        self.assertTrue(value.isascii() and value.isprintable(), value)
        self.assertEqual(parse_disposition(value), made["filename"])
        connection.close()

    def test_curl_fetches_each(self):
        made = [self.put(header) for header, _ in ROWS]
        command = ["curl", "-sS", "--fail", "-w", "%{http_code}\n"]
        for file in made:
            command += ["-o", "-", file["url"]]
        run = subprocess.run(command, capture_output=True, check=True)
        self.assertEqual(run.stdout, (DATA + b"200\n") * len(made))

    def test_line_breaks_in_a_part_header(self):
        """A raw CR LF ends the header line; what follows is a header of the part, and no part of any answer."""
        for raw in (b'form-data; name="file"; filename="a\r\nSet-Cookie: x=y\r\n.txt"',
                    b'form-data; name="file"; filename="a\nSet-Cookie: x=y"',
                    b'form-data; name="file"; filename="a\rb"',
                    b'form-data; name="file"; filename="a\0b"'):
            form = Multipart(Part(DATA, headers=[b"Content-Disposition: " + raw]))
            with self.subTest(raw=raw):
                answer = self.site.upload(form=form)
                self.assertEqual((answer.status, answer.json["code"]), (400, "bad_request"))
                self.assertIsNone(answer.header("Set-Cookie"))

    def test_alphabets(self):
        """As forms send them, and as RFC 8187 writes them."""
        for name in ALPHABETS:
            for header in (plain(name), disposition("filename*=UTF-8''" + urllib.parse.quote(name, safe=""))):
                with self.subTest(name=name, header=header):
                    made = self.put(header)
                    self.assertEqual((made["filename"], made["url"]), (name, self.url_of(made["id"], name)))
                    self.assertServed(made)

    def test_alphabets_in_the_path(self):
        """Of PUT, and of the file's own address: as given, in small letters, unescaped, escaped throughout."""
        for name in ALPHABETS:
            for data, extension in ((DATA, ".bin"), (png(), ".png")):
                given = urllib.parse.quote(name + extension)
                spellings = [given, re.sub("%..", lambda escape: escape[0].lower(), given), (name + extension).replace(" ", "%20"),
                             "".join(f"%{byte:02X}" for byte in (name + extension).encode())]
                for raw in spellings:
                    with self.subTest(name=name, raw=raw[:60]):
                        made = self.site.put(data, raw).json
                        self.assertEqual((made["filename"], made["size"]), (name + extension, len(data)))
                        for path in spellings:
                            answer = self.site.get(f"/{made['id']}/{path}")
                            self.assertEqual((answer.status, answer.body), (200, data), path)
                            if extension == ".bin":
                                self.assertEqual(parse_disposition(answer.header("Content-Disposition")), made["filename"])

    def test_no_name_at_all(self):
        made = self.put(b'form-data; name="file"')
        self.assertEqual(made["filename"], "download")
        self.assertServed(made)


main()
