"""Figures of the release build, as ratios against nginx's own work in the same run.

Everything runs on tmpfs behind one nginx, which is deploy/nginx.conf plus the yardsticks: an empty FastCGI responder
(asked with GET, and given the very upload), a plain static location, DAV PUT; and the curl tool, which fetches from the same
origin, nginx again, and writes to the same filesystem. The works take turns, round after round; a figure is the median.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import time

from harness import BUILD, ROOT, Multipart, Part, Pool, Site
from harness.process import memory

MIB = 1 << 20
# A JPEG's head, then noise: as a photo looks to libmagic and to a disk.
JPEG = bytes.fromhex("ffd8ffe000104a46494600010101004800480000ffdb0043") + os.urandom(10240 - 24)


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=1, help="of one measurement")
    parser.add_argument("--workers", type=int, default=3, help="also of the empty responder; on two cores 3 serve most")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--big-mib", type=int, default=100)
    parser.add_argument("--huge-mib", type=int, default=500)
    parser.add_argument("--base", default="/dev/shm")
    return parser.parse_args()


def parameters():
    """What nginx sends to a worker, for the empty responder to be sent the same."""
    with open(os.path.join(ROOT, "deploy/nginx.conf"), encoding="utf-8") as f:
        return "\n".join(re.findall(r"^\s+fastcgi_(?:param|keep_conn) .*;$", f.read(), re.M))


def yardsticks(folder):
    return f"""
		location = /bench/empty {{
{parameters()}
			fastcgi_pass unix:{folder}/run/empty.sock;
		}}
		location /bench/origin/ {{
			alias {folder}/;
		}}
		location = /bench/plain.jpg {{
			alias {folder}/plain.jpg;
		}}
		location /bench/dav/ {{
			alias {folder}/dav/;
			dav_methods PUT DELETE;
			client_max_body_size 0;
			client_body_buffer_size 128k;
		}}
"""


class Bench:
    def __init__(self, given):
        self.given = given
        self.site = Site(workers=given.workers, base=given.base)
        self.site.settings.update({
            "CDN_FETCH_OPEN": "127.0.0.0/8", "CDN_FETCH_PORTS": self.site.front.port, "CDN_FETCH_PER_MINUTE": 0})
        self.site.expect_ends()  # workers recycle
        self.folder = self.site.folder.path
        self.site.front.extra = yardsticks(self.folder)
        os.mkdir(os.path.join(self.folder, "dav"))
        self.write("plain.jpg", JPEG)
        empty = os.path.join(BUILD, "empty.fcgi")
        self.empty = Pool(self.site.folder, given.workers, "empty", empty, section="worker")

    def write(self, name, data):
        path = os.path.join(self.folder, name)
        with open(path, "wb") as f:
            f.write(data)
        return path

    def zeroes(self, name, mib):
        path = os.path.join(self.folder, name)
        block = os.urandom(MIB)
        with open(path, "wb") as f:
            for _ in range(mib):
                f.write(block)
        return path

    def __enter__(self):
        self.empty.start()
        self.site.start()
        return self

    def __exit__(self, kind, value, trace):
        self.empty.stop()
        self.site.__exit__(kind, value, trace)

    def wrk(self, path, script=None, key=False):
        """Requests a second; every answer must be a 2xx."""
        given = self.given
        command = ["wrk", "-t2", f"-c{given.connections}", f"-d{given.seconds}s"]
        if key:
            command += ["-H", "Authorization: Bearer " + self.site.key]
        if script:
            command += ["-s", script]
        run = subprocess.run([*command, self.site.url + path], capture_output=True, text=True, timeout=60)
        found = re.search(r"Requests/sec:\s*([\d.]+)", run.stdout)
        if not found or "Non-2xx" in run.stdout or "Socket errors" in run.stdout:
            raise AssertionError(f"{path}: {run.stdout}{run.stderr}")
        return float(found.group(1))

    def upload_script(self):
        form = Multipart(Part(JPEG, filename="photo.jpg", content_type="image/jpeg"))
        body = self.write("body", form.body())
        return self.write("upload.lua", f"""
local file = io.open("{body}", "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = "{form.content_type}"
file:close()
""".encode())

    def curl(self, *words):
        """Bytes a second of one transfer."""
        started = time.monotonic()
        run = subprocess.run(
            ["curl", "-sS", "-f", "-H", "Expect:", *words], capture_output=True, text=True, timeout=120)
        if run.returncode != 0:
            raise AssertionError(f"curl {words}: {run.stderr}")
        return time.monotonic() - started, run.stdout

    def upload(self, path):
        took, out = self.curl(
            "-H", "Authorization: Bearer " + self.site.key, "-F", f"file=@{path}", self.site.url + "/api/v4/upload")
        return took, json.loads(out)

    def fetch(self, path):
        """By upload_from_url, from the origin that offers the folder."""
        source = f"{self.site.url}/bench/origin/{os.path.basename(path)}"
        took, out = self.curl(
            "-H", "Authorization: Bearer " + self.site.key, "-d", "url=" + source,
            self.site.url + "/api/v4/upload_from_url")
        return took, json.loads(out)

    def fetch_by_curl(self, path):
        copy = os.path.join(self.folder, "copy")
        took, _ = self.curl("-o", copy, f"{self.site.url}/bench/origin/{os.path.basename(path)}")
        os.remove(copy)
        return took

    def put(self, path):
        took, _ = self.curl("-T", path, self.site.url + "/bench/dav/big")
        os.remove(os.path.join(self.folder, "dav/big"))
        return took

    def measure(self):
        photo = self.site.upload(JPEG, "photo.jpg").json["url"][len(self.site.url):]
        page = self.site.upload(b"<!doctype html>" + b"x" * 10225, "page.html").json["url"][len(self.site.url):]
        script = self.upload_script()
        big = self.zeroes("big", self.given.big_mib)
        size = os.path.getsize(big)
        self.lay_folders()
        works = {
            "empty": lambda: self.wrk("/bench/empty"),
            "empty, POST": lambda: self.wrk("/bench/empty", script),
            "upload": lambda: self.wrk("/api/v4/upload", script, key=True),
            "me": lambda: self.wrk("/api/v4/me", key=True),
            "worker lane": lambda: self.wrk(page),
            "plain": lambda: self.wrk("/bench/plain.jpg"),
            "static lane": lambda: self.wrk(photo),
            "dav": lambda: size / self.put(big),
            "big upload": lambda: size / self.and_delete(self.upload(big)),
            "fetch by curl": lambda: size / self.fetch_by_curl(big),
            "fetch": lambda: size / self.and_delete(self.fetch(big)),
        }
        seen = {name: [] for name in works}
        for _ in range(self.given.rounds):
            for name, work in works.items():
                seen[name].append(work())
        return {name: statistics.median(values) for name, values in seen.items()}

    def lay_folders(self):
        """A store in use has all its folders; a new one makes each with its first file."""
        for kind in ("files", "records"):
            for shard in range(4096):
                os.makedirs(os.path.join(self.site.folder.data, kind, f"{shard:03x}"), exist_ok=True)

    def and_delete(self, stored):
        took, made = stored
        self.site.request("DELETE", "/api/v4/upload/" + made["id"], key=True)
        return took

    def idle(self):
        """The private memory of a worker after its work, the median of the pool."""
        time.sleep(0.5)
        figures = [memory(pid) for pid in self.site.pool.pids()]
        return {name: statistics.median(f[name] for f in figures) for name in ("private", "private_dirty")}


def peaks(given):
    """Peak memory of a fresh worker after one upload of 1 MiB, and of another after one of many."""
    found = []
    for mib in (1, given.huge_mib):
        bench = Bench(argparse.Namespace(**{**vars(given), "workers": 1}))
        with bench:
            pid = bench.site.pool.pids()[0]
            bench.upload(bench.zeroes("source", mib))
            found.append(memory(pid)["peak"])
    return found


def table(given, median, idle, peak):
    """Rows of (work, figure, against, ratio or value, target, whether it is reached)."""
    rows = []

    def ratio(name, work, against, target, unit):
        value = median[work] / median[against]
        rows.append((name, unit(median[work]), unit(median[against]), f"{value:.2f}", f">= {target}", value >= target))

    def bytes_(name, value, target):
        rows.append((name, "", "", f"{value / MIB:.2f} MiB", f"<= {target} MiB", value <= target * MIB))

    def per_second(value):
        return f"{value:,.0f}/s"

    def rate(value):
        return f"{value / MIB:,.0f} MiB/s"

    ratio("upload 10 KB / empty responder", "upload", "empty", 0.45, per_second)
    ratio("upload 10 KB / the same POST there", "upload", "empty, POST", 0.45, per_second)
    ratio("me / empty responder", "me", "empty", 0.65, per_second)
    ratio("worker lane 10 KB / empty responder", "worker lane", "empty", 0.70, per_second)
    ratio("static lane 10 KB / plain location", "static lane", "plain", 0.85, per_second)
    ratio(f"upload {given.big_mib} MiB / nginx DAV PUT", "big upload", "dav", 0.55, rate)
    ratio(f"fetch {given.big_mib} MiB / the curl tool", "fetch", "fetch by curl", 0.8, rate)
    bytes_(f"peak memory, {given.huge_mib} MiB - 1 MiB upload", peak[1] - peak[0], 1)
    bytes_("idle worker, private", idle["private"], 4)
    bytes_("idle worker, private dirty alone", idle["private_dirty"], 4)
    return rows


def main():
    given = options()
    with Bench(given) as bench:
        median = bench.measure()
        idle = bench.idle()
    peak = peaks(given)
    rows = table(given, median, idle, peak)
    print(f"{given.workers} workers, {given.connections} connections, medians of {given.rounds} rounds, on {given.base}")
    for name, figure, against, value, target, reached in rows:
        print(f"{name:<40}{figure:>14}{against:>14}{value:>11}  {target:<9} {'' if reached else 'MISSED'}".rstrip())
    result = {"options": vars(given), "median": median, "idle": idle, "peak": peak, "rows": rows}
    with open(os.path.join(BUILD, "bench.json"), "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)


if __name__ == "__main__":
    main()
