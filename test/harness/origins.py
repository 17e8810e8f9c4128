"""unittest with a Site, for what scripts of other origins may read of an answer."""
from harness.cases import SiteCase

ORIGIN = {"Origin": "https://other.example"}


class OpenCase(SiteCase):
    def assertOpen(self, answer, status):
        """Exactly one origin, all of them, and no credentials; status may be several, any of which will do."""
        self.assertIn(answer.status, status if isinstance(status, tuple) else (status,), answer)
        # A 416 is of the file, whoever puts it into words.
        bare = answer.status != 416 and self.is_refused_as_text(answer)
        origins = [] if bare else ["*"]
        self.assertEqual(answer.all("Access-Control-Allow-Origin"), origins, answer)
        self.assertEqual(answer.all("Access-Control-Allow-Credentials"), [], answer)
        return answer

    def check(self, rows):
        for method, path, status, more in rows:
            with self.subTest(method=method, path=path[:60], status=status):
                more = dict(more)
                headers = {**ORIGIN, **more.pop("headers", {})}
                self.assertOpen(self.site.request(method, path, headers, **more), status)

    def path(self, data, name):
        return self.site.upload(data, name).json["url"][len(self.site.url):]
