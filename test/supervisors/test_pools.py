"""Both pools under a process manager: they work, are replaced, are told to begin anew, and say what is wrong."""
from harness import SiteCase, main


class Pools(SiteCase):
    options = {"workers": 2}

    def test_upload(self):
        answer = self.site.upload(b"bytes", "a.txt")
        self.assertEqual(answer.status, 201)
        self.assertEqual(self.site.fetch(answer.json["url"]).body, b"bytes")


main()
