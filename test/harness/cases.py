"""unittest with a Site."""
import json
import os
import sys
import unittest

from harness.differing import Differing, Result
from harness.servers import BUILD
from harness.site import Site


class SiteCase(unittest.TestCase):
    """One site for all tests of the class; what it leaves behind is looked at when they are done."""

    settings = {}
    options = {}

    @classmethod
    def setUpClass(cls):
        cls.site = Site(settings=cls.settings, **cls.options).start()

    @classmethod
    def tearDownClass(cls):
        cls.site.stop()

    def assertMalformed(self, answer, statuses=(400,)):
        """Refused as no HTTP at all, or as more than a request may have: in the envelope, unless the web server cannot."""
        self.assertIn(answer.status, statuses, answer)
        if answer.header("Content-Type") == "application/json; charset=utf-8":
            self.assertEqual(answer.json["status"], answer.status)
            self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])
        else:
            self.assertTrue(self.site.differs("malformed requests as JSON"), answer)
            self.assertLess(len(answer.body), 1000)

    def is_refused_as_text(self, answer):
        """Whether the web server refused this by itself, and is known to do it without JSON."""
        return (answer.status >= 400 and not answer.header("X-Request-Id") and
                self.site.differs("malformed requests as JSON"))


def keep(result):
    """For the table of test/matrix.py: how the cases went behind this front, or under this process manager."""
    way = os.environ.get("CDN_SUPERVISOR") or os.environ.get("CDN_FRONT")
    if way and "CDN_SAME" not in os.environ:
        folder = os.path.join(BUILD, "matrix", way)
        os.makedirs(folder, exist_ok=True)
        name = os.path.basename(sys.argv[0]).removesuffix(".py") + ".json"
        with open(os.path.join(folder, name), "w", encoding="utf-8") as f:
            bad = len(result.failures) + len(result.errors) + len(result.skipped)
            json.dump({"run": result.testsRun, "bad": bad, "asserted": sorted(Differing.asserted)}, f)


def main():
    """Run the tests of the calling file. A skipped test counts as a failure."""
    runner = unittest.TextTestRunner(verbosity=2, resultclass=Result)
    program = unittest.main(module="__main__", exit=False, testRunner=runner)
    result = program.result
    keep(result)
    sys.exit(0 if result.wasSuccessful() and not result.skipped and result.testsRun else 1)
