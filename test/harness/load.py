"""Uploads, one after the other and side by side, while something happens to the workers."""
import hashlib
import random
import threading
import time

from harness import client
from harness.multipart import Multipart, Part


class Load:
    """Uploads on some threads; every answer must be 201, and every file is read back."""

    def __init__(self, site, threads=4):
        self.site = site
        self.stopping = threading.Event()
        self.faults, self.done, self.bytes = [], 0, 0
        self.lock = threading.Lock()
        self.threads = [threading.Thread(target=self.run, args=(number,)) for number in range(threads)]

    def run(self, number):
        rng = random.Random(number)
        while not self.stopping.is_set():
            try:
                fault = self.one(rng)
            except Exception as error:  # whatever a client may see is a fault
                fault = repr(error)
            with self.lock:
                self.done += 1
                if fault:
                    self.faults.append(fault)

    def one(self, rng):
        data = rng.randbytes(rng.choice((0, 10, 5_000, 70_000, 400_000, 1_500_000)))
        form = Multipart(Part(data, filename="a.bin"))
        body = form.body()
        # In pieces with pauses, so that signals come in the middle of it.
        answer = self.site.request(
            "POST", "/api/v4/upload", {"Content-Type": form.content_type}, client.cut(body, len(body) // 4 + 1),
            key=True, chunked=rng.random() < 0.5, length=len(body), pause_s=rng.choice((0, 0.002, 0.02)))
        if answer.status != 201:
            return repr(answer)
        back = self.site.fetch(answer.json["url"])
        self.bytes += len(data)
        if back.status != 200 or hashlib.sha256(back.body).digest() != hashlib.sha256(data).digest():
            return f"{len(data)} bytes came back as {back.status}, {len(back.body)} bytes"
        return None

    def during(self, seconds, act, every):
        """Call act() every so many seconds."""
        for thread in self.threads:
            thread.start()
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            act()
            time.sleep(every)
        self.stopping.set()
        for thread in self.threads:
            thread.join(60)
