"""Beside the walk of test_contract.py: how numbers are written, bodies of the wrong kind, lengths."""
from harness import Multipart, Part, main
from harness.api import ApiCase


class Bodies(ApiCase):
    def upload(self, headers=(), body=b"", kind=None, key=True):
        headers = dict(headers)
        if kind:
            headers["Content-Type"] = kind
        return self.site.request("POST", "/api/v4/upload", headers, body, key=key)

    def test_numbers_are_written_as_integers(self):
        answer = self.site.upload(b"x" * 1234, "a")
        self.assertIn(b'"size":1234,', answer.body)
        self.assertRegex(self.site.me().body, rb'"storage_used":\d+,"storage_limit":322122547200,')

    def test_kinds_of_body(self):
        kind = "multipart/form-data; boundary=b"
        rows = [
            (kind, b"", 400, "bad_request"), (kind, b"no boundary here", 400, "bad_request"),
            ("multipart/form-data", b"x", 400, "bad_request"),
            ("multipart/form-data; boundary=", b"x", 400, "bad_request"),
            ("multipart/form-data; boundary=" + "b" * 71, b"x", 400, "bad_request"),
            ("multipart/form-data; boundary=a; boundary=b", b"x", 400, "bad_request"),
            ("application/json", b"{}", 415, "unsupported_media_type"),
            ("application/x-www-form-urlencoded", b"file=x", 415, "unsupported_media_type"),
            ("multipart/mixed; boundary=b", b"x", 415, "unsupported_media_type"),
            ("image/png", b"x", 415, "unsupported_media_type"),
        ]
        words = {"bad_request": "Bad request", "unsupported_media_type": "Unsupported media type"}
        for kind, body, status, code in rows:
            with self.subTest(kind=kind[:60]):
                self.assertError(self.upload(body=body, kind=kind), status, code, words[code])
        form = Multipart(Part(b"x", filename="a"))
        answer = self.site.upload(form=form, headers={"Content-Encoding": "gzip"})
        self.assertError(answer, 415, "unsupported_media_type", "Unsupported media type")
        answer = self.upload(body=b"x")
        self.assertIn(answer.status, (400, 415))
        self.assertFalse(self.site.unfinished())

    def test_lengths(self):
        form = Multipart(Part(b"x", filename="a"))
        for length in ("abc", "1e3", "+5", "5,5", str(2 ** 63), str(2 ** 64 + 5), "-1", "-5"):
            with self.subTest(length=length):
                answer = self.site.request("POST", "/api/v4/upload", {"Content-Type": form.content_type}, key=True,
                                           length=length)
                self.assertEqual(answer.status, 400)
                self.assertEqual(answer.json["code"], "bad_request")
                self.assertEqual(answer.header("Content-Type"), "application/json; charset=utf-8")


main()
