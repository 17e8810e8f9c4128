"""What a web server or a process manager is known not to do."""


class Differing:
    """Has

    files        of deploy/ that it is made from; whatever it cannot do, the head of one of them says
    differences  name -> sentence: where it cannot do as the contract says. A case asks differs() and then asserts
                 what happens instead; test/matrix.py sees that each of them was asserted
    """

    files = ()
    differences = {}
    # Of all of them in this process, for the table that test/matrix.py prints.
    asserted = set()

    def differs(self, name):
        """Whether it is known not to do what `name` says; the caller then asserts what it does."""
        if name in self.differences:
            Differing.asserted.add(name)
            return True
        return False
