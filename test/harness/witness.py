"""Sees who is dialled on lo, and whoever dials: every packet but those within a TCP connection that it saw begin."""
import ctypes
import socket
import struct
import threading
import time

ETH_P_ALL, ETH_P_IP, ETH_P_IPV6 = 3, 0x0800, 0x86DD
PACKET_OUTGOING = 4
SOL_PACKET, PACKET_STATISTICS = 263, 6
SYN, ACK = 2, 16
SO_ATTACH_FILTER = 26

# Classic BPF, (code, jump if true, jump if false, value): what leaves, and is not TCP or has SYN set. Each packet
# passes lo twice, as it leaves and as it arrives; a large transfer would fill the buffer faster than it is read.
FILTER = [
    (0x20, 0, 0, 0xFFFFF004), (0x15, 0, 13, PACKET_OUTGOING),  # the packet's type, beside its bytes
    (0x30, 0, 0, 0), (0x54, 0, 0, 0xF0), (0x15, 5, 0, 0x60),   # version 6?
    (0x30, 0, 0, 9), (0x15, 0, 7, 6),                          # IPv4: protocol
    (0xB1, 0, 0, 0), (0x50, 0, 0, 13), (0x05, 0, 0, 3),        # flags, behind the header
    (0x30, 0, 0, 6), (0x15, 0, 2, 6),                          # IPv6: next header
    (0x30, 0, 0, 53), (0x45, 0, 1, SYN),
    (0x06, 0, 0, 128), (0x06, 0, 0, 0),
]
PROTOCOLS = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmp6"}


class Witness:
    """Opened by who may (CAP_NET_RAW), started when threads may be."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
        program = b"".join(struct.pack("HBBI", *step) for step in FILTER)
        steps = ctypes.create_string_buffer(program)
        self.sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER,
                             struct.pack("HxxxxxxP", len(FILTER), ctypes.addressof(steps)))
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.sock.bind(("lo", 0))
        self.lock = threading.Lock()
        self.known = set()
        # (protocol, address, port) of whom a packet was sent to that was no answer.
        self.targets = set()
        self.bell = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.rung = 0

    def start(self):
        self.bell.bind(("127.0.0.1", 0))
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            packet, (_, kind, *_) = self.sock.recvfrom(128)
            self.note(*understand(kind, packet))

    def note(self, protocol, source, sport, target, port, flags):
        if (target, port) == self.bell.getsockname():
            self.rung += 1
            return
        with self.lock:
            # From ::1 a packet to anywhere is answered to ::1: an answer is what comes back along a way already gone.
            if flags & ACK or (flags == 0 and (protocol, target, port, source, sport) in self.known):
                return
            self.known.add((protocol, source, sport, target, port))
            self.targets.add((protocol, target, port))

    def forget(self):
        """What was seen so far is of no interest."""
        self.catch_up()
        with self.lock:
            self.targets.clear()

    def dialled(self, but=()):
        """Whom a packet was sent to since: a set of (protocol, address, port), less those in `but`."""
        self.catch_up()
        with self.lock:
            return self.targets - set(but)

    def catch_up(self):
        """Returns when all that was sent before is noted, which also shows that the witness is awake."""
        before = self.rung
        self.bell.sendto(b"", self.bell.getsockname())
        end = time.monotonic() + 20
        while self.rung == before:
            if time.monotonic() > end:
                raise AssertionError("the witness sleeps")
            time.sleep(0.001)
        _, lost = struct.unpack("II", self.sock.getsockopt(SOL_PACKET, PACKET_STATISTICS, 8))
        if lost:
            raise AssertionError(f"the witness missed {lost} packets")


def understand(kind, packet):
    """(protocol, source, its port, destination, its port, TCP's flags); what there is not is 0."""
    if kind == ETH_P_IP:
        number, start = packet[9], (packet[0] & 15) * 4
        source, target = (socket.inet_ntop(socket.AF_INET, packet[at:at + 4]) for at in (12, 16))
    elif kind == ETH_P_IPV6:
        number, start = packet[6], 40
        source, target = (socket.inet_ntop(socket.AF_INET6, packet[at:at + 16]) for at in (8, 24))
    else:
        return f"ethertype {kind:#x}", "", 0, "", 0, 0
    sport, port = struct.unpack_from("!HH", packet, start) if number in (6, 17) else (0, 0)
    flags = packet[start + 13] if number == 6 else 0
    return PROTOCOLS.get(number, f"protocol {number}"), source, sport, target, port, flags
