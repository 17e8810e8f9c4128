"""A DNS server (RFC 1035) that answers what the test wants, and not always the same."""
import socket
import struct
import threading

A, CNAME, AAAA, SRV = 1, 5, 28, 33
NO_SUCH_NAME, REFUSED, FAILED = 3, 5, 2
# An answer in place of a list: none at all.
SILENCE = "silence"


class Dns:
    """On UDP port 53 of the address. asked: (name, type) of every question, in order."""

    def __init__(self, address):
        self.clear()
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.sock.bind((address, 53))
        threading.Thread(target=self.run, daemon=True).start()

    def clear(self):
        self.names, self.asked = {}, []

    def say(self, name, *answers):
        """What a look-up of the name brings: the first time the first answer, from the last on always that.

        An answer is a list of addresses of either family and of names (CNAME), or SILENCE, or a number: the error.
        A name that nothing is said of does not exist.
        """
        self.names[name] = answers
        self.asked = [(asked, kind) for asked, kind in self.asked if asked != name]

    def count(self, name):
        """How often the name was looked up."""
        kinds = [kind for asked, kind in self.asked if asked == name]
        return max(kinds.count(A), kinds.count(AAAA))

    def run(self):
        while True:
            question, client = self.sock.recvfrom(512)
            reply = self.reply(question)
            if reply:
                self.sock.sendto(reply, client)

    def reply(self, question):
        name, end = read_name(question, 12)
        kind, = struct.unpack_from("!H", question, end)
        answers = self.names.get(name, [NO_SUCH_NAME])
        answer = answers[min(self.asked.count((name, kind)), len(answers) - 1)]
        self.asked.append((name, kind))
        if answer == SILENCE:
            return None
        code = answer if isinstance(answer, int) else 0
        records = [] if code else list(self.records(name, kind, answer))
        return (question[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, len(records), 0, 0) + question[12:end + 4] +
                b"".join(records))

    def records(self, name, kind, answer):
        for value in answer:
            if is_address(socket.AF_INET, value):
                yield from [record(name, A, socket.inet_aton(value))] if kind == A else []
            elif is_address(socket.AF_INET6, value):
                yield from [record(name, AAAA, socket.inet_pton(socket.AF_INET6, value))] if kind == AAAA else []
            else:
                yield record(name, CNAME, write_name(value))
                yield from self.records(value, kind, self.names[value][0])


def record(name, kind, data):
    """Good for no time at all."""
    return write_name(name) + struct.pack("!HHIH", kind, 1, 0, len(data)) + data


def is_address(family, text):
    try:
        socket.inet_pton(family, text)
        return True
    except OSError:
        return False


def read_name(message, at):
    """The name in lower case, and where it ends."""
    labels = []
    while message[at]:
        labels.append(message[at + 1:at + 1 + message[at]].decode("latin-1").lower())
        at += 1 + message[at]
    return ".".join(labels), at + 1


def write_name(name):
    return b"".join(bytes([len(label)]) + label.encode("latin-1") for label in name.split(".")) + b"\0"
