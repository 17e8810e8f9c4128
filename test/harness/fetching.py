"""unittest with a Site inside of an Internet, for POST /api/v4/upload_from_url. Needs internet.enter() first."""
import json
import re

from harness import internet, process
from harness.cases import SiteCase

NOT_ALLOWED = "IP address not allowed"
INVALID = "Invalid host"
NOT_FOUND = "Couldn't resolve host."
SCHEME = "URL scheme must be http or https."
TOO_MANY = "Too many redirects"
TIMED_OUT = "Timed out"
SIZE = r"(\d+(\.\d+)?|\.\d+) (Bytes|Byte|KB|MB|GB|TB)"
# Whatever goes wrong, the client reads one of these and not a word more.
FIXED = (NOT_ALLOWED, INVALID, NOT_FOUND, SCHEME, TOO_MANY, TIMED_OUT)
REASONS = re.compile("|".join([*(re.escape(text) for text in FIXED), r"Failed to download: [1-5]\d\d",
                               f"File too large: (more than )?{SIZE} exceeds limit of {SIZE}"]))
MEMBERS = {"error", "code", "message", "status", "documentation_url", "request_id"}


def failed(status):
    return f"Failed to download: {status}"


class FetchCase(SiteCase):
    """Each test begins with an Internet in which nothing has happened."""

    settings = {"CDN_FETCH_PER_MINUTE": 0}
    options = {"workers": 1, "slow": 1}

    def setUp(self):
        internet.dns.clear()
        internet.dns.say("files.test", [internet.PUBLIC])
        internet.dns.say("other.test", [internet.OTHER])
        internet.origin.clear()
        internet.witness.forget()
        self.at_first = self.state()

    def state(self):
        return self.site.stored(), self.site.me().body

    def fetch(self, url="http://files.test/a", authorization=None, key=True, **more):
        headers = [("Content-Type", "application/json")]
        if authorization is not None:
            headers.append(("X-Download-Authorization", authorization))
        body = json.dumps({"url": url}).encode()
        return self.site.request("POST", "/api/v4/upload_from_url", headers, body, key=key, **more)

    def dialled(self):
        """The addresses that a packet was sent to, by whomever; not counted: the client's way to nginx, and DNS."""
        own = {("tcp", *self.site.address), ("udp", internet.RESOLVER, 53)}
        return {address for _, address, _ in internet.witness.dialled(own)}

    def content(self, answer):
        """The bytes behind the URL of a 201."""
        self.assertEqual(answer.status, 201, answer)
        return self.site.fetch(answer.json["url"]).body

    def assertFetched(self, answer, data):
        self.assertEqual(self.content(answer), data)
        self.assertEqual(answer.json["size"], len(data))

    def assertRefused(self, answer, reason):
        """422 with this reason, and nothing else that tells where the bytes were looked for."""
        self.assertEqual(answer.status, 422, answer)
        self.assertEqual(answer.json["error"], "Upload failed: " + reason)
        self.assertTrue(REASONS.fullmatch(reason), reason)
        self.assertEqual(answer.json["code"], "upload_failed")
        self.assertEqual(set(answer.json), MEMBERS)
        self.assertEqual(answer.json["message"], "The file could not be stored.")
        self.assertTellsNothing(answer)

    def assertTellsNothing(self, answer):
        text = answer.body.decode() + repr(answer.headers)
        text = text.replace(self.site.url, "").replace(answer.header("X-Request-Id"), "")
        self.assertNotRegex(text, r"\d+\.\d+\.\d+\.\d+|[0-9a-f]*::[0-9a-f]*|(?i:curl|ssl|port |tcp|dns|certificate)")

    def assertNothingLeft(self):
        self.assertEqual(self.state(), self.at_first)
        self.assertEqual(self.site.unfinished(), [])

    def detail(self, answer):
        """What the log says of this answer's request."""
        own = answer.header("X-Request-Id")

        def line():
            return [line for line in self.site.access_so_far(self.site.slow) if line["id"] == own]

        return process.wait_until(line, what="the request's line in the log")[0]["detail"]
