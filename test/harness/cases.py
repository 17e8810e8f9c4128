"""unittest with a Site."""
import sys
import unittest

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


def main():
    """Run the tests of the calling file. A skipped test counts as a failure."""
    program = unittest.main(module="__main__", exit=False, verbosity=2)
    result = program.result
    sys.exit(0 if result.wasSuccessful() and not result.skipped and result.testsRun else 1)
