"""The memory of a release build's worker is the same for any size of file that it fetches, encrypted or not."""
from harness import RELEASE, internet, main, origin, process
from harness.fetching import FetchCase

MIB = 1024 * 1024


def sized(count):
    """So many bytes, never held at once."""
    def answer(conn, _):
        piece = bytes(range(256)) * 1024
        conn.sendall(origin.head(200, f"Content-Length: {count}"))
        for _ in range(count // len(piece)):
            conn.sendall(piece)
    return answer


class Memory(FetchCase):
    options = {"workers": 1, "slow": 1, "build": RELEASE, "base": "/dev/shm"}
    settings = {"CDN_FETCH_PER_MINUTE": 0, "CDN_MIN_FREE": 0}

    def peak(self, url, count):
        """Of a fresh worker, after one fetch."""
        self.site.slow.signal(15)
        old = set(self.site.slow.pids())
        pid = process.wait_until(lambda: set(self.site.slow.pids()) - old, what="a fresh worker").pop()
        answer = self.fetch(url, timeout=120)
        self.assertEqual((answer.status, answer.json.get("size")), (201, count), answer)
        self.site.request("DELETE", "/api/v4/upload/" + answer.json["id"], key=True)
        return process.memory(pid)["peak"]

    def test_any_size(self):
        internet.dns.say("good.test", [internet.PUBLIC])
        for scheme in ("http", "https"):
            with self.subTest(scheme):
                peaks = []
                for mib in (1, 500):
                    internet.origin.on("/file", sized(mib * MIB))
                    peaks.append(self.peak(f"{scheme}://good.test/file", mib * MIB))
                small, large = peaks
                print(f"{scheme}: peak {small // 1024} kB with 1 MiB, {large // 1024} kB with 500 MiB", flush=True)
                self.assertLessEqual(large - small, MIB)


internet.enter()
main()
