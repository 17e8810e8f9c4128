"""A site with one worker whose system calls fail on demand, and what must hold after each fault."""
import hashlib
import os
import random
import signal
import time

from harness import Site, SiteCase, process
from proxy import Proxy
from shim import Shim


class FaultyCase(SiteCase):
    settings = {}

    @classmethod
    def setUpClass(cls):
        cls.site = Site(settings=cls.settings, workers="single")
        cls.shim = Shim(cls.site.folder)
        cls.site.pool.env.update(cls.shim.env())
        cls.site.start()
        cls.site.expect_errors()

    @classmethod
    def tearDownClass(cls):
        cls.shim.rest()
        cls.site.stop()
        cls.shim.close()

    def kept(self):
        return kept(self.site)

    def stored(self, answer, data):
        """201 means: it reads back, and is counted."""
        stored(self, self.site, answer, data)


def settle(site):
    """A request ends, and what it leaves in tmp/ goes, a moment after its answer."""
    try:
        process.wait_until(lambda: not site.unfinished(), timeout=2)
    except AssertionError:
        pass  # for the caller to judge


def kept(site):
    """All that is kept: on disk, in tmp/, in Redis and in the counters of every account."""
    settle(site)
    counters = {key: site.redis.command("HMGET", key, "files", "bytes")
                for key in site.redis.command("KEYS", "cdn:{usr_*}") if key.endswith("}")}
    keys = site.redis.command("KEYS", "*")
    # Every file's record counts as a key of its own.
    keys += [f"{key} {name}" for key in keys if key.endswith("}:records") for name in site.redis.command("HKEYS", key)]
    return {"disk": site.stored(), "tmp": site.unfinished(), "keys": sorted(keys),
            "counters": counters}


def fold(name):
    """As the index of names has it: letters beyond ASCII keep their case."""
    return "".join(c.lower() if c.isascii() else c for c in name)


def check_counters(case, site):
    """The counters of every account equal the files listed."""
    for account in site.redis.command("KEYS", "cdn:{usr_*}"):
        if not account.endswith("}"):
            continue
        listed = site.redis.command("ZRANGE", account + ":files", "0", "-1")
        records = {name: site.record(account, name) for name in listed}
        sizes = [record["size"] for record in records.values()]
        counted = site.redis.command("HMGET", account, "files", "bytes")
        # What the index of names says, and that nothing else is kept.
        members = [f"{fold(record['filename'])}\0{name}" for name, record in records.items()]
        case.assertEqual(site.redis.command("ZRANGE", account + ":names", "0", "-1"), sorted(members), account)
        case.assertEqual(site.redis.command("HLEN", account + ":records"), len(listed), account)
        case.assertEqual([int(n) for n in counted], [len(sizes), sum(sizes)], account)


def check_listed(case, site, acknowledged):
    """Every id of a 201 is listed; every listed file has bytes and record, and is counted once."""
    check_counters(case, site)
    account = site.me().json["id"]
    listed = site.redis.command("ZRANGE", f"cdn:{{{account}}}:files", "0", "-1")
    case.assertLessEqual(set(acknowledged), set(listed))
    on_disk = {os.path.basename(name) for name in site.stored()}
    for name in listed:
        # Ten random bytes may be anything, says libmagic.
        ext = site.record(f"cdn:{{{account}}}", name)["ext"]
        case.assertIn(f"{name}.{ext}", on_disk)
        case.assertIn(name + ".json", on_disk)


def check_agree(case, site):
    """Disk and Redis know the same files, whole, by the same names."""
    check_counters(case, site)
    known, bytes_of = {}, {}
    for account in site.redis.command("KEYS", "cdn:{usr_*}"):
        for name in site.redis.command("ZRANGE", account + ":files", "0", "-1") if account.endswith("}") else ():
            record = site.record(account, name)
            known[name] = (record["filename"], record["renamed_ms"])
            bytes_of[name] = record["ext"]
    on_disk = {}
    for path in site.stored():
        if path.endswith(".json"):
            record = site.record_on_disk(path[-len(".json") - 36:-len(".json")])
            on_disk[record["id"]] = (record["filename"], record.get("renamed_ms", 0))
        else:
            name, ext = os.path.basename(path).split(".")
            case.assertEqual(bytes_of.pop(name, None), ext, path)
    case.assertEqual(on_disk, known)
    case.assertEqual(bytes_of, {})


def kill_workers(site, clients, kills, stop=None, pool=None):
    """Run these threads while workers are killed at random moments, each time out of a whole pool, then let them end."""
    pool = pool or site.pool
    whole = len(pool.pids())
    for client in clients:
        client.start()
    chance = random.Random(1)
    for _ in range(kills):
        time.sleep(chance.uniform(0.02, 0.25))
        process.wait_until(lambda: len(pool.pids()) == whole, what="a whole pool")
        site.expect_ends(1)
        process.kill(chance.choice(pool.pids()), signal.SIGKILL)
    if stop:
        stop.set()
    for client in clients:
        client.join()


def stored(case, site, answer, data):
    case.assertEqual(answer.status, 201, answer)
    case.assertEqual(answer.json["size"], len(data))
    case.assertEqual(answer.json["sha256"], hashlib.sha256(data).hexdigest())
    case.assertEqual(site.fetch(answer.json["url"]).body, data)
    settle(site)
    case.assertEqual(site.unfinished(), [])
    shard = answer.json["id"][-3:]
    names = os.listdir(os.path.join(site.folder.data, "files", shard))
    case.assertEqual([n.split(".")[0] for n in names].count(answer.json["id"]), 1)
    check_counters(case, site)


class ProxyCase(SiteCase):
    """A site with one worker that reaches Redis through a Proxy."""

    settings = {"CDN_REDIS_COMMAND_TIMEOUT": "300", "CDN_REDIS_CONNECT_TIMEOUT": "300"}

    @classmethod
    def setUpClass(cls):
        cls.site = Site(settings=cls.settings, workers="single")
        cls.proxy = Proxy(cls.site.folder)
        cls.site.settings["CDN_REDIS_URL"] = cls.proxy.url
        cls.site.start()
        cls.site.expect_errors()

    @classmethod
    def tearDownClass(cls):
        cls.site.stop()
        cls.proxy.close()

    def setUp(self):
        """The worker is connected and has greeted Redis; that the key is used need not be noted for a minute."""
        self.proxy.forget()
        name = "cdn:key:" + hashlib.sha256(self.site.key.encode()).hexdigest()
        self.site.redis.command("HSET", name, "last_used_at", int(time.time() * 1000))
        self.assertEqual(self.site.me().status, 200)
        self.proxy.forget()

    def unavailable(self, answer):
        self.assertEqual(answer.status, 503, answer)
        self.assertEqual(answer.json["code"], "unavailable")
        self.assertEqual(answer.json["error"], "Service unavailable")
        self.assertEqual(answer.header("Retry-After"), "5")
        for word in (b"redis", b"Redis", b"LOADING", b"sock"):
            self.assertNotIn(word, answer.body)

    def kept(self):
        return kept(self.site)

    def stored(self, answer, data):
        stored(self, self.site, answer, data)
