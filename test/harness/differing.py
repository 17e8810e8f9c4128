"""What a web server or a process manager is known not to do."""
import os
import unittest


class Differing:
    """Has

    files        of deploy/ that it is made from; whatever it cannot do, the head of one of them says
    differences  name -> sentence: where it cannot do as the contract says. A case asks differs() and then asserts
                 what happens instead; test/matrix.py sees that each was asked for by a case that passed

    With CDN_SAME=name that difference is taken for absent: a case must fail then, else nothing asserts it, or it is none any
    more (test/matrix.py --stale).
    """

    files = ()
    differences = {}
    # Of all of them in this process, for the table that test/matrix.py prints; and of the test that is running.
    asserted = set()
    asked = set()

    def differs(self, name):
        """Whether it is known not to do what `name` says; the caller then asserts what it does."""
        if name in self.differences and name != os.environ.get("CDN_SAME"):
            Differing.asked.add(name)
            return True
        return False


class Result(unittest.TextTestResult):
    """Counts a difference as asserted once a test that asked for it has passed."""

    def startTest(self, test):
        Differing.asked.clear()
        super().startTest(test)

    def addSuccess(self, test):
        Differing.asserted |= Differing.asked
        super().addSuccess(test)
