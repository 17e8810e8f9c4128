"""Every example in /openapi.json is asked of the real service, and each answer is the documented one."""
import contextlib
import json
import os
import re
import signal
import urllib.parse

import jsonschema

from harness import ROOT, Multipart, Part, client, main, wait_until
from harness.api import UUID7, ApiCase, Source

TEXT = b"Hello, world!\n"
MIB = 1024 * 1024
BASE = "https://cdn.example.org"
EMAIL = "ann@example.org"
FETCHED, CLAIMED = "https://files.example.net", "https://dead.example.net/a/hello.txt"
SOURCE = Source(TEXT)
# Members and headers whose values no two answers share; their form is the schema's business.
VOLATILE = {"created_at", "request_id", "next_cursor", "ETag"}

with open(os.path.join(ROOT, "lib/app/openapi.json"), "rb") as file:
    FILE = file.read()
DOC = json.loads(FILE)


def resolve(node):
    while "$ref" in node:
        name = node["$ref"]
        node = DOC
        for step in name[2:].split("/"):
            node = node[step]
    return node


def operations():
    for path, item in DOC["paths"].items():
        for method, operation in item.items():
            yield operation["operationId"], method.upper(), path, operation


class Case:
    """One example of an answer: of `owner`, an operation or a shared response, provoked through an operation."""

    def __init__(self, owner, method, path, operation, status, response, name):
        self.owner, self.method, self.path, self.operation = owner, method, path, operation
        self.status, self.response, self.name = int(status), response, name
        self.parameters = [resolve(parameter) for parameter in operation.get("parameters", [])]

    def __repr__(self):
        return f"{self.owner}.{self.name}"

    def media(self):
        """(type, value) of the answer's body; (None, None) when it has none."""
        for kind, content in self.response.get("content", {}).items():
            if self.name in content.get("examples", {}):
                return kind, content["examples"][self.name]["value"]
        return None, None

    def headers(self):
        return {name: resolve(header) for name, header in self.response.get("headers", {}).items()}

    def body(self):
        """(type, example) of the request's body, or None."""
        for kind, content in self.operation.get("requestBody", {}).get("content", {}).items():
            if self.name in content.get("examples", {}):
                return kind, content["examples"][self.name]
        return None

    def inputs(self):
        """The parameters that this example gives a value, as (where, name, value)."""
        return [(parameter["in"], parameter["name"], parameter["examples"][self.name]["value"])
                for parameter in self.parameters if self.name in parameter.get("examples", {})]


def names_of(response):
    """Of all examples of an answer, those of its headers among them."""
    parts = [*response.get("content", {}).values(), *map(resolve, response.get("headers", {}).values())]
    return sorted({name for part in parts for name in part.get("examples", {})})


def cases():
    seen = set()
    for operation_id, method, path, operation in operations():
        for status, response in operation["responses"].items():
            owner = response["$ref"].split("/")[-1] if "$ref" in response else operation_id
            for name in names_of(resolve(response)):
                case = Case(owner, method, path, operation, status, resolve(response), name)
                # A shared answer is provoked once, and by every operation that has a request for it.
                key = (owner, name, case.inputs() or case.body() and operation_id)
                if str(key) not in seen:
                    seen.add(str(key))
                    yield case


class World:
    """An account for one example, and what the values of the document stand for in it."""

    count = 0

    def __init__(self, site, tier="verified"):
        World.count += 1
        self.site = site
        self.email = f"ann{World.count}@example.org"
        site.cdnctl("account", "add", self.email, "--name", "Ann", "--tier", tier)
        self.key = site.cdnctl("key", "add", self.email, "--name", "laptop")
        self.real = {BASE: site.url, EMAIL: self.email, FETCHED: SOURCE.url}

    def to_real(self, text):
        for documented, real in self.real.items():
            text = text.replace(documented, real)
        return text

    def to_documented(self, text):
        for documented, real in self.real.items():
            text = text.replace(real, documented)
        return text

    def store(self, *names):
        """Files with the ids of the document's examples, the oldest first."""
        for name, (documented, data) in zip(names, DATA.items()):
            made = self.site.upload(data, name, key=self.key).json
            self.real[documented] = made["id"]

    def learn(self, documented, answered):
        """Ids that are new in an answer stand for those in the same places of the example."""
        ids = [[id for id in dict.fromkeys(re.findall(UUID7, text))] for text in (documented, answered)]
        new = [id for id in ids[0] if id not in self.real], [id for id in ids[1] if id not in self.real.values()]
        self.real.update(zip(*new))


def file_ids():
    """The ids of the two files that examples are about, and their bytes."""
    batch = DOC["paths"]["/api/v4/uploads"]["post"]["responses"]["201"]["content"]["application/json"]
    made = batch["examples"]["two_files"]["value"]["uploads"]
    return dict(zip((file["id"] for file in made), (TEXT, b"A second file.\n")))


DATA = file_ids()


# -- what must be so before an example is asked for: by operation, or by one of its examples

def one_file(world):
    world.store("hello.txt")


def two_files(world):
    world.store("hello.txt", "second.txt")


def full(world):
    for _ in range(5):
        assert world.site.upload(bytes(10 * MIB), "full.bin", key=world.key).status == 201


def claimed(world):
    one_file(world)
    world.site.cdnctl("rescue", "add", CLAIMED, world.real[next(iter(DATA))])


def tagged(world):
    one_file(world)
    for case in cases():
        if repr(case) == "downloadFile.not_modified":
            documented = case.headers()["ETag"]["examples"][case.name]["value"]
            world.real[documented] = world.site.get(f"/{world.real[next(iter(DATA))]}/a").header("ETag")


def key_used(world):
    world.site.upload(b"another body", "hello.txt", key=world.key, headers={"Idempotency-Key": "one"})


def rate_used(world):
    body = json.dumps({"url": SOURCE.url}).encode()
    for _ in range(10):
        world.site.request("POST", "/api/v4/upload_from_url", {"Content-Type": "application/json"}, body, key=world.key)


PREPARE = {
    "deleteFile": one_file, "deleteFiles": one_file, "getFile": one_file, "renameFile": one_file, "getAccount": one_file,
    "downloadFile": one_file, "downloadFile.not_modified": tagged, "listFiles": two_files, "rescueUrl.claimed": claimed,
    "uploadFiles.none_fits": full, "PaymentRequired.quota_exceeded": full, "RateLimited": rate_used,
    "KeyReused": key_used,
}
TIERS = {"PaymentRequired": "unverified", "uploadFiles.none_fits": "unverified"}


# -- what is sent where the document has no example of a request, as it would be none of a good one

def form(*parts):
    made = Multipart(*parts)
    return {"Content-Type": made.content_type}, made.body()


HELLO = form(Part(TEXT, filename="hello.txt"))
NOTHING = {"Content-Type": "application/json"}, b"{}"
SEND = {
    "uploadFile.missing_file": form(), "uploadFiles.missing_files": form(), "uploadFromUrl.missing_url": NOTHING,
    "uploadFiles.too_many_files": form(*[Part(b"x", name="files[]", filename=str(n)) for n in range(41)]),
    "deleteFiles.missing_ids": NOTHING, "renameFile.missing_filename": NOTHING,
    "KeyReused": ({**HELLO[0], "Idempotency-Key": "one"}, HELLO[1]),
    "wrong_type": ({"Content-Type": "image/png"}, b"x"), "rescueUrl.no_url": ({}, None),
    "putFile.form_sent": HELLO,
    "other_digest": ({"Content-Digest": "sha-256=:" + "A" * 43 + "=:"}, TEXT),
    "Unauthorized.invalid_key": HELLO, "Forbidden.insufficient_scope": HELLO, "PaymentRequired.quota_exceeded": HELLO,
    "InFlight.in_flight": ({**HELLO[0], "Idempotency-Key": "two"}, HELLO[1]), "Unavailable.redis_down": HELLO,
    "StorageFull.storage_full": HELLO, "RateLimited.rate_limited": ({"Content-Type": "application/json"}, b'{"url":"http://a/"}'),
    "getHealth.up": ({}, None), "getHealth.down": ({}, None), "getAccount.account": ({}, None),
    "revokeKey.revoked": ({}, None), "getDescription.document": ({}, None),
    # Known from the length, so the body need not follow.
    "PaymentRequired.file_too_large": ({**HELLO[0], "Content-Length": 12 * MIB}, None),
    "TooLarge.body_too_large": ({**HELLO[0], "Content-Length": 33 * MIB}, None),
    "RequestTimeout.slow_body": ({**HELLO[0], "Content-Length": len(HELLO[1])}, iter([HELLO[1][:100]])),
}


# -- what must be so while it is asked for

@contextlib.contextmanager
def redis_paused(world):
    world.site.redis.pause()
    try:
        yield
    finally:
        world.site.redis.resume()


@contextlib.contextmanager
def disk_full(world):
    change(world.site, "1000000G", 503)
    try:
        yield
    finally:
        change(world.site, None, 200)


def change(site, min_free, status):
    site.write_settings(CDN_MIN_FREE=min_free)
    for pool in site.pools:
        pool.signal(signal.SIGTERM)
    wait_until(lambda: [site.get("/up").status for _ in range(6)] == [status] * 6, what="workers with the new setting")


@contextlib.contextmanager
def under_way(world):
    """The same request once more, half of its body sent."""
    headers, body = SEND["InFlight.in_flight"]
    with client.connect(world.site.address) as sock:
        sock.sendall(client.head("POST", "/api/v4/upload", [
            ("Host", "localhost"), ("Authorization", "Bearer " + world.key), *headers.items(),
            ("Content-Length", len(body))]) + body[:100])
        wait_until(lambda: world.site.redis.command("KEYS", "cdn:*:idem:*"), what="the first request in the database")
        yield


DURING = {
    "Unavailable.redis_down": redis_paused, "StorageFull.storage_full": disk_full, "getHealth.down": disk_full,
    "InFlight.in_flight": under_way,
}


def look_up(table, case, default=None):
    """The entry of an example, or of all examples of that name, or of its operation."""
    for name in (repr(case), case.name, case.owner):
        if name in table:
            return table[name]
    return default


class Examples(ApiCase):
    settings = {**SOURCE.settings, "CDN_MAX_BODY": "32M", "CDN_RECEIVE_TIMEOUT": "2", "CDN_FSYNC": "off"}
    options = {"workers": 2, "slow": 1}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.site.expect_errors()

    # -- from the document to a request

    def request(self, case, world):
        """(path, headers, body) by the examples of that name, else by SEND."""
        inputs, body = case.inputs(), case.body()
        path, headers, query = case.path, {}, []
        sent = look_up(SEND, case)
        self.assertTrue(inputs or body or sent, f"{case}: nobody knows how to provoke it")
        for where, name, value in inputs:
            if where == "path":
                path = path.replace("{%s}" % name, urllib.parse.quote(world.to_real(value)))
            elif where == "query":
                values = value if isinstance(value, list) else [value]
                query += [(name, world.to_real(str(one))) for one in values]
            else:
                headers[name] = world.to_real(value)
        path = re.sub(r"{\w+}", next(iter(DATA)), path) + ("?" + urllib.parse.urlencode(query) if query else "")
        if sent:
            return path, {**headers, **sent[0]}, sent[1]
        if body:
            kind, made = self.make_body(*body, world)
            return path, {**headers, "Content-Type": kind}, made
        return path, headers, None

    def make_body(self, kind, example, world):
        value = example["value"]
        if kind == "application/json":
            return kind, world.to_real(json.dumps(value)).encode()
        if kind == "application/x-www-form-urlencoded":
            return kind, urllib.parse.urlencode({k: world.to_real(v) for k, v in value.items()}).encode()
        if kind == "multipart/form-data":
            names = iter(re.findall(r"\w+\.txt", example["summary"]))
            made = Multipart(*[Part(text, name=name, filename=next(names)) for name, texts in value.items()
                               for text in (texts if isinstance(texts, list) else [texts])])
            return made.content_type, made.body()
        self.assertEqual(kind, "*/*")
        return "application/octet-stream", value.encode()

    def ask(self, case):
        world = World(self.site, look_up(TIERS, case, "verified"))
        look_up(PREPARE, case, lambda _: None)(world)
        path, headers, body = self.request(case, world)
        kind, _ = case.media()
        if kind == "text/plain":
            headers["Accept"] = kind
        key = world.key if case.operation["security"] else None
        if case.owner == "Unauthorized":
            key = None
        if case.owner == "Forbidden":
            key = self.site.cdnctl("key", "add", world.email, "--name", "reader", "--scopes", "read")
        length = headers.pop("Content-Length", "auto")
        with look_up(DURING, case, contextlib.nullcontext)(world):
            return world, self.site.request(case.method, path, headers, body, key=key, length=length)

    # -- from the answer to the document

    def check_type(self, case, answer):
        kind, _ = case.media()
        if kind == "*/*" or kind is None:
            return
        self.assertEqual(answer.header("Content-Type").split(";")[0], kind)

    def check_headers(self, case, world, answer):
        for name, header in case.headers().items():
            value = answer.header(name)
            self.assertFalse(header.get("required") and value is None, f"{name} is missing: {answer}")
            if value is None:
                continue
            self.check_schema(header["schema"], int(value) if header["schema"].get("type") == "integer" else value)
            if case.name in header.get("examples", {}):
                documented = header["examples"][case.name]["value"]
                world.learn(documented, value)
                self.assertEqual(world.to_documented(value), documented)

    def check_schema(self, schema, value):
        resolver = jsonschema.RefResolver("", DOC)
        jsonschema.Draft202012Validator(schema, resolver=resolver).validate(value)

    def mask(self, documented, answered):
        """The answer, with the document's values where they differ from one answer to the next."""
        if isinstance(documented, dict) and isinstance(answered, dict):
            return {name: documented[name] if name in VOLATILE and value is not None and documented.get(name) is not None
                    else self.mask(documented.get(name), value) for name, value in answered.items()}
        if isinstance(documented, list) and isinstance(answered, list) and len(documented) == len(answered):
            return [self.mask(*pair) for pair in zip(documented, answered)]
        if isinstance(documented, str) and documented.startswith("usr_") and isinstance(answered, str):
            return re.sub("^usr_[A-Za-z0-9]+$", documented, answered)
        return answered

    def check_body(self, case, world, answer):
        kind, documented = case.media()
        if kind is None:
            self.assertEqual(answer.body, b"")
            return
        text = answer.body.decode()
        if kind == "application/json":
            self.check_schema(case.response["content"][kind]["schema"], json.loads(text))
            world.learn(json.dumps(documented), text.replace(answer.header("X-Request-Id"), ""))
            answered = json.loads(world.to_documented(text))
            if case.owner == "getDescription":
                answered = {**answered, "info": {"title": answered["info"]["title"]}}
                answered = {name: answered[name] for name in documented}
            # As text, for the order of members.
            self.assertEqual(json.dumps(self.mask(documented, answered), indent=1), json.dumps(documented, indent=1))
            return
        world.learn(documented, text)
        self.assertEqual(world.to_documented(text), documented)

    # -- the tests

    def test_each_example_is_answered_as_documented(self):
        for case in cases():
            with self.subTest(case=case):
                world, answer = self.ask(case)
                self.assertEqual(answer.status, case.status, answer)
                self.check_type(case, answer)
                self.check_headers(case, world, answer)
                self.check_body(case, world, answer)

    def test_each_operation_has_an_example_of_every_success(self):
        self.assertGreater(len(list(operations())), 10)
        for name, _, _, operation in operations():
            for status, response in operation["responses"].items():
                if status[0] in "23":
                    with self.subTest(operation=name, status=status):
                        self.assertTrue(names_of(resolve(response)))

    def test_each_example_of_a_request_has_one_of_an_answer(self):
        for name, _, _, operation in operations():
            parts = [*map(resolve, operation.get("parameters", [])),
                     *operation.get("requestBody", {}).get("content", {}).values()]
            asked = {example for part in parts for example in part.get("examples", {})}
            answered = {example for response in operation["responses"].values() for example in names_of(resolve(response))}
            with self.subTest(operation=name):
                self.assertLessEqual(asked, answered)

    def test_the_document_is_served_as_it_is(self):
        answer = self.site.get("/openapi.json")
        self.assertJson(answer, 200)
        self.assertEqual(answer.body, FILE)
        self.assertEqual(answer.all("Access-Control-Allow-Origin"), ["*"])


main()
